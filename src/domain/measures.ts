import type { Filter } from '../store/port.js';
import type { Ctx } from './ctx.js';
import { domainMeasures } from './measures-domain.js';
import { tagMeasures } from './measures-tag.js';
import { before, daysIn, idsIn, wholeOf, type Span } from './periods.js';

/** A figure of the instance over time. */
export interface Measure {
  key: string;
  /** What is counted, where it is not things or people. */
  unit: 'bytes' | null;
  total: number;
  /** In the same length of time before; null where it is not known. */
  previous: number | null;
  days: { day: Date; value: number }[];
}

export type CountIn = (ctx: Ctx, span: Span, about: string) => Promise<number>;

/** How something is counted. `about`: the hashtag's id or the domain that it is asked of. */
export interface MeasureSpec {
  unit?: 'bytes';
  count: CountIn;
  /** Where the whole is not what was made in the period, but what there is. */
  total?: (ctx: Ctx, about: string) => Promise<number>;
  /** Histories that are kept for a short time only tell nothing of the time before. */
  hasPast?: boolean;
}

/** Accounts and people: distinct over the whole, so that days do not add up. */
const mostActive = 200_000;

async function countActive(ctx: Ctx, span: Span): Promise<number> {
  const seen = await ctx.db.activeDays
    .find({ day: daysIn(span) })
    .limit(mostActive)
    .toArray();
  return new Set(seen.map((s) => s.userId)).size;
}

async function countInteractions(ctx: Ctx, span: Span): Promise<number> {
  const _id = idsIn(span);
  const statuses = (filter: Filter): Promise<number> => ctx.db.statuses.countDocuments({ _id, ...filter });
  const counts = await Promise.all([
    ctx.db.favourites.countDocuments({ _id }),
    statuses({ reblogOfId: { $gt: '' } }),
    statuses({ inReplyToId: { $gt: '' } }),
  ]);
  return counts.reduce((sum, n) => sum + n, 0);
}

const specs: Readonly<Record<string, MeasureSpec>> = {
  active_users: { count: countActive },
  new_users: { count: (ctx, span) => ctx.db.users.countDocuments({ _id: idsIn(span) }) },
  interactions: { count: countInteractions },
  opened_reports: { count: (ctx, span) => ctx.db.reports.countDocuments({ _id: idsIn(span) }) },
  resolved_reports: {
    count: (ctx, { from, to }) =>
      ctx.db.reports.countDocuments({ actionTakenAt: { $gte: from.toISOString(), $lt: to.toISOString() } }),
  },
  ...tagMeasures,
  ...domainMeasures,
};

export interface MeasureQuery {
  key: string;
  /** The hashtag's id or the domain; empty where the figure is of the whole instance. */
  about: string;
  days: readonly Span[];
}

/** Null when there is no figure of this name, or it was not said of what. */
export async function measure(ctx: Ctx, { key, about, days }: MeasureQuery): Promise<Measure | null> {
  const spec = Object.hasOwn(specs, key) ? specs[key] : undefined;
  const isAbout = key.startsWith('tag_') || key.startsWith('instance_');
  if (!spec || (isAbout && about === '')) return null;
  const whole = wholeOf(days);
  const values: Measure['days'] = [];
  // One after the other: a long period must not take the database from everybody else.
  for (const span of days) values.push({ day: span.from, value: await spec.count(ctx, span, about) });
  const total = spec.total ? await spec.total(ctx, about) : await spec.count(ctx, whole, about);
  const previous = spec.hasPast === false ? null : await spec.count(ctx, before(whole), about);
  return { key, unit: spec.unit ?? null, total, previous, days: values };
}
