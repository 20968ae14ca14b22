import type { RemoteAttachment } from '../../../federation/vocabulary/attachments.js';
import type { RemoteObject } from '../../../federation/vocabulary/object.js';
import type { Account } from '../../model/account.js';
import type { Media, MediaType } from '../../model/status.js';
import { ruleFor } from '../../policy/domains.js';
import { now, type Ctx } from '../ctx.js';
import { domainRules } from '../domains.js';

/** As many as clients show; the rest of an album is left at its origin. */
const maxAttachments = 16;

/**
 * The pictures, films and sounds of a remote object as media documents: told, not copied. Files that were there before
 * (same URL) keep their ids. Nothing from domains whose media the instance refuses.
 */
export async function storeAttachments(
  ctx: Ctx,
  author: Account,
  target: { object: RemoteObject; statusId: string },
): Promise<string[]> {
  const rule = ruleFor(await domainRules(ctx), author.domain ?? '');
  if (rule?.rejectMedia) return [];
  const told = toAttachments(target.object).slice(0, maxAttachments);
  if (!told.length) return [];
  const known = await ctx.db.media.find({ statusId: target.statusId }).toArray();
  const ids: string[] = [];
  for (const attachment of told) {
    const same = known.find((m) => m.remoteUrl === attachment.url);
    const media = toMedia(ctx, author, {
      attachment,
      statusId: target.statusId,
      id: same?._id ?? ctx.ids.next(),
    });
    if (same)
      await ctx.db.media.updateOne(
        { _id: same._id },
        { $set: { description: media.description, blurhash: media.blurhash, meta: media.meta } },
      );
    else await ctx.db.media.insertOne(media);
    ids.push(media._id);
  }
  return ids;
}

/** Attachments, or the object's own file where it is one (Image, Video and Audio objects, PeerTube). */
function toAttachments(object: RemoteObject): RemoteAttachment[] {
  const files = object.attachments.filter((a) => a.kind !== 'link');
  if (files.length || !['Image', 'Video', 'Audio'].includes(object.type)) return files;
  const kind = object.type.toLowerCase() as 'image' | 'video' | 'audio';
  const file = object.mediaLinks.find((l) => l.mediaType?.startsWith(`${kind}/`));
  const poster = object.images[0];
  const url = file?.href ?? poster?.url;
  if (url === undefined) return [];
  const common = {
    description: object.name,
    blurhash: null,
    focalPoint: null,
    duration: object.duration,
    sensitive: object.sensitive,
  };
  return [
    {
      ...common,
      kind: file ? kind : 'image',
      url,
      mediaType: file?.mediaType ?? poster?.mediaType ?? null,
      width: file?.width ?? poster?.width ?? null,
      height: file?.height ?? poster?.height ?? null,
      previewUrl: poster?.url ?? null,
    },
  ];
}

function toMedia(
  ctx: Ctx,
  author: Account,
  input: { attachment: RemoteAttachment; statusId: string; id: string },
): Media {
  const { attachment, statusId, id } = input;
  const { width, height, duration, focalPoint } = attachment;
  const original = {
    ...(width && height && { width, height, size: `${width}x${height}`, aspect: width / height }),
    ...(duration !== null && { duration }),
  };
  return {
    _id: id,
    accountId: author._id,
    statusId,
    type: toType(attachment),
    state: 'ready',
    path: null,
    previewPath: null,
    mime: attachment.mediaType,
    bytes: null,
    sha256: null,
    remoteUrl: attachment.url,
    description: attachment.description,
    blurhash: attachment.blurhash,
    meta: { ...(Object.keys(original).length && { original }), ...(focalPoint && { focus: focalPoint }) },
    createdAt: now(ctx),
  };
}

function toType({ kind }: RemoteAttachment): MediaType {
  return kind === 'link' ? 'unknown' : kind;
}
