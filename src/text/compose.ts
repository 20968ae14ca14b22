/**
 * Turns what a local user typed into the HTML that is stored, shown and federated. Two steps, so that this room
 * needs no network: `scan` (scan.ts) tells which accounts are mentioned; the caller finds them, by WebFinger
 * where it must; `render` or `compose` take what was found.
 */
import { hashtagAnchor, mentionAnchor, urlAnchor } from './anchors.js';
import { escapeHtml } from './escape.js';
import { mentionKey, scan, type Scan } from './scan.js';

/** An account that a mention was found to mean. `domain` is null for accounts of this server. */
export interface ResolvedMention {
  username: string;
  domain: string | null;
  /** Its profile page. */
  url: string;
}

export interface ComposeFacts<M extends ResolvedMention = ResolvedMention> {
  /** By `mentionKey` of what was scanned. A mention that is not here stays plain text. */
  mentions: ReadonlyMap<string, M>;
  /** The page of a hashtag, by its key. */
  tagUrl: (key: string) => string;
}

export interface Composed<M extends ResolvedMention = ResolvedMention> {
  html: string;
  /** Each account once, in order of first mention. */
  mentions: M[];
  /** Each hashtag once, with the spelling that came first. */
  hashtags: { name: string; key: string }[];
  /** Each http(s) link once. */
  links: string[];
}

/** Plain text to paragraphs of safe HTML, and what it refers to. Never throws; an empty text gives an empty string. */
export function compose<M extends ResolvedMention>(text: string, facts: ComposeFacts<M>): Composed<M> {
  const prepared = prepareText(text);
  const found = scan(prepared);
  const mentions = new Map<string, M>();
  for (const mention of found.mentions) {
    const account = facts.mentions.get(mentionKey(mention));
    if (account !== undefined && !mentions.has(mentionKey(account)))
      mentions.set(mentionKey(account), account);
  }
  const hashtags = new Map<string, { name: string; key: string }>();
  for (const { name, key } of found.hashtags) if (!hashtags.has(key)) hashtags.set(key, { name, key });
  return {
    html: toParagraphs(renderScanned(prepared, found, facts)),
    mentions: [...mentions.values()],
    hashtags: [...hashtags.values()],
    links: [...new Set(found.urls.map((u) => u.url).filter((url) => /^https?:/i.test(url)))],
  };
}

/** The HTML of `compose` alone. */
export function render(text: string, facts: ComposeFacts): string {
  return compose(text, facts).html;
}

/** As `render`, on one line and without paragraphs. `relMe` marks links as pages of the same person. */
export function renderInline(text: string, facts: ComposeFacts, options: { relMe?: boolean } = {}): string {
  const prepared = prepareText(text).replace(/\n+/g, ' ');
  return renderScanned(prepared, scan(prepared), facts, options);
}

/** Unix line ends, no control characters, no half characters, no space around it. */
export function prepareText(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n')
      // oxlint-disable-next-line no-control-regex -- removing them is the point
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
      .replace(/\p{Surrogate}/gu, '\ufffd')
      .trim()
  );
}

/** Escaped text with line ends to `<p>` and `<br />`, as Rails' simple_format does it for Mastodon. */
export function toParagraphs(html: string): string {
  if (html === '') return '';
  const paragraphs = html.split(/\n{2,}/).map((p) => `<p>${p.replaceAll('\n', '<br />')}</p>`);
  return paragraphs.join('');
}

function renderScanned(
  text: string,
  found: Scan,
  facts: ComposeFacts,
  options: { relMe?: boolean } = {},
): string {
  const ambiguous = ambiguousNames(found, facts);
  const pieces: { start: number; end: number; html: string }[] = [];
  for (const { url, start, end } of found.urls) pieces.push({ start, end, html: urlAnchor(url, options) });
  for (const { name, key, start, end } of found.hashtags) {
    pieces.push({ start, end, html: hashtagAnchor(facts.tagUrl(key), name) });
  }
  for (const mention of found.mentions) {
    const account = facts.mentions.get(mentionKey(mention));
    if (account === undefined) continue;
    const { username, domain, url } = account;
    const shown =
      domain !== null && ambiguous.has(username.toLowerCase()) ? `${username}@${domain}` : username;
    pieces.push({ start: mention.start, end: mention.end, html: mentionAnchor(url, shown) });
  }
  pieces.sort((a, b) => a.start - b.start);
  const out: string[] = [];
  let at = 0;
  for (const piece of pieces) {
    out.push(escapeHtml(text.slice(at, piece.start)), piece.html);
    at = piece.end;
  }
  out.push(escapeHtml(text.slice(at)));
  return out.join('');
}

/** User names that two of the mentioned accounts share: they are shown with their hosts. */
function ambiguousNames(found: Scan, facts: ComposeFacts): Set<string> {
  const keysOf = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const mention of found.mentions) {
    const account = facts.mentions.get(mentionKey(mention));
    if (account === undefined) continue;
    const name = account.username.toLowerCase();
    const key = mentionKey(account);
    if ((keysOf.get(name) ?? key) !== key) ambiguous.add(name);
    keysOf.set(name, key);
  }
  return ambiguous;
}
