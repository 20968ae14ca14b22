import { idRange, isUpwards, type Page } from '../model/page.js';
import type { Account } from '../model/account.js';
import type { Collection, Document, Filter } from '../store/port.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { relationshipsOf } from './relationships.js';

/** A slice of a list whose order is not that of its items: clients page by the ids of the edges. */
export interface EdgePage<T> {
  items: T[];
  /** Of every edge that was read, newest first; also of those whose item is not shown. */
  ids: string[];
}

/** A slice of a collection in id order, newest first. */
export async function readPage<T extends Document>(
  collection: Collection<T>,
  filter: Filter,
  page: Page,
): Promise<T[]> {
  const range = idRange(page);
  const up = isUpwards(page);
  const found = await collection
    .find({ ...filter, ...(Object.keys(range).length && { _id: range }) })
    .sort({ _id: up ? 1 : -1 })
    .limit(page.limit)
    .toArray();
  return up ? found.reverse() : found;
}

/** The accounts at the other end of edges, in their order, without those that are gone or that `viewerId` hides. */
export async function accountsOfEdges<T extends Document>(
  ctx: Ctx,
  viewerId: string | null,
  { edges, end }: { edges: readonly T[]; end: (edge: T) => string },
): Promise<EdgePage<Account>> {
  const accounts = await accountsById(ctx, edges.map(end));
  const present = [...accounts.values()].filter((a) => a.suspendedAt === null && a.deletedAt === null);
  const shown = new Set((await withoutBlocked(ctx, viewerId, present)).map((a) => a._id));
  return {
    items: edges.flatMap((e) => {
      const account = accounts.get(end(e));
      return account && shown.has(account._id) ? [account] : [];
    }),
    ids: edges.map((e) => e._id),
  };
}

/** Without accounts that block the viewer or that it blocks, itself or by domain. Muted ones stay: lists are not feeds. */
export async function withoutBlocked(
  ctx: Ctx,
  viewerId: string | null,
  accounts: readonly Account[],
): Promise<Account[]> {
  if (viewerId === null || !accounts.length) return [...accounts];
  const relations = await relationshipsOf(ctx, viewerId, accounts);
  return accounts.filter((a) => {
    const r = relations.get(a._id);
    return a._id === viewerId || !r || !(r.block || r.blockedBy || (r.domainBlocked && !r.follow));
  });
}
