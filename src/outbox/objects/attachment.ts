import type { JsonObject } from '../../../federation/ports.js';
import type { OwnNames } from '../../domain/ctx.js';
import { mediaUrl } from '../../domain/urls.js';
import type { Media } from '../../model/status.js';
import { pictureType } from './parts.js';

/** A media attachment, as Mastodon shapes it: a Document whose `name` is the description for those who cannot see it. */
export function toAttachment(names: OwnNames, media: Media): JsonObject {
  const { width, height } = sizeOf(media);
  const focus = focusOf(media);
  return {
    type: 'Document',
    mediaType: media.mime ?? 'application/octet-stream',
    url: fileUrl(names, media),
    name: media.description,
    blurhash: media.blurhash,
    ...(focus && { focalPoint: focus }),
    ...(width !== null && { width }),
    ...(height !== null && { height }),
    ...toThumbnail(names, media),
  };
}

function fileUrl(names: OwnNames, media: Media): string {
  return media.path ? mediaUrl(names, media.path) : (media.remoteUrl ?? `${names.origin}/media/${media._id}`);
}

/** Sounds and films carry a still picture. */
function toThumbnail(names: OwnNames, media: Media): JsonObject {
  if (media.previewPath === null || media.type === 'image') return {};
  const mediaType = pictureType(media.previewPath);
  const url = mediaUrl(names, media.previewPath);
  return { icon: { type: 'Image', ...(mediaType && { mediaType }), url } };
}

const numberIn = (holder: unknown, name: string): number | null => {
  if (typeof holder !== 'object' || holder === null) return null;
  const value: unknown = (holder as Record<string, unknown>)[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};

function sizeOf({ meta }: Media): { width: number | null; height: number | null } {
  const original = meta['original'];
  return { width: numberIn(original, 'width'), height: numberIn(original, 'height') };
}

function focusOf({ meta }: Media): [number, number] | null {
  const [x, y] = [numberIn(meta['focus'], 'x'), numberIn(meta['focus'], 'y')];
  return x === null || y === null ? null : [x, y];
}
