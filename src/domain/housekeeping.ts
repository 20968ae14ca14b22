import { idAtTime } from '../model/ids.js';
import type { Ctx } from './ctx.js';
import { deleteMedia } from './uploads.js';

const dayMs = 86_400_000;
/** How long things are kept that serve no purpose any more, in days. */
const keepDays = { uploads: 1, uses: 3, days: 14 } as const;
const slice = 200;

/** Removes uploads that were never attached to anything, with their files. Bounded; may be repeated. */
export async function sweepUploads(ctx: Ctx): Promise<void> {
  const before = idAtTime(new Date(ctx.clock.now().getTime() - keepDays.uploads * dayMs));
  const idle = await ctx.db.media
    .find({ statusId: null, _id: { $lt: before } })
    .sort({ _id: 1 })
    .limit(slice)
    .toArray();
  await deleteMedia(ctx, idle);
}

/** Forgets who used a hashtag or a link once the day is over, and how often after the histories have gone by. */
export async function sweepUses(ctx: Ctx): Promise<void> {
  const dayBefore = (days: number): string =>
    new Date(ctx.clock.now().getTime() - days * dayMs).toISOString().slice(0, 10);
  const uses = { day: { $lt: dayBefore(keepDays.uses) } };
  const days = { day: { $lt: dayBefore(keepDays.days) } };
  await ctx.db.tagUses.deleteMany(uses);
  await ctx.db.linkUses.deleteMany(uses);
  await ctx.db.tagDays.deleteMany(days);
  await ctx.db.linkDays.deleteMany(days);
}
