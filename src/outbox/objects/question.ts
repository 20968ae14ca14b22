import type { JsonObject } from '../../../federation/ports.js';
import type { Poll } from '../../model/status.js';
import { toWireTime } from './parts.js';

/** The members that make a Note a Question (Mastodon's polls). Hidden totals are told once the poll has ended. */
export function toQuestionParts(poll: Poll, at: Date): JsonObject {
  const ended = poll.closed || (poll.expiresAt !== null && Date.parse(poll.expiresAt) <= at.getTime());
  const shown = ended || !poll.hideTotals;
  const options = poll.options.map(({ title, votes }) => ({
    type: 'Note',
    name: title,
    replies: { type: 'Collection', ...(shown && { totalItems: votes }) },
  }));
  return {
    [poll.multiple ? 'anyOf' : 'oneOf']: options,
    ...(poll.expiresAt && { endTime: toWireTime(poll.expiresAt) }),
    ...(ended && poll.expiresAt && { closed: toWireTime(poll.expiresAt) }),
    votersCount: poll.votersCount,
  };
}
