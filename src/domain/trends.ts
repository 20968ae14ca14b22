import type { PreviewCard } from '../model/cards.js';
import type { Status } from '../model/status.js';
import type { Tag } from '../model/tags.js';
import { isLimited } from '../policy/domains.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { domainRules } from './domains.js';
import { tagsByName } from './tags.js';
import { rankingOf } from './trend-rankings.js';
import { hostOf } from './urls.js';

const dayMs = 86_400_000;

/** `all`: also what staff does not want to see among trends; for staff. */
export interface TrendOptions {
  all?: boolean;
}

/** The site of a link: its host without `www.`. */
export const publisherOf = (url: string): string => (hostOf(url) ?? '').replace(/^www\./, '');

/** Hashtags that several people used lately, the most used first. */
export async function trendingTags(ctx: Ctx, { all = false }: TrendOptions = {}): Promise<Tag[]> {
  const tags = await tagsByName(ctx, await rankingOf(ctx, 'tags'));
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
  const links = await linksByUrl(ctx, await rankingOf(ctx, 'links'));
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
  const ids = await rankingOf(ctx, 'statuses');
  const found = ids.length ? await ctx.db.statuses.find({ _id: { $in: ids } }).toArray() : [];
  const byId = new Map(found.map((s) => [s._id, s]));
  const liked = ids
    .flatMap((id) => byId.get(id) ?? [])
    .filter((s) => s.visibility === 'public' && !s.sensitive && (all || s.trendable !== false));
  const authors = await accountsById(
    ctx,
    liked.map((s) => s.accountId),
  );
  const rules = await domainRules(ctx);
  return liked.filter((s) => {
    const author = authors.get(s.accountId);
    return (
      author?.discoverable === true &&
      !isLimited(rules, author) &&
      !author.sensitizedAt &&
      !author.suspendedAt &&
      !author.deletedAt
    );
  });
}
