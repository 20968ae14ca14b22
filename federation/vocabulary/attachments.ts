import { durationOf } from './dates.js';
import { imageOf, linksOf, mediaTypeOf, pixels, type RemoteLink } from './links.js';
import { LIMITS } from './limits.js';
import { naturalLanguage } from './languages.js';
import { filledText, flag, isRecord, list, typesOf, type Loose } from './values.js';

export type AttachmentKind = 'image' | 'video' | 'audio' | 'unknown' | 'link';

/** A file that belongs to an object, or (`link`) a page that it is about, as Lemmy posts have. */
export interface RemoteAttachment {
  kind: AttachmentKind;
  url: string;
  mediaType: string | null;
  /** Alternative text. */
  description: string | null;
  blurhash: string | null;
  /** Both from -1 to 1; (0, 0) is the middle. */
  focalPoint: { x: number; y: number } | null;
  width: number | null;
  height: number | null;
  /** Seconds. */
  duration: number | null;
  sensitive: boolean;
  previewUrl: string | null;
}

const mediaTypes = ['Image', 'Video', 'Audio', 'Document'];

const extensions: Record<string, AttachmentKind> = {
  apng: 'image',
  avif: 'image',
  gif: 'image',
  heic: 'image',
  jpeg: 'image',
  jpg: 'image',
  png: 'image',
  webp: 'image',
  m4v: 'video',
  mov: 'video',
  mp4: 'video',
  webm: 'video',
  flac: 'audio',
  m4a: 'audio',
  mp3: 'audio',
  oga: 'audio',
  ogg: 'audio',
  opus: 'audio',
  wav: 'audio',
};

function kindByName(url: string): AttachmentKind | null {
  const extension = /\.([a-z0-9]{2,5})$/i.exec(new URL(url).pathname)?.[1]?.toLowerCase();
  return extension !== undefined && Object.hasOwn(extensions, extension)
    ? (extensions[extension] ?? null)
    : null;
}

function kindOf(types: string[], mediaType: string | null, url: string): AttachmentKind {
  const family = /^(image|video|audio)\//.exec(mediaType ?? '')?.[1] as AttachmentKind | undefined;
  if (family !== undefined) return family;
  const guessed = kindByName(url);
  if (types.includes('Image')) return 'image';
  if (types.includes('Video')) return 'video';
  if (types.includes('Audio')) return 'audio';
  if (types.includes('Document')) return guessed ?? 'unknown';
  return guessed ?? 'link';
}

/** Of several files for one attachment the first that names a media type of ours, else the first that is no page. */
const fileOf = (links: RemoteLink[]): RemoteLink | null =>
  links.find((link) => /^(?:image|video|audio)\//.test(link.mediaType ?? '')) ??
  links.find((link) => link.mediaType !== 'text/html') ??
  null;

const blurhashPattern = /^[0-9A-Za-z#$%*+,\-.:;=?@[\]^_{|}~]{6,200}$/;

function focalPointOf(value: unknown): { x: number; y: number } | null {
  const [x, y] = list(value, 2);
  const within = (part: unknown): part is number => typeof part === 'number' && part >= -1 && part <= 1;
  return within(x) && within(y) ? { x, y } : null;
}

function attachmentFrom(value: unknown): RemoteAttachment | null {
  const object: Loose = isRecord(value) ? value : { url: value };
  const types = typesOf(object);
  const known =
    types.length === 0 || types.includes('Link') || types.some((type) => mediaTypes.includes(type));
  // PropertyValue (profile fields), Note, Event: not files.
  if (!known) return null;
  // A file may be named by its own id (FEP-b2b8).
  const own = /^(?:image|video|audio)\//.test(mediaTypeOf(object['mediaType']) ?? '')
    ? object['id']
    : undefined;
  const links = linksOf(object['url'] ?? object['href'] ?? own);
  const link = types.length === 0 || types.includes('Link') ? (fileOf(links) ?? links[0]) : fileOf(links);
  if (!link) return null;
  const mediaType = mediaTypeOf(object['mediaType']) ?? link.mediaType;
  const blurhash = filledText(object['blurhash'], 256);
  return {
    kind: kindOf(types, mediaType, link.href),
    url: link.href,
    mediaType,
    // Mastodon reads `summary` before `name`; most others write `name` only.
    description:
      filledText(object['summary'], LIMITS.altText) ??
      naturalLanguage(object, 'name', LIMITS.altText)?.value ??
      null,
    blurhash: blurhash !== null && blurhashPattern.test(blurhash) ? blurhash : null,
    focalPoint: focalPointOf(object['focalPoint']),
    width: pixels(object['width']) ?? link.width,
    height: pixels(object['height']) ?? link.height,
    duration: durationOf(object['duration']),
    sensitive: flag(object['sensitive']),
    previewUrl: imageOf(object['icon'])?.url ?? imageOf(object['preview'])?.url ?? null,
  };
}

/** The attachments of an object; entries that cannot be read are left out, a URL is there once. */
export function attachmentsOf(value: unknown, max: number = LIMITS.attachments): RemoteAttachment[] {
  const found = new Map<string, RemoteAttachment>();
  for (const item of list(value, max)) {
    const attachment = attachmentFrom(item);
    if (attachment && !found.has(attachment.url)) found.set(attachment.url, attachment);
  }
  return [...found.values()];
}
