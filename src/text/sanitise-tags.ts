/**
 * The second half of the sanitiser: works on what sanitize-html wrote, where every `<` opens a known tag, every
 * `>` ends one and tags are well nested. One pass, linear.
 */
import { stripTags, unescapeHtml } from './escape.js';
import { parseUrl } from './url.js';

export interface TagFacts {
  /** See `SanitiseOptions`. */
  mentionUrls?: ReadonlySet<string>;
  /** Whether a link text that shows another host gets the real one behind it. */
  revealHosts: boolean;
}

interface OpenLink {
  /** Where its opening tag begins in the output. */
  at: number;
  /** Null: the anchor is dropped and its content stays. */
  href: string | null;
}

const linkLike = /^\s*(?:https?:\/\/|www\.)/i;
const tagPattern = /<(\/?)([a-z][a-z0-9]*)([^>]*)>/g;

/**
 * Headings become strong paragraphs, as in Mastodon. Links without a target and links within links are unwrapped.
 * A text that names another host than the link's gets the real one behind it (Mastodon CVE-2023-36462).
 */
export function rewriteTags(html: string, facts: TagFacts): string {
  const out: string[] = [];
  const links: OpenLink[] = [];
  let at = 0;
  for (const match of html.matchAll(tagPattern)) {
    out.push(html.slice(at, match.index));
    at = match.index + match[0].length;
    const [tag, slash, name = '', attributes = ''] = match;
    if (/^h[1-6]$/.test(name)) out.push(slash === '' ? '<p><strong>' : '</strong></p>');
    else if (name !== 'a') out.push(tag);
    else if (slash === '') openLink(out, links, { tag, attributes, facts });
    else closeLink(out, links, facts);
  }
  out.push(html.slice(at));
  return out.join('');
}

interface Anchor {
  tag: string;
  attributes: string;
  facts: TagFacts;
}

function openLink(out: string[], links: OpenLink[], { tag, attributes, facts }: Anchor): void {
  const href = /(?:^| )href="([^"]*)"/.exec(attributes)?.[1] ?? null;
  const nested = links.some((link) => link.href !== null);
  links.push({ at: out.length, href: nested ? null : href });
  if (href === null || nested) return;
  const known = facts.mentionUrls === undefined || facts.mentionUrls.has(unescapeHtml(href));
  out.push(known ? tag : withoutMentionClass(tag));
}

function closeLink(out: string[], links: OpenLink[], { revealHosts }: TagFacts): void {
  const link = links.pop();
  if (link === undefined || link.href === null) return;
  const inner = out.slice(link.at).join('');
  const visible = visibleText(inner);
  const real = !revealHosts ? null : hostOf(unescapeHtml(link.href));
  const marked = visible.endsWith(` [${real}]`);
  if (real !== null && !marked && claimedHosts(stripTags(inner), visible).some((host) => host !== real)) {
    out.push(` [${real}]`);
  }
  out.push('</a>');
}

/** The hosts that a link's text makes a reader believe in: as it is copied, and as it is seen. */
function claimedHosts(text: string, visible: string): (string | null)[] {
  const claims = linkLike.test(text) ? [hostOf(text.trim())] : [];
  const seen = visible.trim();
  if (linkLike.test(seen)) claims.push(hostOf(seen));
  else if (linkLike.test(text) && visible !== text && seen !== '' && !isCutHost(seen, claims[0])) {
    claims.push(hostOf(`https://${seen}`));
  }
  return claims;
}

/** Mastodon shows 30 characters of a link, and so only a part of a longer host. */
function isCutHost(seen: string, host: string | null | undefined): boolean {
  return seen.length >= 30 && host != null && host.startsWith(seen);
}

/** Without what stands in spans of the class `invisible`. */
function visibleText(html: string): string {
  const out: string[] = [];
  let hidden = 0;
  let at = 0;
  for (const match of html.matchAll(tagPattern)) {
    if (hidden === 0) out.push(html.slice(at, match.index));
    at = match.index + match[0].length;
    const [, slash, name, attributes = ''] = match;
    if (name === 'br') continue;
    if (hidden > 0) hidden += slash === '' ? 1 : -1;
    else if (/(?:^| )class="[^"]*\binvisible\b/.test(attributes)) hidden = 1;
  }
  if (hidden === 0) out.push(html.slice(at));
  return unescapeHtml(out.join(''));
}

function withoutMentionClass(tag: string): string {
  if (/class="[^"]*\bhashtag\b/.test(tag)) return tag;
  return tag.replace(/ class="([^"]*)"/, (_, value: string) => {
    const kept = value.split(' ').filter((name) => name !== 'mention' && name !== 'u-url');
    return kept.length === 0 ? '' : ` class="${kept.join(' ')}"`;
  });
}

/** The host without `www.`; `?` for a text that looks like a link and is none; null for schemes without a web host. */
function hostOf(text: string): string | null {
  const url = /^www\./i.test(text) ? `https://${text}` : text;
  // A shortened link ends in an ellipsis; a text that goes on after the link does so after a space.
  const first = (url.split(/[\s…]/, 1)[0] ?? '').replace(/\.{3,}$/, '');
  if (!/^https?:/i.test(first)) return null;
  return parseUrl(first)?.host.replace(/^www\./, '') ?? '?';
}
