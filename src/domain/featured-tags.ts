import { invalid, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import { isId } from '../model/ids.js';
import type { FeaturedTag } from '../model/relations.js';
import { parseHashtag } from '../text/scan.js';
import { now, type Ctx } from './ctx.js';
import { publish } from './events.js';
import { ensureTag } from './tags.js';

export const maxFeaturedTags = 10;

/** A hashtag that a profile shows, with how often and when the account used it last. */
export interface FeaturedTagFacts {
  featured: FeaturedTag;
  account: Account;
  statusesCount: number;
  lastStatusAt: string | null;
}

export async function featuredTagsOf(ctx: Ctx, account: Account): Promise<FeaturedTagFacts[]> {
  const found = await ctx.db.featuredTags
    .find({ accountId: account._id })
    .sort({ _id: 1 })
    .limit(maxFeaturedTags * 4)
    .toArray();
  return Promise.all(found.map((featured) => withUse(ctx, account, featured)));
}

async function withUse(ctx: Ctx, account: Account, featured: FeaturedTag): Promise<FeaturedTagFacts> {
  const open = {
    accountId: account._id,
    tags: featured.tag,
    visibility: { $in: ['public', 'unlisted'] },
  } as const;
  const [statusesCount, newest] = await Promise.all([
    ctx.db.statuses.countDocuments(open),
    ctx.db.statuses.findOne(open, { sort: { _id: -1 } }),
  ]);
  return { featured, account, statusesCount, lastStatusAt: newest?.createdAt ?? null };
}

/** Shows a hashtag on one's profile; again changes nothing. @throws AppError 422 */
export async function featureTag(ctx: Ctx, who: Account, text: string): Promise<FeaturedTagFacts> {
  const tag = parseHashtag(text);
  if (!tag) throw invalid('Tag is not a valid hashtag');
  const known = await ctx.db.featuredTags.findOne({ accountId: who._id, tag: tag.key });
  if (known) return withUse(ctx, who, known);
  if ((await ctx.db.featuredTags.countDocuments({ accountId: who._id })) >= maxFeaturedTags)
    throw invalid('You have already featured the maximum number of hashtags');
  await ensureTag(ctx, tag.key, tag.name);
  const stored = await ctx.db.featuredTags.findOneAndUpdate(
    { accountId: who._id, tag: tag.key },
    { $setOnInsert: { _id: ctx.ids.next(), name: tag.name, createdAt: now(ctx) } },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The featured tag was not stored');
  await publish(ctx, { type: 'account.updated', accountId: who._id, at: now(ctx) });
  return withUse(ctx, who, stored);
}

/** By the id of the entry. @throws AppError 404 */
export async function unfeatureTagById(ctx: Ctx, who: Account, id: string): Promise<void> {
  const key = { _id: isId(id) ? id : '', accountId: who._id };
  if (!(await ctx.db.featuredTags.deleteOne(key)).deletedCount) throw notFound();
  await publish(ctx, { type: 'account.updated', accountId: who._id, at: now(ctx) });
}

/** By the tag's normalised name; nothing happens where it is not featured. */
export async function unfeatureTag(ctx: Ctx, who: Account, tag: string): Promise<void> {
  await ctx.db.featuredTags.deleteOne({ accountId: who._id, tag });
}

/** Tags that the account used lately and does not feature yet, most used first: normalised names. */
export async function suggestFeaturedTags(ctx: Ctx, accountId: string): Promise<string[]> {
  const [recent, featured] = await Promise.all([
    ctx.db.statuses
      .find({ accountId, visibility: { $in: ['public', 'unlisted'] } })
      .sort({ _id: -1 })
      .limit(400)
      .toArray(),
    ctx.db.featuredTags.find({ accountId }).toArray(),
  ]);
  const taken = new Set(featured.map((f) => f.tag));
  const uses = new Map<string, number>();
  for (const name of recent.flatMap((s) => s.tags))
    if (!taken.has(name)) uses.set(name, (uses.get(name) ?? 0) + 1);
  return [...uses]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([name]) => name);
}
