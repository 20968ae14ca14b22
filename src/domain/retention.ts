import type { Ctx } from './ctx.js';
import { timeOfId } from '../model/ids.js';
import { daysIn, daysOf, idsIn, monthsOf, wholeOf, type Span } from './periods.js';

/** Those who joined in one period, and how many of them were here in each later one. */
export interface Cohort {
  period: Date;
  data: { period: Date; active: number; /** Of all who joined, 0 to 1. */ rate: number }[];
}

const mostUsers = 20_000;
const step = 500;

/** Cohorts of the days or months from one to the other. @throws AppError 422 for more than a year */
export async function retention(
  ctx: Ctx,
  { from, to, frequency }: { from: Date; to: Date; frequency: 'day' | 'month' },
): Promise<Cohort[]> {
  const periods = frequency === 'day' ? daysOf(from, to) : monthsOf(from, to);
  const whole = wholeOf(periods);
  const users = await ctx.db.users
    .find({ _id: idsIn(whole) })
    .sort({ _id: -1 })
    .limit(mostUsers)
    .toArray();
  const ids = users.map((u) => u._id);
  const active = await activity(ctx, ids, periods);
  return periods.map((period, at) => {
    const joined = ids.filter((id) => within(period, timeOfId(id)));
    const data = periods.slice(at).map((later, i) => {
      // Whoever joined was here, if only for that.
      const count = i === 0 ? joined.length : joined.filter((id) => active.get(id)?.has(at + i)).length;
      return { period: later.from, active: count, rate: joined.length ? count / joined.length : 0 };
    });
    return { period: period.from, data };
  });
}

const within = ({ from, to }: Span, at: Date): boolean => at >= from && at < to;

/** In which of the periods each user was here, by their places. */
async function activity(
  ctx: Ctx,
  ids: readonly string[],
  periods: readonly Span[],
): Promise<Map<string, Set<number>>> {
  const active = new Map<string, Set<number>>();
  const day = daysIn(wholeOf(periods));
  for (let at = 0; at < ids.length; at += step) {
    const userId = { $in: ids.slice(at, at + step) };
    for (const seen of await ctx.db.activeDays.find({ userId, day }).toArray()) {
      const when = new Date(`${seen.day}T00:00:00.000Z`);
      const place = periods.findIndex((period) => within(period, when));
      const places = active.get(seen.userId) ?? new Set();
      active.set(seen.userId, places.add(place));
    }
  }
  return active;
}
