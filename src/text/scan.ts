/**
 * Finds what a person typed that means more than its letters: links, mentions, hashtags.
 * The rules follow Mastodon's extractor, so that a post counts and links the same on both.
 * Every pattern is deterministic (no two ways to match one run), so the time is linear in the length of the text.
 */
import { domainToASCII } from 'node:url';
import { parseUrl } from './url.js';

export interface ScannedMention {
  username: string;
  /** Host in ASCII lower case, with a port only where one was typed; null for a mention without a host. */
  domain: string | null;
  start: number;
  end: number;
}

export interface ScannedHashtag {
  /** As typed, without `#`. */
  name: string;
  /** See `normaliseHashtag`. */
  key: string;
  start: number;
  end: number;
}

export interface ScannedUrl {
  url: string;
  start: number;
  end: number;
}

export interface Scan {
  mentions: ScannedMention[];
  hashtags: ScannedHashtag[];
  urls: ScannedUrl[];
}

/** Schemes that are linked; each link is `scheme://host…`, besides `xmpp:` and `magnet:?`. */
export const linkSchemes: ReadonlySet<string> = new Set(
  ['http', 'https', 'dat', 'dweb', 'ipfs', 'ipns', 'ssb', 'gopher', 'gemini', 'xmpp', 'magnet'].map(
    (s) => `${s}:`,
  ),
);

/** A longer link is plain text, and counts with all its characters. */
const maxUrlLength = 4096;
const maxHashtagLength = 200;
const maxUsernameLength = 128;

const word = String.raw`\p{L}\p{M}\p{Nd}\p{Pc}`;
const separators = String.raw`\u00b7\u30fb\u200c`;
const tail = String.raw`[^\s<>"\p{Cc}\p{Bidi_Control}]`;
const host = String.raw`(?:[${word}-]+(?:\.[${word}-]+)*|\[[0-9A-Fa-f:.]{2,45}\])`;

const urlPattern = new RegExp(
  String.raw`(?<![A-Za-z0-9@\uFF20$#\uFF03])(?:` +
    String.raw`(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini):\/\/${host}(?::\d{1,5})?(?:[/?#]${tail}*)?` +
    String.raw`|xmpp:[${word}.+-]+@${host}(?:[/?]${tail}*)?|magnet:\?${tail}+)`,
  'giu',
);
/** A port is four or five digits: shorter ones are never part of a handle, and `@a@b.example:12` is prose. */
const mentionPattern = new RegExp(
  String.raw`(?<![=/${word}])@([A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*)` +
    String.raw`(?:@([${word}]+(?:[.-]+[${word}]+)*(?::\d{4,5}(?!\d))?))?`,
  'gu',
);
const hashtagPattern = new RegExp(
  String.raw`(?<![=/)\p{Alphabetic}\p{Nd}])#([${word}][${word}${separators}]*)`,
  'gu',
);
const trailingSeparators = new RegExp(`[${separators}]+$`, 'u');
const validHashtag = new RegExp(`^[${word}][${word}${separators}]*$`, 'u');
const hashtagLetter = new RegExp(String.raw`\p{Alphabetic}|(?<=.)[_${separators}](?=.)`, 'u');
const notInHashtag = new RegExp(`[^${word}${separators}]`, 'gu');

/** Punctuation that ends a sentence rather than a link. */
const sentenceEnd = new Set('!*"\'`;:,.?…。，、！？；：「」『』【】《》”’'.split(''));
const openers: Record<string, string> = { ')': '(', ']': '[', '）': '（' };

/** Links, mentions and hashtags of a text, each in order and none overlapping another. Offsets are UTF-16 code units. */
export function scan(text: string): Scan {
  const urls = [...scanUrls(text)];
  const inUrl = outside(urls);
  const mentions = [...scanMentions(text)].filter(inUrl);
  const hashtags = [...scanHashtags(text)].filter(outside(urls)).filter(outside(mentions));
  return { mentions, hashtags, urls };
}

