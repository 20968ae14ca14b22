import { AppError, invalid, notFound, tooLarge } from '../errors.js';
import { acceptAvatar, acceptEmoji, acceptHeader, acceptUpload } from '../media/accept.js';
import { parseFocus } from '../media/focus.js';
import { canDecodeHeic } from '../media/heic.js';
import type { PictureMeta } from '../media/meta.js';
import { acceptedMimeTypes } from '../media/probe.js';
import type { StoredFile } from '../media/store-file.js';
import type { AcceptedMedia, Refusal } from '../media/upload.js';
import type { Account, ProfileImage } from '../model/account.js';
import { idAtTime, isId } from '../model/ids.js';
import type { Media } from '../model/status.js';
import { now, type Ctx } from './ctx.js';
import { removeUnusedFiles } from './files.js';

export interface UploadInput {
  data: Buffer;
  /** What the client says it is. */
  declaredType?: string | undefined;
  description?: string | undefined;
  /** `x,y`, each from -1 to 1. */
  focus?: string | undefined;
  /** A still for sound and video. */
  thumbnail?: Buffer | undefined;
}

/** The types of files that may be uploaded. */
export async function supportedMimeTypes(): Promise<string[]> {
  return acceptedMimeTypes({ heic: await canDecodeHeic() });
}

/** Stores an upload that its owner may attach to a status. @throws AppError 413, 422, 503 */
export async function uploadMedia(ctx: Ctx, who: Account, input: UploadInput): Promise<Media> {
  const description = toDescription(ctx, input.description);
  await assertRoom(ctx, who);
  const media = await accept(ctx, input);
  const still =
    input.thumbnail && media.type !== 'image' ? await acceptThumbnail(ctx, input.thumbnail) : null;
  const preview = still?.preview ?? media.preview;
  const small = still?.small ?? media.meta.small;
  const document: Media = {
    _id: ctx.ids.next(),
    accountId: who._id,
    statusId: null,
    type: media.type,
    state: 'ready',
    path: media.original.path,
    previewPath: preview?.path ?? null,
    mime: media.original.mime,
    bytes: media.original.bytes,
    sha256: media.original.sha256,
    remoteUrl: null,
    description,
    blurhash: still?.blurhash ?? media.blurhash,
    meta: { ...media.meta, ...(small && { small }) },
    createdAt: now(ctx),
  };
  await ctx.db.media.insertOne(document);
  return document;
}

const dayMs = 86_400_000;

/**
 * Uploads that are attached to nothing are removed after a day (housekeeping.ts): until then there may be so many of one
 * account, so that nobody keeps the disk full. @throws AppError 422
 */
export async function assertRoom(ctx: Ctx, who: Account): Promise<void> {
  const most = ctx.settings.unattachedUploads;
  const since = idAtTime(new Date(ctx.clock.now().getTime() - dayMs));
  const idle = { accountId: who._id, statusId: null, _id: { $gt: since } };
  if ((await ctx.db.media.countDocuments(idle, { limit: most })) >= most)
    throw invalid('You have too many files that are not attached to a post, try again later');
}

/** A picture that stands for sound or video. @throws AppError 413, 422, 503 */
export async function acceptThumbnail(
  ctx: Ctx,
  data: Buffer,
): Promise<{ preview: StoredFile; blurhash: string | null; small: PictureMeta | undefined }> {
  const { original, preview, blurhash, meta } = await accept(ctx, { data });
  if (preview && preview.path !== original.path) await removeUnusedFiles(ctx, [original.path]);
  return { preview: preview ?? original, blurhash, small: meta.small };
}

async function accept(ctx: Ctx, input: UploadInput): Promise<AcceptedMedia> {
  const { data, declaredType = null, focus } = input;
  const result = await acceptUpload(ctx.media, { data, declaredType, focus: parseFocus(focus) });
  if (result.outcome === 'refused') throw toError(result.reason);
  return result.media;
}

