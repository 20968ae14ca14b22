import { notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { LinkPublisher } from '../model/moderation.js';
import type { Status } from '../model/status.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { linksByUrl, publisherOf, trendingLinks, type TrendingLink } from './trends.js';

export interface Verdict {
  trendable: boolean;
}

/** By the id of its card. @throws AppError 404 */
export async function judgeLink(
  ctx: Ctx,
  by: string,
  { id, trendable }: Verdict & { id: string },
): Promise<TrendingLink> {
  const card = isId(id) ? await ctx.db.previewCards.findOne({ _id: id }) : null;
  if (!card?.page) throw notFound();
  const act = { actor: by, action: actionOf('trend.link', trendable), target: card.url.slice(0, 500) };
  await asStaff(ctx, act, () => ctx.db.previewCards.updateOne({ _id: id }, { $set: { trendable } }));
  const [link] = await linksByUrl(ctx, [card.url]);
  if (!link) throw notFound();
  return link;
}

/** @throws AppError 404 */
export async function judgeStatus(
  ctx: Ctx,
  by: string,
  { id, trendable }: Verdict & { id: string },
): Promise<Status> {
  const status = isId(id) ? await ctx.db.statuses.findOne({ _id: id }) : null;
  // Only what everybody sees can trend; staff does not get to read the rest by asking.
  if (!status || status.visibility !== 'public' || status.reblogOfId !== null) throw notFound();
  const act = { actor: by, action: actionOf('trend.status', trendable), target: status.uri };
  await asStaff(ctx, act, () => ctx.db.statuses.updateOne({ _id: id }, { $set: { trendable } }));
  return { ...status, trendable };
}

/** The sites of links that many post lately; each gets a document, so that it can be decided about. */
export async function listPublishers(ctx: Ctx): Promise<LinkPublisher[]> {
  const links = await trendingLinks(ctx, { all: true });
  const domains = [...new Set(links.map((l) => publisherOf(l.card.url)))];
  for (const domain of domains) {
    await ctx.db.linkPublishers.updateOne(
      { domain },
      { $setOnInsert: { _id: ctx.ids.next(), trendable: null, reviewedAt: null } },
      { upsert: true },
    );
  }
  const found = domains.length
    ? await ctx.db.linkPublishers.find({ domain: { $in: domains } }).toArray()
    : [];
  return found.sort((a, b) => (a._id < b._id ? 1 : -1));
}

/** Whether links to a site may trend, all of them. @throws AppError 404 */
export async function judgePublisher(
  ctx: Ctx,
  by: string,
  { id, trendable }: Verdict & { id: string },
): Promise<LinkPublisher> {
  const publisher = isId(id) ? await ctx.db.linkPublishers.findOne({ _id: id }) : null;
  if (!publisher) throw notFound();
  const fields = { trendable, reviewedAt: now(ctx) };
  const act = { actor: by, action: actionOf('trend.publisher', trendable), target: publisher.domain };
  await asStaff(ctx, act, () => ctx.db.linkPublishers.updateOne({ _id: id }, { $set: fields }));
  return { ...publisher, ...fields };
}

const actionOf = (noun: string, trendable: boolean): string => `${noun}.${trendable ? 'approve' : 'reject'}`;
