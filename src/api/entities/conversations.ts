import type { ConversationFacts } from '../../domain/facts/conversations.js';
import type { Conversation } from '../../model/conversations.js';
import { toAccount } from './accounts.js';
import { toStatus } from './statuses.js';
import type { View } from './view.js';

/** The other participants, and the latest post. Somebody who writes to nobody else is its own company. */
export function toConversation(view: View, facts: ConversationFacts, conversation: Conversation) {
  const ids = conversation.participantIds.length ? conversation.participantIds : [conversation.accountId];
  const status = facts.statuses.statuses.find((s) => s._id === conversation.lastStatusId);
  return {
    id: conversation._id,
    unread: conversation.unread,
    accounts: ids.flatMap((id) => {
      const known = facts.accounts.get(id);
      return known ? [toAccount(view, known)] : [];
    }),
    last_status: status ? toStatus(view, facts.statuses, status) : null,
  };
}
