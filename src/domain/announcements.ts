import { invalid, notFound } from '../errors.js';
import type { Account, CustomEmojiRef } from '../model/account.js';
import type { Announcement } from '../model/announcements.js';
import { isId } from '../model/ids.js';
import { compose } from '../text/compose.js';
import { isShortcode } from '../text/emoji.js';
import { localEmojis } from './compose.js';
import { now, type Ctx } from './ctx.js';
import { tagUrl } from './urls.js';

const mostShown = 50;
/** Different reactions on one announcement, as in Mastodon. */
const mostReactions = 8;

export interface AnnouncementFacts {
  announcement: Announcement;
  /** Safe HTML. */
  content: string;
  emojis: CustomEmojiRef[];
  /** Normalised hashtags. */
  tags: string[];
  read: boolean;
  reactions: { name: string; count: number; me: boolean; emoji: CustomEmojiRef | null }[];
}

export interface AnnouncementInput {
  text: string;
  startsAt?: Date | undefined;
  endsAt?: Date | undefined;
  allDay?: boolean | undefined;
}

/** The hub channel of whatever happens to announcements: on everybody's own stream. */
export const announcementsChannel = 'announcements';

/** Tells everybody something, until `endsAt` where there is one. @throws AppError 422 */
export async function publishAnnouncement(ctx: Ctx, input: AnnouncementInput): Promise<Announcement> {
  if (!input.text.trim()) throw invalid("Text can't be blank");
  const announcement: Announcement = {
    _id: ctx.ids.next(),
    text: input.text,
    startsAt: input.startsAt?.toISOString() ?? null,
    endsAt: input.endsAt?.toISOString() ?? null,
    allDay: input.allDay ?? false,
    publishedAt: now(ctx),
    updatedAt: now(ctx),
  };
  const told = await ctx.jobs.intend(job(announcement._id));
  await ctx.db.announcements.insertOne(announcement);
  if (input.endsAt) await ctx.jobs.enqueue({ ...job(announcement._id), dueAt: input.endsAt });
  await told.release();
  return announcement;
}

/** @throws AppError 404 */
export async function deleteAnnouncement(ctx: Ctx, id: string): Promise<void> {
  await getAnnouncement(ctx, id);
  const told = await ctx.jobs.intend(job(id));
  await ctx.db.announcements.deleteOne({ _id: id });
  await ctx.db.announcementReactions.deleteMany({ announcementId: id });
  await ctx.db.announcementDismissals.deleteMany({ announcementId: id });
  await told.release();
}

const job = (announcementId: string) => ({ kind: 'announcement', payload: { announcementId } });

/** Tells everybody's streams that an announcement is there, or not any more. Safe to repeat. */
export async function streamAnnouncement(ctx: Ctx, announcementId: string): Promise<void> {
  const found = await ctx.db.announcements.findOne({ _id: announcementId });
  const event = found && isCurrent(ctx, found) ? 'announcement' : 'announcement.delete';
  ctx.hub.publish({ channels: [announcementsChannel], event, payload: { announcementId } });
}

const isCurrent = (ctx: Ctx, { endsAt }: Announcement): boolean => endsAt === null || endsAt > now(ctx);

/** All of them, newest first. */
export function listAnnouncements(ctx: Ctx): Promise<Announcement[]> {
  return ctx.db.announcements.find({}).sort({ _id: -1 }).limit(mostShown).toArray();
}

/** Those that are still of interest, newest first, as one person sees them. */
export async function announcementsFor(ctx: Ctx, who: Account): Promise<AnnouncementFacts[]> {
  const current = (await listAnnouncements(ctx)).filter((a) => isCurrent(ctx, a));
  return loadAnnouncements(ctx, who._id, current);
}

