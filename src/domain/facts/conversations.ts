import type { Conversation } from '../../model/conversations.js';
import type { Ctx } from '../ctx.js';
import { statusesById } from '../status-lists.js';
import { loadAccountsById, type AccountFacts } from './accounts.js';
import { loadStatuses, type StatusFacts } from './statuses.js';

export interface ConversationFacts {
  accounts: ReadonlyMap<string, AccountFacts>;
  /** The latest post of each. */
  statuses: StatusFacts;
}

/** Who takes part in conversations of one account, and their latest posts. */
export async function loadConversations(
  ctx: Ctx,
  viewerId: string,
  conversations: readonly Conversation[],
): Promise<ConversationFacts> {
  const latest = await statusesById(
    ctx,
    viewerId,
    conversations.map((c) => c.lastStatusId),
  );
  const [accounts, statuses] = await Promise.all([
    loadAccountsById(ctx, [viewerId, ...conversations.flatMap((c) => c.participantIds)]),
    loadStatuses(ctx, viewerId, latest),
  ]);
  return { accounts, statuses };
}
