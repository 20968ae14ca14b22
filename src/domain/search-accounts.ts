import type { Account } from '../model/account.js';
import type { Filter } from '../store/port.js';
import { accountsById, asSuspended, findAccountByAcct } from './accounts.js';
import type { Ctx } from './ctx.js';
import { nameWordsOf } from './name-words.js';
import { hiddenFrom } from './relationships.js';
import { resolveHandle } from './remote/actors.js';

export interface AccountSearch {
  q: string;
  limit: number;
  offset?: number;
  /** Look a whole handle up by WebFinger when it is unknown here. */
  resolve?: boolean;
  /** Only those whom the viewer follows. */
  following?: boolean;
}

/** How many matches are ranked at most. */
const mostCandidates = 400;

/**
 * Accounts by the beginning of their handle, or by the words of their name: an exact handle first, then those whom the
 * viewer follows, then the most followed. People whom the viewer hides are found by their exact handle only: clients
 * (toot) look them up this way to unblock and unmute them.
 */
export async function searchAccounts(
  ctx: Ctx,
  viewerId: string | null,
  search: AccountSearch,
): Promise<Account[]> {
  const handle = search.q.trim().replace(/^@/, '').toLowerCase();
  if (handle === '') return [];
  const exact = await findExact(ctx, handle, search);
  const matches = await findMatches(ctx, handle, search.q);
  const found = await asSuspended(ctx, [...(exact ? [exact] : []), ...matches]);
  const all = new Map(found.map((a) => [a._id, a]));
  const followed = await followedOf(ctx, viewerId, [...all.keys()]);
  const hidden = viewerId ? await hiddenFrom(ctx, viewerId, [...all.values()]) : new Set<string>();
  const isExact = (a: Account): boolean => a._id === exact?._id || a.acctKey === handle;
  const shown = [...all.values()].filter(
    (a) =>
      isSearchable(a) && (isExact(a) || !hidden.has(a._id)) && (!search.following || followed.has(a._id)),
  );
  const rank = (a: Account): number =>
    (a._id === exact?._id ? 4 : 0) + (followed.has(a._id) ? 2 : 0) + (a.acctKey === handle ? 1 : 0);
  const offset = search.offset ?? 0;
  return shown
    .sort((a, b) => rank(b) - rank(a) || b.followersCount - a.followersCount)
    .slice(offset, offset + search.limit);
}

async function findExact(ctx: Ctx, handle: string, search: AccountSearch): Promise<Account | null> {
  if (!handle.includes('@')) return null;
  const known = await findAccountByAcct(ctx, handle);
  if (known || !search.resolve || (search.offset ?? 0) > 0) return known;
  return resolveHandle(ctx, handle);
}

async function findMatches(ctx: Ctx, handle: string, q: string): Promise<Account[]> {
  const words = nameWordsOf(q);
  const byHandle: Filter = { acctKey: { $gte: handle, $lt: `${handle}\uffff` } };
  const byName: Filter | null = words.length ? { $and: words.map((w) => ({ nameWords: w })) } : null;
  const filters = [...(/\s/.test(handle) ? [] : [byHandle]), ...(byName ? [byName] : [])];
  const found = await Promise.all(
    filters.map((f) => ctx.db.accounts.find(f).limit(mostCandidates).toArray()),
  );
  return found.flat();
}

async function followedOf(ctx: Ctx, viewerId: string | null, ids: string[]): Promise<Set<string>> {
  if (viewerId === null || !ids.length) return new Set();
  const follows = await ctx.db.follows.find({ accountId: viewerId, targetId: { $in: ids } }).toArray();
  return new Set(follows.filter((f) => f.state === 'accepted').map((f) => f.targetId));
}

function isSearchable(account: Account): boolean {
  return (
    account.deletedAt === null && account.suspendedAt === null && account.uri !== '' && !account.movedToId
  );
}

/** Accounts of these ids that may be found; for suggestions and directories. */
export async function searchableById(ctx: Ctx, ids: readonly string[]): Promise<Account[]> {
  const found = await accountsById(ctx, ids);
  return ids.flatMap((id) => found.get(id) ?? []).filter(isSearchable);
}
