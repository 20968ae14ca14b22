import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import type { Ctx } from './ctx.js';
import { readPage, type EdgePage } from './edges.js';
import { visibleOf } from './visible.js';

/** What an account favourited, in the order in which it did. */
export async function favouritesOf(ctx: Ctx, accountId: string, page: Page): Promise<EdgePage<Status>> {
  const edges = await readPage(ctx.db.favourites, { accountId }, page);
  return statusesOfEdges(ctx, accountId, edges);
}

/** What an account bookmarked, in the order in which it did. */
export async function bookmarksOf(ctx: Ctx, accountId: string, page: Page): Promise<EdgePage<Status>> {
  const edges = await readPage(ctx.db.bookmarks, { accountId }, page);
  return statusesOfEdges(ctx, accountId, edges);
}

async function statusesOfEdges(
  ctx: Ctx,
  viewerId: string,
  edges: readonly { _id: string; statusId: string }[],
): Promise<EdgePage<Status>> {
  const byId = new Map(
    (
      await statusesById(
        ctx,
        viewerId,
        edges.map((e) => e.statusId),
      )
    ).map((s) => [s._id, s]),
  );
  return { items: edges.flatMap((e) => byId.get(e.statusId) ?? []), ids: edges.map((e) => e._id) };
}

/** Of these ids, the statuses that the viewer may see, in the order asked for. */
export async function statusesById(
  ctx: Ctx,
  viewerId: string | null,
  ids: readonly string[],
): Promise<Status[]> {
  const wanted = [...new Set(ids)];
  if (!wanted.length) return [];
  const found = await ctx.db.statuses.find({ _id: { $in: wanted } }).toArray();
  const byId = new Map((await visibleOf(ctx, viewerId, found)).map((s) => [s._id, s]));
  return wanted.flatMap((id) => byId.get(id) ?? []);
}
