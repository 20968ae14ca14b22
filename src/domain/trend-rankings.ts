import type { Status } from '../model/status.js';
import type { TrendKind, TrendRanking } from '../model/trends.js';
import { idAtTime } from '../model/ids.js';
import { ruleFor } from '../policy/domains.js';
import { now, type Ctx } from './ctx.js';
import { domainRules } from './domains.js';

/**
 * What many take up lately, ranked now and then and kept: a page of trends reads the ranking and no more. What staff
 * does not want among trends is left out where they are read (trends.ts), so that it is gone at once.
 */

const dayMs = 86_400_000;
const mostDays = 500;
const mostKept = 200;
const mostStatuses = 2000;
/** One person alone makes no trend. */
const fewestPeople = 2;
const everyMs = 5 * 60_000;
/** A ranking this old is made anew by whoever asks: no worker runs. */
const staleMs = 15 * 60_000;

const kinds: Record<TrendKind, (ctx: Ctx) => Promise<string[]>> = {
  tags: rankTags,
  links: rankLinks,
  statuses: rankStatuses,
};

/** Ranks what is due. Runs with the sweeps; of several processes one does it. */
export async function refreshTrends(ctx: Ctx): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - everyMs).toISOString();
  for (const kind of Object.keys(kinds) as TrendKind[]) {
    const known = await ctx.db.trendRankings.findOne({ _id: kind });
    if (known && known.computedAt > before) continue;
    const claimed =
      !known ||
      (await ctx.db.trendRankings.updateOne(
        { _id: kind, computedAt: known.computedAt },
        { $set: { computedAt: now(ctx) } },
      ));
    if (claimed === true || claimed.modifiedCount) await compute(ctx, kind);
  }
}

/** The keys of a ranking, the first first: names, addresses, or ids. Test mode ranks each time. */
export async function rankingOf(ctx: Ctx, kind: TrendKind): Promise<string[]> {
  const known = ctx.settings.testMode ? null : await ctx.db.trendRankings.findOne({ _id: kind });
  const since = ctx.clock.now().getTime() - staleMs;
  if (known && Date.parse(known.computedAt) > since) return known.keys;
  return (await compute(ctx, kind)).keys;
}

async function compute(ctx: Ctx, kind: TrendKind): Promise<TrendRanking> {
  const fields = { keys: await kinds[kind](ctx), computedAt: now(ctx) };
  await ctx.db.trendRankings.updateOne({ _id: kind }, { $set: fields }, { upsert: true });
  return { _id: kind, ...fields };
}

/** Days of which use counts, today and yesterday (UTC). */
function recentDays(ctx: Ctx): string[] {
  return [0, 1].map((n) => new Date(ctx.clock.now().getTime() - n * dayMs).toISOString().slice(0, 10));
}

async function rankTags(ctx: Ctx): Promise<string[]> {
  const found = await Promise.all(
    recentDays(ctx).map((day) => ctx.db.tagDays.find({ day }).sort({ uses: -1 }).limit(mostDays).toArray()),
  );
  return rank(
    ctx,
    found.flat().map(({ tag, day, accounts }) => ({ key: tag, day, accounts })),
  );
}

async function rankLinks(ctx: Ctx): Promise<string[]> {
  const found = await Promise.all(
    recentDays(ctx).map((day) => ctx.db.linkDays.find({ day }).sort({ uses: -1 }).limit(mostDays).toArray()),
  );
  return rank(
    ctx,
    found.flat().map(({ url, day, accounts }) => ({ key: url, day, accounts })),
  );
}

/** Keys by how many people used them lately; today counts double. */
function rank(ctx: Ctx, days: readonly { key: string; day: string; accounts: number }[]): string[] {
  const [today] = recentDays(ctx);
  const scores = new Map<string, { people: number; score: number }>();
  for (const { key, day, accounts } of days) {
    const known = scores.get(key) ?? { people: 0, score: 0 };
    const score = known.score + accounts * (day === today ? 2 : 1);
    scores.set(key, { people: Math.max(known.people, accounts), score });
  }
  return [...scores]
    .filter(([, { people }]) => people >= fewestPeople)
    .sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1))
    .slice(0, mostKept)
    .map(([key]) => key);
}

/** Public posts of three days by how they were taken up, newer ones weighing more. */
async function rankStatuses(ctx: Ctx): Promise<string[]> {
  const at = ctx.clock.now().getTime();
  const recent = await ctx.db.statuses
    .find({ visibility: 'public', _id: { $gte: idAtTime(new Date(at - 3 * dayMs)) } })
    .sort({ _id: -1 })
    .limit(mostStatuses)
    .toArray();
  const score = (s: Status): number => {
    const ageHours = Math.max(1, (at - Date.parse(s.createdAt)) / 3_600_000);
    return (s.favouritesCount + 2 * s.reblogsCount + s.quotesCount) / ageHours ** 0.8;
  };
  return recent
    .filter((s) => s.reblogOfId === null && s.inReplyToId === null && !s.sensitive)
    .filter((s) => s.favouritesCount + s.reblogsCount >= fewestPeople)
    .map((s) => ({ id: s._id, score: score(s) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1))
    .slice(0, mostKept)
    .map(({ id }) => id);
}

/** Whether the use of a hashtag or a link counts: in the open, and by nobody whom staff keeps out of sight. */
export async function isCounted(ctx: Ctx, status: Status): Promise<boolean> {
  if (status.visibility !== 'public' || status.reblogOfId !== null) return false;
  const author = await ctx.db.accounts.findOne({ _id: status.accountId });
  if (!author || author.silencedAt || author.suspendedAt || author.deletedAt) return false;
  const rule = author.domain === null ? null : ruleFor(await domainRules(ctx), author.domain);
  return rule === null || rule.severity === 'noop';
}