/** Announcements as somebody sees them; null for the public, who has read none and reacted to none. */
export async function loadAnnouncements(
  ctx: Ctx,
  viewerId: string | null,
  announcements: readonly Announcement[],
): Promise<AnnouncementFacts[]> {
  const among = { announcementId: { $in: announcements.map((a) => a._id) } };
  const [reactions, dismissals] = await Promise.all([
    ctx.db.announcementReactions.find(among).sort({ _id: 1 }).limit(50_000).toArray(),
    viewerId === null ? [] : ctx.db.announcementDismissals.find({ ...among, accountId: viewerId }).toArray(),
  ]);
  const emojis = await localEmojis(ctx, reactions.map((r) => `:${r.name}:`).join(' '));
  const byShortcode = new Map(emojis.map((e) => [e.shortcode, e]));
  const read = new Set(dismissals.map((d) => d.announcementId));
  return Promise.all(
    announcements.map(async (announcement) => ({
      announcement,
      ...(await rendered(ctx, announcement.text)),
      read: read.has(announcement._id),
      reactions: tally(
        reactions.filter((r) => r.announcementId === announcement._id),
        viewerId,
      ).map((r) => ({ ...r, emoji: byShortcode.get(r.name) ?? null })),
    })),
  );
}

async function rendered(
  ctx: Ctx,
  text: string,
): Promise<Pick<AnnouncementFacts, 'content' | 'emojis' | 'tags'>> {
  const composed = compose(text, { mentions: new Map(), tagUrl: (key) => tagUrl(ctx.names, key) });
  return {
    content: composed.html,
    tags: composed.hashtags.map((t) => t.key),
    emojis: await localEmojis(ctx, text),
  };
}

function tally(
  reactions: readonly { name: string; accountId: string }[],
  viewerId: string | null,
): { name: string; count: number; me: boolean }[] {
  const counted = new Map<string, { name: string; count: number; me: boolean }>();
  for (const { name, accountId } of reactions) {
    const entry = counted.get(name) ?? { name, count: 0, me: false };
    counted.set(name, { name, count: entry.count + 1, me: entry.me || accountId === viewerId });
  }
  return [...counted.values()];
}

async function getAnnouncement(ctx: Ctx, id: string): Promise<Announcement> {
  const found = isId(id) ? await ctx.db.announcements.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

/** Remembers that somebody has read it. @throws AppError 404 */
export async function dismissAnnouncement(ctx: Ctx, who: Account, id: string): Promise<void> {
  const { _id: announcementId } = await getAnnouncement(ctx, id);
  await ctx.db.announcementDismissals.updateOne(
    { accountId: who._id, announcementId },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
}

/** @throws AppError 404; 422 when it is no emoji, or there are too many different ones */
export async function reactTo(
  ctx: Ctx,
  who: Account,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const { _id: announcementId } = await getAnnouncement(ctx, id);
  if (!(await isReaction(ctx, name))) throw invalid('Name is not a recognized emoji');
  const known = await ctx.db.announcementReactions.find({ announcementId }).limit(50_000).toArray();
  const names = new Set(known.map((r) => r.name));
  if (!names.has(name) && names.size >= mostReactions) throw invalid('Limit of different reactions reached');
  const added = await ctx.db.announcementReactions.updateOne(
    { announcementId, accountId: who._id, name },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  if (added.upsertedCount) await streamReaction(ctx, announcementId, name);
}

/** @throws AppError 404 */
export async function unreactTo(
  ctx: Ctx,
  who: Account,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const { _id: announcementId } = await getAnnouncement(ctx, id);
  const removed = await ctx.db.announcementReactions.deleteOne({
    announcementId,
    accountId: who._id,
    name,
  });
  if (removed.deletedCount) await streamReaction(ctx, announcementId, name);
}

async function streamReaction(ctx: Ctx, announcementId: string, name: string): Promise<void> {
  const count = await ctx.db.announcementReactions.countDocuments({ announcementId, name });
  const [emoji] = await localEmojis(ctx, `:${name}:`);
  const json = {
    name,
    count,
    announcement_id: announcementId,
    ...(emoji && { url: emoji.url, static_url: emoji.staticUrl }),
  };
  ctx.hub.publish({ channels: [announcementsChannel], event: 'announcement.reaction', payload: { json } });
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** One emoji, or a custom one of ours. */
async function isReaction(ctx: Ctx, name: string): Promise<boolean> {
  if (name.length > 100) return false;
  if (/\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|^[0-9#*]\ufe0f?\u20e3$/u.test(name))
    return [...segmenter.segment(name)].length === 1;
  return isShortcode(name) && (await localEmojis(ctx, `:${name}:`)).length > 0;
}
