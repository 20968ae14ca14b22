import { conflict } from '../errors.js';
import type { Marker } from '../model/relations.js';
import { now, type Ctx } from './ctx.js';

export type MarkedTimeline = Marker['timeline'];
export const markedTimelines: readonly MarkedTimeline[] = ['home', 'notifications'];

/** How far an account has read in each of these timelines. */
export async function findMarkers(
  ctx: Ctx,
  accountId: string,
  timelines: readonly MarkedTimeline[],
): Promise<Marker[]> {
  if (!timelines.length) return [];
  return ctx.db.markers.find({ accountId, timeline: { $in: timelines } }).toArray();
}

/** Moves a marker. @throws AppError 409 when another client moved it at the same moment */
export async function setMarker(
  ctx: Ctx,
  accountId: string,
  { timeline, lastReadId }: { timeline: MarkedTimeline; lastReadId: string },
): Promise<Marker> {
  const key = { accountId, timeline };
  const known = await ctx.db.markers.findOne(key);
  const at = now(ctx);
  const stored = known
    ? await ctx.db.markers.findOneAndUpdate(
        { ...key, version: known.version },
        { $set: { lastReadId, updatedAt: at }, $inc: { version: 1 } },
        { returnDocument: 'after' },
      )
    : await ctx.db.markers.findOneAndUpdate(
        key,
        { $setOnInsert: { _id: ctx.ids.next(), lastReadId, version: 0, updatedAt: at } },
        { upsert: true, returnDocument: 'after' },
      );
  if (!stored || stored.lastReadId !== lastReadId) throw conflict('Conflict during update, please try again');
  return stored;
}
