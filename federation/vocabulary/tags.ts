import { dateOf } from './dates.js';
import { imageOf, linksOf, type RemoteLink } from './links.js';
import { isHttpIri, isUsableIri } from './iris.js';
import { LIMITS } from './limits.js';
import { filledText, isRecord, list, ownIdOf, typesOf, type Loose } from './values.js';

export interface RemoteMention {
  /** The actor's id. */
  href: string;
  /** As written by the sender (`@alice@a.example`); decoration, never an identity. */
  name: string | null;
}

export interface RemoteHashtag {
  /** Without the `#`, case as sent. */
  name: string;
  href: string | null;
}

export interface RemoteEmoji {
  id: string | null;
  /** Without the colons. */
  shortcode: string;
  url: string;
  mediaType: string | null;
  updated: string | null;
}

export interface RemoteTags {
  mentions: RemoteMention[];
  hashtags: RemoteHashtag[];
  emojis: RemoteEmoji[];
  /** FEP-e232 object links and other Links. */
  links: RemoteLink[];
}

/** Letters, digits, marks, `_` and the separators that Mastodon allows; at least one that is no digit. */
const hashtagPattern = /^(?=.*[^\p{Nd}])[\p{L}\p{N}\p{M}\p{Pc}\u00b7\u30fb\u200c]+$/u;
const shortcodePattern = /^[A-Za-z0-9_+-]+$/;

/** `#Tag`, `＃Tag` or `Tag` without its sign; null when it is no tag that a client could link. */
export function hashtagName(value: unknown): string | null {
  const name =
    filledText(value, LIMITS.hashtagText + 2)
      ?.trim()
      .replace(/^[#\uff03]/u, '') ?? '';
  return name.length <= LIMITS.hashtagText && hashtagPattern.test(name) ? name : null;
}

/** `:blob:` or `blob` without its colons; null when it is no shortcode. */
export function shortcodeOf(value: unknown): string | null {
  const name =
    filledText(value, LIMITS.shortcode + 3)
      ?.trim()
      .replace(/^:(.*):$/, '$1') ?? '';
  return name.length <= LIMITS.shortcode && shortcodePattern.test(name) ? name : null;
}

/** A custom emoji; null when its name or its picture is missing. */
export function emojiOf(tag: Loose): RemoteEmoji | null {
  const shortcode = shortcodeOf(tag['name']);
  const icon = imageOf(tag['icon']);
  if (shortcode === null || icon === null) return null;
  return {
    id: ownIdOf(tag),
    shortcode,
    url: icon.url,
    mediaType: icon.mediaType,
    updated: dateOf(tag['updated']),
  };
}

type TagKind = 'Mention' | 'Hashtag' | 'Emoji' | 'Link' | 'other';

/** Some senders leave the type out; then the sign before the name tells. */
function kindOf(tag: Loose): TagKind {
  const types = typesOf(tag);
  for (const kind of ['Mention', 'Hashtag', 'Emoji', 'Link'] as const) if (types.includes(kind)) return kind;
  if (types.length > 0) return 'other';
  const name = filledText(tag['name'], 2) ?? '';
  if (/^[#\uff03]/u.test(name)) return 'Hashtag';
  return name.startsWith('@') && tag['href'] !== undefined ? 'Mention' : 'other';
}

function mentionOf(tag: Loose): RemoteMention | null {
  const { href } = tag;
  if (typeof href !== 'string' || !isUsableIri(href)) return null;
  return { href, name: filledText(tag['name'], LIMITS.displayName) };
}

function hashtagOf(tag: Loose): RemoteHashtag | null {
  const name = hashtagName(tag['name']);
  const { href } = tag;
  return name === null ? null : { name, href: typeof href === 'string' && isHttpIri(href) ? href : null };
}

/** Keeps the first of each key, up to a number. */
function collector<T>(max: number, keyOf: (item: T) => string): { add(item: T | null): void; items(): T[] } {
  const found = new Map<string, T>();
  return {
    add(item) {
      if (item !== null && found.size < max && !found.has(keyOf(item))) found.set(keyOf(item), item);
    },
    items: () => [...found.values()],
  };
}

/** Reads a `tag` property: one tag or many, each kind without duplicates; whatever cannot be read is left out. */
export function tagsOf(value: unknown): RemoteTags {
  const mentions = collector<RemoteMention>(LIMITS.mentions, (tag) => tag.href);
  const hashtags = collector<RemoteHashtag>(LIMITS.hashtags, (tag) => tag.name.toLowerCase());
  const emojis = collector<RemoteEmoji>(LIMITS.emojis, (tag) => tag.shortcode);
  const links = collector<RemoteLink>(LIMITS.links, (tag) => tag.href);
  for (const tag of list(value, LIMITS.tags)) {
    if (!isRecord(tag)) continue;
    const kind = kindOf(tag);
    if (kind === 'Mention') mentions.add(mentionOf(tag));
    else if (kind === 'Hashtag') hashtags.add(hashtagOf(tag));
    else if (kind === 'Emoji') emojis.add(emojiOf(tag));
    else if (kind === 'Link') links.add(linksOf(tag)[0] ?? null);
  }
  return {
    mentions: mentions.items(),
    hashtags: hashtags.items(),
    emojis: emojis.items(),
    links: links.items(),
  };
}
