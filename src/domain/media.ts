import { invalid } from '../errors.js';
import { isId } from '../model/ids.js';
import type { Media } from '../model/status.js';
import type { Ctx } from './ctx.js';

/**
 * The author's uploads that may be attached to a status, in the order given.
 * @throws AppError 422 for too many, unknown, somebody else's, already attached or unfinished ones
 */
export async function claimableMedia(
  ctx: Ctx,
  accountId: string,
  ids: readonly string[],
  statusId: string | null = null,
): Promise<Media[]> {
  const wanted = [...new Set(ids)];
  if (wanted.length > ctx.settings.maxMediaPerStatus)
    throw invalid(`Cannot attach more than ${ctx.settings.maxMediaPerStatus} files`);
  if (!wanted.length) return [];
  const found = await ctx.db.media.find({ _id: { $in: wanted.filter(isId) }, accountId }).toArray();
  const byId = new Map(found.map((m) => [m._id, m]));
  const media = wanted.flatMap((id) => byId.get(id) ?? []);
  const free = media.filter((m) => m.statusId === null || m.statusId === statusId);
  if (free.length !== wanted.length) throw invalid('Media attachments could not be found');
  if (media.some((m) => m.state === 'failed')) throw invalid('Media attachments could not be processed');
  if (media.some((m) => m.state === 'processing')) {
    throw invalid('Cannot attach files that have not finished processing. Try again in a moment!');
  }
  return media;
}

/** Ties uploads to their status. */
export async function claimMedia(ctx: Ctx, ids: readonly string[], statusId: string): Promise<void> {
  if (ids.length) await ctx.db.media.updateMany({ _id: { $in: ids } }, { $set: { statusId } });
}
