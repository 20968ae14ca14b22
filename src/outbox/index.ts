import type { Ctx } from '../domain/ctx.js';
import type { DomainEvent } from '../domain/events.js';
import { accountDeleted, accountMoved, accountUpdated } from './accounts.js';
import { blockAdded, blockRemoved } from './blocks.js';
import type { Federator } from './events.js';
import { favouriteAdded, favouriteRemoved } from './favourites.js';
import { followAccepted, followRejected, followRequested, followUndone } from './follows.js';
import { statusPinned, statusUnpinned } from './pins.js';
import { pollEnded, pollTallied, pollVoted } from './polls.js';
import { quoteAnswered, quoteRequested, quoteRevoked } from './quotes.js';
import { reportFiled } from './reports.js';
import { statusDeleted, statusEdited, statusPublished } from './statuses.js';

/** What came from elsewhere is not ours to tell again; replies to ours are passed on by `forward.ts`, as they are. */
const nothing = async (): Promise<void> => undefined;

const federators: { readonly [T in DomainEvent['type']]: Federator<T> } = {
  'status.published': statusPublished,
  'status.received': nothing,
  'status.edited': statusEdited,
  'status.deleted': statusDeleted,
  'status.pinned': statusPinned,
  'status.unpinned': statusUnpinned,
  'favourite.added': favouriteAdded,
  'favourite.removed': favouriteRemoved,
  'follow.requested': followRequested,
  'follow.accepted': followAccepted,
  'follow.rejected': followRejected,
  'follow.undone': followUndone,
  'block.added': blockAdded,
  'block.removed': blockRemoved,
  'account.updated': accountUpdated,
  'account.deleted': accountDeleted,
  'account.moved': accountMoved,
  'poll.voted': pollVoted,
  'poll.tallied': pollTallied,
  'poll.ended': pollEnded,
  'report.filed': reportFiled,
  'quote.requested': quoteRequested,
  'quote.answered': quoteAnswered,
  'quote.revoked': quoteRevoked,
};

/**
 * Tells other servers what happened here: builds the activity, works out whom it concerns, and writes its deliveries.
 * Acts for local accounts only. Safe to repeat, at any time: each activity has an IRI that follows from the event.
 */
export async function federate(ctx: Ctx, event: DomainEvent): Promise<void> {
  // The table has one federator for each type; the compiler cannot follow the event to its own.
  const act = federators[event.type] as (ctx: Ctx, event: DomainEvent) => Promise<void>;
  await act(ctx, event);
}
