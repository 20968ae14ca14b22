import { idAtTime } from '../model/ids.js';
import type { Ctx } from './ctx.js';
import { removeUnusedFiles } from './files.js';
import { deleteMedia } from './uploads.js';
import { hostOf } from './urls.js';

const dayMs = 86_400_000;
/** How long things are kept that serve no purpose any more, in days. */
const keepDays = { uploads: 1, parts: 1, graves: 30, cardImages: 90, uses: 3, days: 14 } as const;
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

/** Removes half-written files of processes that were killed: nobody writes for a day. */
export async function sweepParts(ctx: Ctx): Promise<void> {
  // Their age is the file system's, not the clock's of a test.
  const before = new Date(Date.now() - keepDays.parts * dayMs);
  await ctx.files.removeStaleParts(before);
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

/** Removes the pictures of cards that nobody looked up for long, whose posts are far down by now; their words stay. */
export function createCardSweep(): (ctx: Ctx) => Promise<void> {
  return inRounds(async (ctx, after) => {
    const before = new Date(ctx.clock.now().getTime() - keepDays.cardImages * dayMs).toISOString();
    const page = await ctx.db.previewCards
      .find({ 'page.image.path': { $gt: after } })
      .sort({ 'page.image.path': 1 })
      .limit(slice)
      .toArray();
    const old = page.filter((card) => card.fetchedAt < before);
    const ids = { _id: { $in: old.map((card) => card._id) } };
    if (old.length) await ctx.db.previewCards.updateMany(ids, { $set: { 'page.image': null } });
    await removeUnusedFiles(
      ctx,
      old.flatMap((card) => card.page?.image?.path ?? []),
    );
    return page.length < slice ? '' : (page.at(-1)?.page?.image?.path ?? '');
  });
}

/** Forgets that things of other servers are gone: a late copy of them is not to be feared any more. Ours stay gone. */
export function createGraveSweep(): (ctx: Ctx) => Promise<void> {
  return inRounds(async (ctx, after) => {
    const before = new Date(ctx.clock.now().getTime() - keepDays.graves * dayMs).toISOString();
    const page = await ctx.db.tombstones
      .find({ deletedAt: { $gt: after, $lt: before } })
      .sort({ deletedAt: 1 })
      .limit(slice)
      .toArray();
    const remote = page.filter(({ uri }) => !ctx.names.isOwn(hostOf(uri) ?? '')).map(({ _id }) => _id);
    if (remote.length) await ctx.db.tombstones.deleteMany({ _id: { $in: remote } });
    return page.length < slice ? '' : (page.at(-1)?.deletedAt ?? '');
  });
}

/** Walks on from round to round, from where `step` says that it came to; empty: from the beginning again. */
function inRounds(step: (ctx: Ctx, after: string) => Promise<string>): (ctx: Ctx) => Promise<void> {
  let after = '';
  return async (ctx) => {
    after = await step(ctx, after);
  };
}
