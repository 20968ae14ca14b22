import type { PreviewCard } from '../../model/cards.js';
import type { Status } from '../../model/status.js';
import { now, type Ctx } from '../ctx.js';
import { isCounted } from '../trend-rankings.js';
import { hostOf } from '../urls.js';
import { fetchCardPage } from './fetch.js';
import { findFirstLink } from './find-link.js';

const refreshMs = 14 * 86_400_000;
/** Posts of other servers reach many at the same moment: each waits up to this long before it asks the page. */
const spreadMs = 60_000;

/** Has the page behind the first link of a status looked at. */
export async function requestCard(ctx: Ctx, status: Status): Promise<void> {
  // A link that was shared with few may be a secret; nobody else is told of it by fetching it.
  if (status.visibility !== 'public' && status.visibility !== 'unlisted') return;
  if (status.reblogOfId !== null || status.mediaIds.length || status.quote) return;
  const url = findFirstLink(status.content);
  if (url === null || ctx.names.isOwn(hostOf(url) ?? '')) {
    if (status.cardUrl) await ctx.db.statuses.updateOne({ _id: status._id }, { $set: { cardUrl: null } });
    return;
  }
  const delay = status.local ? 0 : ctx.random() * spreadMs;
  await ctx.jobs.enqueue({
    kind: 'card',
    payload: { statusId: status._id },
    lane: `card:${hostOf(url) ?? ''}`,
    dueAt: new Date(ctx.clock.now().getTime() + delay),
  });
}

/** Looks at the page behind a status' first link, unless that was done lately, and shows it below. Safe to repeat. */
export async function attachCard(ctx: Ctx, statusId: string): Promise<void> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  const url = status && findFirstLink(status.content);
  if (!status || url === null) return;
  const card = await freshCard(ctx, url);
  const cardUrl = card.page ? url : null;
  if ((status.cardUrl ?? null) === cardUrl) return;
  await ctx.db.statuses.updateOne({ _id: statusId }, { $set: { cardUrl } });
  if (cardUrl) await recordLinkUse(ctx, status, cardUrl);
}

async function freshCard(ctx: Ctx, url: string): Promise<PreviewCard> {
  const known = await ctx.db.previewCards.findOne({ url });
  const since = ctx.clock.now().getTime() - refreshMs;
  if (known && Date.parse(known.fetchedAt) > since) return known;
  const fetched = { page: await fetchCardPage(ctx, url), fetchedAt: now(ctx) };
  // A page that is down for the moment does not take away what it said before.
  const page = fetched.page ?? known?.page ?? null;
  const stored = await ctx.db.previewCards.findOneAndUpdate(
    { url },
    { $set: { page, fetchedAt: fetched.fetchedAt }, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The card was not stored');
  return stored;
}

async function recordLinkUse(ctx: Ctx, status: Status, url: string): Promise<void> {
  if (!(await isCounted(ctx, status))) return;
  const day = status.createdAt.slice(0, 10);
  const known = await ctx.db.linkUses.updateOne(
    { url, day, accountId: status.accountId },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  await ctx.db.linkDays.updateOne(
    { url, day },
    { $inc: { uses: 1, accounts: known.upsertedCount }, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
}