function toError(reason: Refusal): AppError {
  switch (reason) {
    case 'too-large':
      return tooLarge('The file is too large');
    case 'too-many-pixels':
      return invalid('File has too many pixels');
    case 'unsupported':
      return invalid('File content type is not supported');
    case 'broken':
      return invalid('File could not be read');
  }
}

const accepters = { avatar: acceptAvatar, header: acceptHeader, emoji: acceptEmoji } as const;

/** A picture for a profile or of an emoji, brought to size. @throws AppError 413, 422, 503 */
export async function acceptProfilePicture(
  ctx: Ctx,
  kind: 'avatar' | 'header' | 'emoji',
  data: Buffer,
): Promise<ProfileImage> {
  const result = await accepters[kind](ctx.media, data);
  if (result.outcome === 'refused') throw toError(result.reason);
  const { original, still } = result.picture;
  return { path: original.path, staticPath: still?.path ?? null, remoteUrl: null, description: '' };
}

/** Something that this account uploaded. @throws AppError 404 */
export async function getOwnMedia(ctx: Ctx, accountId: string, id: string): Promise<Media> {
  const media = isId(id) ? await ctx.db.media.findOne({ _id: id, accountId }) : null;
  if (!media) throw notFound();
  return media;
}

/** Changes the description or focal point, also of what is attached already. @throws AppError 404, 422 */
export async function updateMedia(
  ctx: Ctx,
  who: Account,
  id: string,
  input: { description?: string | undefined; focus?: string | undefined; thumbnail?: Buffer | undefined },
): Promise<Media> {
  const media = await getOwnMedia(ctx, who._id, id);
  const focus = parseFocus(input.focus);
  const still =
    input.thumbnail && media.type !== 'image' ? await acceptThumbnail(ctx, input.thumbnail) : null;
  const changes: Partial<Media> = {
    ...(input.description !== undefined && { description: toDescription(ctx, input.description) }),
    ...(still && { previewPath: still.preview.path, blurhash: still.blurhash }),
    meta: { ...media.meta, ...(focus && { focus }), ...(still?.small && { small: still.small }) },
  };
  const updated = await ctx.db.media.findOneAndUpdate(
    { _id: media._id },
    { $set: { ...changes } },
    { returnDocument: 'after' },
  );
  return updated ?? { ...media, ...changes };
}

/** @throws AppError 422 when it is too long */
export function toDescription(ctx: Ctx, text: string | undefined): string | null {
  const description = text?.trim() ?? '';
  const max = ctx.media.limits.descriptionCharacters;
  if ([...description].length > max) throw invalid(`Description is too long (maximum is ${max} characters)`);
  return description === '' ? null : description;
}

/** Takes an upload back that is attached to nothing. @throws AppError 404, 422 */
export async function deleteUpload(ctx: Ctx, who: Account, id: string): Promise<void> {
  const media = await getOwnMedia(ctx, who._id, id);
  if (media.statusId !== null) throw invalid('Media attachment is currently used by a status');
  await deleteMedia(ctx, [media]);
}

/** Deletes what a deleted status of this account had attached, rather than keeping it for a new draft. */
export async function deleteMediaOf(ctx: Ctx, who: Account, ids: readonly string[]): Promise<void> {
  if (!ids.length) return;
  await deleteMedia(ctx, await ctx.db.media.find({ _id: { $in: [...ids] }, accountId: who._id }).toArray());
}

/** Deletes documents, and the files that nothing else uses: files are named by their content and may be shared. */
export async function deleteMedia(ctx: Ctx, media: readonly Media[]): Promise<void> {
  if (!media.length) return;
  await ctx.db.media.deleteMany({ _id: { $in: media.map((m) => m._id) } });
  await removeUnusedFiles(
    ctx,
    media.flatMap((m) => [m.path ?? [], m.previewPath ?? []].flat()),
  );
}
