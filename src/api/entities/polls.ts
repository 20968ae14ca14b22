import type { CustomEmojiRef } from '../../model/account.js';
import type { Poll } from '../../model/status.js';
import { toCustomEmoji } from './emojis.js';
import { toTimeOrNull, type View } from './view.js';

export interface PollFacts {
  poll: Poll;
  authorId: string;
  emojis: readonly CustomEmojiRef[];
  /** What the viewer chose; empty when it did not vote. */
  ownVotes: readonly number[];
}

/** `voted` and `own_votes` only for somebody who is signed in; the tallies of a hidden poll only when it ended. */
export function toPoll(view: View, { poll, authorId, emojis, ownVotes }: PollFacts) {
  const expired = poll.closed || (poll.expiresAt !== null && poll.expiresAt <= view.now);
  const hidden = poll.hideTotals && !expired;
  return {
    id: poll.id,
    expires_at: toTimeOrNull(poll.expiresAt),
    expired,
    multiple: poll.multiple,
    votes_count: poll.options.reduce((sum, o) => sum + o.votes, 0),
    voters_count: poll.votersCount,
    options: poll.options.map((o) => ({ title: o.title, votes_count: hidden ? null : o.votes })),
    emojis: emojis.map(toCustomEmoji),
    ...(view.viewerId !== null && {
      voted: ownVotes.length > 0 || authorId === view.viewerId,
      own_votes: [...ownVotes],
    }),
  };
}
