import { invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Page } from '../model/page.js';
import type { Ctx } from './ctx.js';
import { accountsOfEdges, readPage, type EdgePage } from './edges.js';

/** Shows an account on one's profile. @throws AppError 422 unless it is followed, as in Mastodon */
export async function endorse(ctx: Ctx, who: Account, target: Account): Promise<void> {
  const key = { accountId: who._id, targetId: target._id };
  const follow = await ctx.db.follows.findOne(key);
  if (follow?.state !== 'accepted')
    throw invalid('You must be already following the person you want to endorse');
  await ctx.db.endorsements.updateOne(key, { $setOnInsert: { _id: ctx.ids.next() } }, { upsert: true });
}

/** Nothing happens where it is not shown. */
export async function unendorse(ctx: Ctx, who: Account, target: Account): Promise<void> {
  await ctx.db.endorsements.deleteOne({ accountId: who._id, targetId: target._id });
}

/** Whom an account shows on its profile: only those whom it still follows. */
export async function endorsementsOf(
  ctx: Ctx,
  viewerId: string | null,
  { accountId, page }: { accountId: string; page: Page },
): Promise<EdgePage<Account>> {
  const edges = await readPage(ctx.db.endorsements, { accountId }, page);
  const follows = await ctx.db.follows
    .find({ accountId, targetId: { $in: edges.map((e) => e.targetId) }, state: 'accepted' })
    .toArray();
  const followed = new Set(follows.map((f) => f.targetId));
  const current = edges.filter((e) => followed.has(e.targetId));
  const { items } = await accountsOfEdges(ctx, viewerId, { edges: current, end: (e) => e.targetId });
  return { items, ids: edges.map((e) => e._id) };
}