/** The form under which a hashtag is stored and found: NFKC, lower case, only characters a hashtag may hold. */
export function normaliseHashtag(name: string): string {
  const folded = name.normalize('NFKC').toLowerCase().normalize('NFKC');
  // What is taken out may have kept a letter and a mark apart, hence the last step.
  return folded.replace(notInHashtag, '').normalize('NFKC');
}

/** Reads a hashtag from outside (`#Tag` or `Tag`): null unless it is one that could be typed. */
export function parseHashtag(value: unknown): { name: string; key: string } | null {
  if (typeof value !== 'string' || value.length > maxHashtagLength) return null;
  const name = value.trim().replace(/^#/, '');
  if (!validHashtag.test(name) || !hashtagLetter.test(name)) return null;
  const key = normaliseHashtag(name);
  return key === '' ? null : { name, key };
}

/** One string for one account: `username` or `username@domain`, in lower case. */
export function mentionKey(mention: { username: string; domain: string | null }): string {
  const { username, domain } = mention;
  return (domain === null ? username : `${username}@${domain}`).toLowerCase();
}

/** A filter for items in order: true for those that touch none of `taken` (in order as well). */
function outside(
  taken: readonly { start: number; end: number }[],
): (item: { start: number; end: number }) => boolean {
  let i = 0;
  return (item) => {
    while (i < taken.length && (taken[i]?.end ?? 0) <= item.start) i++;
    return (taken[i]?.start ?? Infinity) >= item.end;
  };
}

function* scanUrls(text: string): Generator<ScannedUrl> {
  for (const match of text.matchAll(urlPattern)) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 100);
    // `https://name:password@host`: the part that looks like a host is a user name.
    if (/^(?::[^\s/@]*)?@/u.test(rest)) continue;
    const url = withoutSentenceEnd(match[0]);
    if (isLinkable(url)) yield { url, start: match.index, end: match.index + url.length };
  }
}

function isLinkable(url: string): boolean {
  const parsed = url.length > maxUrlLength ? null : parseUrl(url);
  if (parsed === null) return false;
  const { protocol, hostname } = parsed;
  if (!linkSchemes.has(protocol)) return false;
  if (protocol !== 'http:' && protocol !== 'https:') return true;
  return hostname.includes('.') || hostname.startsWith('[') || hostname === 'localhost';
}

/** Cuts trailing punctuation, and closing brackets that were not opened inside the link. */
function withoutSentenceEnd(url: string): string {
  const count: Record<string, number> = {};
  for (const char of url) count[char] = (count[char] ?? 0) + 1;
  let end = url.length;
  for (; end > 0; end--) {
    const char = url.charAt(end - 1);
    const opener = openers[char];
    const unbalanced = opener !== undefined && (count[char] ?? 0) > (count[opener] ?? 0);
    if (!sentenceEnd.has(char) && !unbalanced) break;
    count[char] = (count[char] ?? 0) - 1;
  }
  return url.slice(0, end);
}

function* scanMentions(text: string): Generator<ScannedMention> {
  for (const match of text.matchAll(mentionPattern)) {
    const end = match.index + match[0].length;
    if (/^(?:[@\uFF20]|:\/\/)/u.test(text.slice(end, end + 3))) continue;
    const username = match[1] ?? '';
    const domain = match[2] === undefined ? null : asciiHost(match[2]);
    if (username.length > maxUsernameLength || domain === '') continue;
    yield { username, domain, start: match.index, end };
  }
}

/** `''` when the text is no host. */
function asciiHost(typed: string): string {
  if (typed.length > 255) return '';
  const [name = '', port] = typed.split(':');
  const ascii = domainToASCII(name).toLowerCase();
  return ascii === '' || port === undefined ? ascii : `${ascii}:${port}`;
}

function* scanHashtags(text: string): Generator<ScannedHashtag> {
  for (const match of text.matchAll(hashtagPattern)) {
    const typed = (match[1] ?? '').slice(0, maxHashtagLength + 1).replace(trailingSeparators, '');
    const end = match.index + 1 + typed.length;
    const parsed = text.startsWith('://', end) ? null : parseHashtag(typed);
    if (parsed !== null) yield { ...parsed, start: match.index, end };
  }
}
