import { notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { canSee, type ViewerFacts } from '../policy/visibility.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { isId } from '../model/ids.js';

/**
 * Of these statuses, those that the viewer may see (`null` is the public), in their order. A reblog is seen only where
 * the reblogged one is. Three queries for any number of statuses.
 */
export async function visibleOf(
  ctx: Ctx,
  viewerId: string | null,
  statuses: readonly Status[],
): Promise<Status[]> {
  const inner = await innerStatuses(ctx, statuses);
  const all = [...statuses, ...inner.values()];
  const facts = await viewerFacts(
    ctx,
    viewerId,
    all.map((s) => s.accountId),
  );
  const seen = (s: Status): boolean => canSee(s, facts(s.accountId));
  return statuses.filter((s) => {
    if (s.reblogOfId === null) return seen(s);
    const shown = inner.get(s.reblogOfId);
    return shown !== undefined && seen(s) && seen(shown);
  });
}

/** Of these viewers, those who may see a status, and what it reblogs. Four queries for any number of viewers. */
export async function viewersOf(
  ctx: Ctx,
  viewerIds: readonly string[],
  status: Status,
): Promise<Set<string>> {
  const inner = await innerStatuses(ctx, [status]);
  if (status.reblogOfId !== null && !inner.size) return new Set();
  const all = [status, ...inner.values()];
  const authors = [...new Set(all.map((s) => s.accountId))];
  const viewers = [...viewerIds];
  const [accounts, follows, blocks] = await Promise.all([
    accountsById(ctx, authors),
    ctx.db.follows
      .find({ accountId: { $in: viewers }, targetId: { $in: authors }, state: 'accepted' })
      .toArray(),
    ctx.db.blocks.find({ accountId: { $in: authors }, targetId: { $in: viewers } }).toArray(),
  ]);
  const pair = (one: string, other: string): string => `${one} ${other}`;
  const followed = new Set(follows.map((f) => pair(f.accountId, f.targetId)));
  const blocked = new Set(blocks.map((b) => pair(b.targetId, b.accountId)));
  const seenBy = (viewerId: string, s: Status): boolean =>
    canSee(s, {
      viewerId,
      follows: followed.has(pair(viewerId, s.accountId)),
      blockedByAuthor: blocked.has(pair(viewerId, s.accountId)),
      authorSuspended: isUnavailable(accounts.get(s.accountId)),
    });
  return new Set(viewers.filter((viewerId) => all.every((s) => seenBy(viewerId, s))));
}

async function innerStatuses(ctx: Ctx, statuses: readonly Status[]): Promise<Map<string, Status>> {
  const ids = [...new Set(statuses.flatMap((s) => s.reblogOfId ?? []))];
  if (!ids.length) return new Map();
  const found = await ctx.db.statuses.find({ _id: { $in: ids } }).toArray();
  return new Map(found.map((s) => [s._id, s]));
}

/** Loads what `canSee` must know about each author, at once. */
async function viewerFacts(
  ctx: Ctx,
  viewerId: string | null,
  authors: string[],
): Promise<(authorId: string) => ViewerFacts> {
  const ids = [...new Set(authors)];
  const [accounts, follows, blocks] = await Promise.all([
    accountsById(ctx, ids),
    viewerId ? ctx.db.follows.find({ accountId: viewerId, targetId: { $in: ids } }).toArray() : [],
    viewerId ? ctx.db.blocks.find({ accountId: { $in: ids }, targetId: viewerId }).toArray() : [],
  ]);
  const followed = new Set(follows.filter((f) => f.state === 'accepted').map((f) => f.targetId));
  const blockers = new Set(blocks.map((b) => b.accountId));
  return (authorId) => ({
    viewerId,
    follows: followed.has(authorId),
    blockedByAuthor: blockers.has(authorId),
    authorSuspended: isUnavailable(accounts.get(authorId)),
  });
}

function isUnavailable(author: Account | undefined): boolean {
  return !author || author.suspendedAt !== null || author.deletedAt !== null;
}

/** A status by id, if this viewer may see it. @throws AppError 404 otherwise: what is hidden does not exist */
export async function getVisibleStatus(ctx: Ctx, viewerId: string | null, id: string): Promise<Status> {
  const status = isId(id) ? await ctx.db.statuses.findOne({ _id: id }) : null;
  const [seen] = status ? await visibleOf(ctx, viewerId, [status]) : [];
  if (!seen) throw notFound();
  return seen;
}

/** The status itself, or what it reblogs. @throws AppError 404 */
export async function shownStatus(ctx: Ctx, viewerId: string | null, id: string): Promise<Status> {
  const status = await getVisibleStatus(ctx, viewerId, id);
  if (status.reblogOfId === null) return status;
  const inner = await getVisibleStatus(ctx, viewerId, status.reblogOfId);
  if (inner.reblogOfId !== null) throw notFound();
  return inner;
}
