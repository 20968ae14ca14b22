import { now, type Ctx } from './ctx.js';

/** Notes that somebody used the server today (UTC); for figures of the whole, never of one person. Safe to repeat. */
export async function recordActiveDay(ctx: Ctx, userId: string): Promise<void> {
  await ctx.db.activeDays.updateOne(
    { userId, day: now(ctx).slice(0, 10) },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
}
