import { notFound, unprocessable } from '../errors.js';
import { isId } from '../model/ids.js';
import type { Account } from '../model/account.js';
import type { FollowedTag } from '../model/relations.js';
import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import type { Tag, TagDay } from '../model/tags.js';
import { parseHashtag } from '../text/scan.js';
import type { Ctx } from './ctx.js';
import { readPage } from './edges.js';
import { isCounted } from './trend-rankings.js';

const dayMs = 86_400_000;
/** How many days of use are shown. */
const historyDays = 7;

/** A hashtag with how it was used lately. */
export interface TagFacts {
  tag: Tag;
  /** Today first, seven days. */
  history: { day: Date; uses: number; accounts: number }[];
  /** Of the viewer; undefined for the public. */
  following?: boolean;
  featuring?: boolean;
}

/** Counts the use of a status' hashtags, for their histories. Open statuses only; counts are of days here, in UTC. */
export async function recordTagUse(ctx: Ctx, status: Status): Promise<void> {
  if (!status.tags.length || !(await isCounted(ctx, status))) return;
  const day = status.createdAt.slice(0, 10);
  for (const name of status.tags) {
    await ensureTag(ctx, name);
    await ctx.db.tags.updateOne({ name }, { $max: { lastStatusAt: status.createdAt } });
    const known = await ctx.db.tagUses.updateOne(
      { tag: name, day, accountId: status.accountId },
      { $setOnInsert: { _id: ctx.ids.next() } },
      { upsert: true },
    );
    await ctx.db.tagDays.updateOne(
      { tag: name, day },
      { $inc: { uses: 1, accounts: known.upsertedCount }, $setOnInsert: { _id: ctx.ids.next() } },
      { upsert: true },
    );
  }
}

/** The document of a hashtag (normalised name), made where there is none: every tag has an id. */
export async function ensureTag(ctx: Ctx, name: string, displayName = name): Promise<Tag> {
  const stored = await ctx.db.tags.findOneAndUpdate(
    { name },
    { $setOnInsert: { _id: ctx.ids.next(), displayName, lastStatusAt: null } },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The tag was not stored');
  return stored;
}

/** A hashtag as somebody typed it. @throws AppError 404 when it could be none */
export function getTagName(text: string): { name: string; key: string } {
  const parsed = parseHashtag(text);
  if (!parsed) throw notFound();
  return parsed;
}

/** By id, or by name: nobody may have used it yet. @throws AppError 404 when it is neither */
export async function getTag(ctx: Ctx, idOrName: string): Promise<Tag> {
  const byId = isId(idOrName) ? await ctx.db.tags.findOne({ _id: idOrName }) : null;
  if (byId) return byId;
  const { name, key } = getTagName(idOrName);
  return ensureTag(ctx, key, name);
}

/** Histories, and how the viewer stands to each: three queries, however many tags. */
export async function loadTags(ctx: Ctx, viewerId: string | null, tags: readonly Tag[]): Promise<TagFacts[]> {
  const names = tags.map((t) => t.name);
  const days = Array.from({ length: historyDays }, (_, i) => new Date(ctx.clock.now().getTime() - i * dayMs));
  const first = days.at(-1)?.toISOString().slice(0, 10) ?? '';
  const mine = { accountId: viewerId ?? '', tag: { $in: names } };
  const [used, followed, featured] = await Promise.all([
    ctx.db.tagDays.find({ tag: { $in: names }, day: { $gte: first } }).toArray(),
    viewerId ? ctx.db.followedTags.find(mine).toArray() : [],
    viewerId ? ctx.db.featuredTags.find(mine).toArray() : [],
  ]);
  const uses = new Map(used.map((u) => [`${u.tag} ${u.day}`, u]));
  const following = new Set(followed.map((f) => f.tag));
  const featuring = new Set(featured.map((f) => f.tag));
  return tags.map((tag) => ({
    tag,
    history: days.map((day) => toUse(day, uses.get(`${tag.name} ${day.toISOString().slice(0, 10)}`))),
    ...(viewerId && { following: following.has(tag.name), featuring: featuring.has(tag.name) }),
  }));
}

function toUse(at: Date, used: TagDay | undefined): TagFacts['history'][number] {
  const day = new Date(Math.floor(at.getTime() / dayMs) * dayMs);
  return { day, uses: used?.uses ?? 0, accounts: used?.accounts ?? 0 };
}

/** @throws AppError 422 when it is followed already, as Mastodon has it */
export async function followTag(ctx: Ctx, who: Account, tag: Tag): Promise<void> {
  const key = { accountId: who._id, tag: tag.name };
  const done = await ctx.db.followedTags.updateOne(
    key,
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  if (!done.upsertedCount) throw unprocessable('Duplicate record');
}

/** Nothing happens where it is not followed. */
export async function unfollowTag(ctx: Ctx, who: Account, tag: Tag): Promise<void> {
  await ctx.db.followedTags.deleteOne({ accountId: who._id, tag: tag.name });
}

export async function followedTagsOf(
  ctx: Ctx,
  accountId: string,
  page: Page,
): Promise<{ tags: Tag[]; follows: FollowedTag[] }> {
  const follows = await readPage(ctx.db.followedTags, { accountId }, page);
  return {
    follows,
    tags: await tagsByName(
      ctx,
      follows.map((f) => f.tag),
    ),
  };
}

/** The documents of these names, in their order. */
export async function tagsByName(ctx: Ctx, names: readonly string[]): Promise<Tag[]> {
  if (!names.length) return [];
  const found = await ctx.db.tags.find({ name: { $in: [...names] } }).toArray();
  const byName = new Map(found.map((t) => [t.name, t]));
  return names.flatMap((n) => byName.get(n) ?? []);
}
