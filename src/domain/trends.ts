import type { PreviewCard } from '../model/cards.js';
import type { Status } from '../model/status.js';
import type { Tag } from '../model/tags.js';
import { idAtTime } from '../model/ids.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { tagsByName } from './tags.js';
import { hostOf } from './urls.js';

const dayMs = 86_400_000;
const mostDays = 500;
const mostTrends = 100;
/** One person alone makes no trend. */
const fewestPeople = 2;
const mostStatuses = 2000;

/** Days of which use counts, today and yesterday (UTC). */
function recentDays(ctx: Ctx): string[] {
  return [0, 1].map((n) => new Date(ctx.clock.now().getTime() - n * dayMs).toISOString().slice(0, 10));
}

/** Names by how many people used them lately; today counts double. */
function ranked(days: readonly { name: string; day: string; accounts: number }[], today: string): string[] {
  const scores = new Map<string, { people: number; score: number }>();
  for (const { name, day, accounts } of days) {
    const known = scores.get(name) ?? { people: 0, score: 0 };
    scores.set(name, {
      people: Math.max(known.people, accounts),
      score: known.score + accounts * (day === today ? 2 : 1),
    });
  }
  return [...scores]
    .filter(([, { people }]) => people >= fewestPeople)
    .sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1))
    .slice(0, mostTrends)
    .map(([name]) => name);
}

/** `all`: also what staff does not want to see among trends; for staff. */
export interface TrendOptions {
  all?: boolean;
}

/** The site of a link: its host without `www.`. */
export const publisherOf = (url: string): string => (hostOf(url) ?? '').replace(/^www\./, '');

/** Hashtags that several people used lately, the most used first. */
export async function trendingTags(ctx: Ctx, { all = false }: TrendOptions = {}): Promise<Tag[]> {
  const days = recentDays(ctx);
  const found = await Promise.all(
    days.map((day) => ctx.db.tagDays.find({ day }).sort({ uses: -1 }).limit(mostDays).toArray()),
  );
  const uses = found.flat().map((d) => ({ name: d.tag, day: d.day, accounts: d.accounts }));
  const tags = await tagsByName(ctx, ranked(uses, days[0] ?? ''));
  return tags.filter((t) => all || (t.trendable !== false && t.usable !== false));
}

/** A link with how it was posted lately. */
export interface TrendingLink {
  card: PreviewCard;
  /** Today first, seven days. */
  history: { day: Date; uses: number; accounts: number }[];
}

/** Links that several people posted lately, with the pages behind them. */
export async function trendingLinks(ctx: Ctx, { all = false }: TrendOptions = {}): Promise<TrendingLink[]> {
  const days = recentDays(ctx);
  const found = await Promise.all(
    days.map((day) => ctx.db.linkDays.find({ day }).sort({ uses: -1 }).limit(mostDays).toArray()),
  );
  const uses = found.flat().map((d) => ({ name: d.url, day: d.day, accounts: d.accounts }));
  const links = await linksByUrl(ctx, ranked(uses, days[0] ?? ''));
  return all ? links : withoutRejected(ctx, links);
}

async function withoutRejected(ctx: Ctx, links: readonly TrendingLink[]): Promise<TrendingLink[]> {
  const domains = [...new Set(links.map((l) => publisherOf(l.card.url)))];
  const found = domains.length
    ? await ctx.db.linkPublishers.find({ domain: { $in: domains } }).toArray()
    : [];
  const rejected = new Set(found.filter((p) => p.trendable === false).map((p) => p.domain));
  return links.filter((l) => l.card.trendable !== false && !rejected.has(publisherOf(l.card.url)));
}

/** Links with the pages behind them and how they were posted lately, in the order of `urls`; without unknown ones. */
export async function linksByUrl(ctx: Ctx, urls: readonly string[]): Promise<TrendingLink[]> {
  if (!urls.length) return [];
  const week = Array.from(
    { length: 7 },
    (_, i) => new Date(Math.floor(ctx.clock.now().getTime() / dayMs - i) * dayMs),
  );
  const [cards, history] = await Promise.all([
    ctx.db.previewCards.find({ url: { $in: [...urls] } }).toArray(),
    ctx.db.linkDays
      .find({ url: { $in: [...urls] }, day: { $gte: week.at(-1)?.toISOString().slice(0, 10) ?? '' } })
      .toArray(),
  ]);
  const byUrl = new Map(cards.filter((c) => c.page !== null).map((c) => [c.url, c]));
  const byDay = new Map(history.map((h) => [`${h.url} ${h.day}`, h]));
  return urls.flatMap((url) => {
    const card = byUrl.get(url);
    if (!card) return [];
    const past = week.map((day) => {
      const use = byDay.get(`${url} ${day.toISOString().slice(0, 10)}`);
      return { day, uses: use?.uses ?? 0, accounts: use?.accounts ?? 0 };
    });
    return [{ card, history: past }];
  });
}

/** Public posts of people who agreed to be discovered, by how they were taken up, newer ones weighing more. */
export async function trendingStatuses(ctx: Ctx, { all = false }: TrendOptions = {}): Promise<Status[]> {
  const now = ctx.clock.now().getTime();
  const recent = await ctx.db.statuses
    .find({ visibility: 'public', _id: { $gte: idAtTime(new Date(now - 3 * dayMs)) } })
    .sort({ _id: -1 })
    .limit(mostStatuses)
    .toArray();
  const score = (s: Status): number => {
    const ageHours = Math.max(1, (now - Date.parse(s.createdAt)) / 3_600_000);
    return (s.favouritesCount + 2 * s.reblogsCount + s.quotesCount) / ageHours ** 0.8;
  };
  const liked = recent.filter(
    (s) =>
      s.reblogOfId === null &&
      s.inReplyToId === null &&
      !s.sensitive &&
      (all || s.trendable !== false) &&
      s.favouritesCount + s.reblogsCount >= fewestPeople,
  );
  const authors = await accountsById(
    ctx,
    liked.map((s) => s.accountId),
  );
  return liked
    .filter((s) => {
      const author = authors.get(s.accountId);
      return (
        author?.discoverable === true &&
        !author.silencedAt &&
        !author.sensitizedAt &&
        !author.suspendedAt &&
        !author.deletedAt
      );
    })
    .sort((a, b) => score(b) - score(a))
    .slice(0, mostTrends);
}
