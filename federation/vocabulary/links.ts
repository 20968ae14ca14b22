import { isHttpIri, isRelatedHost } from './iris.js';
import { LIMITS } from './limits.js';
import { count, filledText, isRecord, list, typesOf, type Loose } from './values.js';

/** One entry of a `url` property, whatever its shape was. Always http(s). */
export interface RemoteLink {
  href: string;
  /** Lower case, without parameters; null when not told. */
  mediaType: string | null;
  rel: string[];
  name: string | null;
  /** Pixels. */
  width: number | null;
  height: number | null;
}

/** `image/PNG; q=1` becomes `image/png`; anything that is no media type becomes null. */
export function mediaTypeOf(value: unknown): string | null {
  const essence = filledText(value, 256)?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/.test(essence) ? essence : null;
}

/** Pixels: a whole number from 1 to 65,535. */
export function pixels(value: unknown): number | null {
  const number = count(value);
  return number !== null && number > 0 && number <= 65_535 ? number : null;
}

function linkOf(value: unknown): RemoteLink | null {
  if (typeof value === 'string') {
    const bare = { mediaType: null, rel: [], name: null, width: null, height: null };
    return isHttpIri(value) ? { href: value, ...bare } : null;
  }
  if (!isRecord(value)) return null;
  const target = value['href'] ?? value['url'] ?? (typesOf(value).length === 0 ? value['@id'] : undefined);
  const href = list(target, LIMITS.links).find(
    (item): item is string => typeof item === 'string' && isHttpIri(item),
  );
  if (href === undefined) return null;
  return {
    href,
    // `mimeType` is what old PeerTube and Mastodon wrote.
    mediaType: mediaTypeOf(value['mediaType']) ?? mediaTypeOf(value['mimeType']),
    rel: list(value['rel'], LIMITS.types).filter((item): item is string => typeof item === 'string'),
    name: filledText(value['name'], LIMITS.title),
    width: pixels(value['width']),
    height: pixels(value['height']),
  };
}

/** All http(s) links of a `url`-like property: strings, Link objects, lists that mix both. Others are left out. */
export function linksOf(value: unknown, max: number = LIMITS.links): RemoteLink[] {
  return list(value, max).flatMap((item) => linkOf(item) ?? []);
}

const pageTypes = ['text/html', 'application/xhtml+xml'];

/** The page for people: a text/html link, else a link without a media type, else null. Never a media file. */
export function urlOf(value: unknown): string | null {
  const links = linksOf(value);
  const page =
    links.find((link) => link.mediaType !== null && pageTypes.includes(link.mediaType)) ??
    links.find((link) => link.mediaType === null);
  return page?.href ?? null;
}

/**
 * The page for people, if it may be shown for the object `id`: on the same host or a sub- or superdomain of it. A post
 * of evil.example that calls itself `https://bank.example/login` has no page (Misskey CVE-2024-52591).
 */
export function pageUrlOf(value: unknown, id: string | null): string | null {
  const url = urlOf(value);
  return url !== null && id !== null && isRelatedHost(url, id) ? url : null;
}

/** A picture that belongs to an actor or an object. */
export interface RemoteImage {
  url: string;
  mediaType: string | null;
  description: string | null;
  width: number | null;
  height: number | null;
}

function imageFrom(value: unknown): RemoteImage | null {
  if (!isRecord(value)) {
    const link = linkOf(value);
    return link && { url: link.href, mediaType: null, description: null, width: null, height: null };
  }
  const link = linksOf(value['url'] ?? value['href'] ?? value['@id'])[0];
  if (!link) return null;
  return {
    url: link.href,
    mediaType: mediaTypeOf(value['mediaType']) ?? link.mediaType,
    description: filledText(value['summary'], LIMITS.altText) ?? filledText(value['name'], LIMITS.altText),
    width: pixels(value['width']) ?? link.width,
    height: pixels(value['height']) ?? link.height,
  };
}

/** Every usable picture of `icon` or `image`: an object, a Link, a bare URL, or a list of them. */
export function imagesOf(value: unknown): RemoteImage[] {
  return list(value, LIMITS.images).flatMap((item) => imageFrom(item) ?? []);
}

/** One picture: the widest where sizes are told (PeerTube sends several), else the first; null when there is none. */
export function imageOf(value: unknown): RemoteImage | null {
  const images = imagesOf(value);
  const widest = Math.max(0, ...images.map((image) => image.width ?? 0));
  return images.find((image) => image.width === widest) ?? images[0] ?? null;
}

/** The same rule for avatars, previews and emoji pictures. */
export const iconOf = imageOf;

/** What an object's page and files are, for objects whose own `url` holds the media (PeerTube, Funkwhale). */
export const mediaLinksOf = (object: Loose): RemoteLink[] =>
  linksOf(object['url']).filter((link) => /^(?:image|video|audio)\//.test(link.mediaType ?? ''));
