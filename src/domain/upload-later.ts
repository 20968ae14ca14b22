import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { acceptUpload } from '../media/accept.js';
import { parseFocus } from '../media/focus.js';
import { kindInfo } from '../media/probe.js';
import { identify, type AcceptedMedia } from '../media/upload.js';
import type { Account } from '../model/account.js';
import type { Media } from '../model/status.js';
import { invalid, tooLarge } from '../errors.js';
import { now, type Ctx } from './ctx.js';
import { acceptThumbnail, assertRoom, toDescription, type UploadInput } from './uploads.js';

/** Sound and video take long: these are stored as they come and processed by a worker. */
interface Waiting {
  mediaId: string;
  /** Where the bytes wait in the files port. */
  path: string;
  declaredType: string | null;
}

/**
 * Takes sound or video for processing; null for anything else, which is quick enough to be done at once
 * (`uploadMedia`). @throws AppError 413, 422
 */
export async function uploadLater(ctx: Ctx, who: Account, input: UploadInput): Promise<Media | null> {
  const { kind, bytes } = await identify(input.data);
  if (kind === null) throw invalid('File content type is not supported');
  const { family, mime } = kindInfo(kind);
  if (family === 'image') return null;
  if (bytes > ctx.media.limits.videoBytes) throw tooLarge('The file is too large');
  const description = toDescription(ctx, input.description);
  await assertRoom(ctx, who);
  const still = input.thumbnail ? await acceptThumbnail(ctx, input.thumbnail) : null;
  const focus = parseFocus(input.focus);
  const media: Media = {
    _id: ctx.ids.next(),
    accountId: who._id,
    statusId: null,
    type: family,
    state: 'processing',
    path: null,
    previewPath: still?.preview.path ?? null,
    mime,
    bytes,
    sha256: null,
    remoteUrl: null,
    description,
    blurhash: still?.blurhash ?? null,
    meta: { ...(focus && { focus }), ...(still?.small && { small: still.small }) },
    createdAt: now(ctx),
  };
  const waiting: Waiting = {
    mediaId: media._id,
    path: `waiting/${randomBytes(16).toString('hex')}`,
    declaredType: input.declaredType ?? null,
  };
  const intent = await ctx.jobs.intend({ kind: 'process-media', payload: { ...waiting } });
  await ctx.files.put(waiting.path, input.data);
  await ctx.db.media.insertOne(media);
  await intent.release();
  return media;
}

/** Processes what waits. Repeating it is harmless: nothing happens once the upload is ready, failed or gone. */
export async function processUpload(ctx: Ctx, waiting: Waiting): Promise<void> {
  const media = await ctx.db.media.findOne({ _id: waiting.mediaId });
  if (media?.state === 'processing') {
    const accepted = await accept(ctx, waiting);
    await ctx.db.media.updateOne(
      { _id: media._id },
      { $set: accepted ? toReady(media, accepted) : { state: 'failed' } },
    );
  }
  await ctx.files.remove(waiting.path);
}

/** Null when it turned out to be no good. */
async function accept(ctx: Ctx, { path, declaredType }: Waiting): Promise<AcceptedMedia | null> {
  if (!(await ctx.files.exists(path))) return null;
  const folder = await mkdtemp(join(ctx.media.tempDir, 'landfall-upload-'));
  try {
    const copy = join(folder, 'file');
    await pipeline((await ctx.files.get(path)).stream, createWriteStream(copy));
    const result = await acceptUpload(ctx.media, { data: copy, declaredType });
    return result.outcome === 'ready' ? result.media : null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A thumbnail, description or focal point that its owner gave meanwhile stays. */
function toReady(media: Media, accepted: AcceptedMedia): Partial<Media> {
  const { type, original, preview, blurhash, meta } = accepted;
  return {
    type,
    state: 'ready',
    path: original.path,
    previewPath: media.previewPath ?? preview?.path ?? null,
    mime: original.mime,
    bytes: original.bytes,
    sha256: original.sha256,
    blurhash: media.blurhash ?? blurhash,
    meta: { ...meta, ...media.meta },
  };
}
