/**
 * HTML from other servers to HTML that is safe to store, show and pass on. What is kept follows Mastodon's
 * sanitiser (lib/sanitize_ext), since that is what clients are built for.
 */
import sanitizeHtml from 'sanitize-html';
import { stripTags } from './escape.js';
import { linkSchemes } from './scan.js';
import { rewriteTags, type TagFacts } from './sanitise-tags.js';
import { parseUrl } from './url.js';

export interface SanitiseOptions {
  /**
   * The `href`s of the object's Mention tags. When given, an anchor that only looks like a mention loses that look.
   */
  mentionUrls?: ReadonlySet<string>;
}

/** Longer input is cut before anything else looks at it (UTF-16 code units). */
export const maxHtmlLength = 500_000;
/** The parser's work grows with the square of unclosed tags; this keeps its worst case well under 100 ms. */
const maxTags = 10_000;
const maxDepth = 50;
/** Two rounds settle all markup that was not made to resist. */
const maxRounds = 6;

const inline = ['br', 'span', 'a', 'del', 's', 'code', 'b', 'strong', 'u', 'i', 'em', 'ruby', 'rt', 'rp'];
const blocks = ['p', 'pre', 'blockquote', 'ul', 'ol', 'li'];
const headings = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
/** Elements whose text was never meant to be read, or that browsers read as raw text. */
const dropped = 'script style textarea option xmp title noscript noembed noframes iframe plaintext'.split(
  ' ',
);

/** Microformats, mentions, hashtags, shortened links, quote fall-backs. */
const classes = [/^(?:(?:h|p|u|dt|e)-[A-Za-z0-9_-]{1,40}|mention|hashtag|ellipsis|invisible|quote-inline)$/];

const options: sanitizeHtml.IOptions = {
  allowedTags: [...inline, ...blocks, ...headings],
  allowedAttributes: {
    a: ['href', 'rel', 'class', 'target', 'translate'],
    span: ['class', 'translate'],
    p: ['class'],
    ol: ['start', 'reversed'],
    li: ['value'],
  },
  allowedClasses: { a: classes, span: classes, p: classes },
  allowedSchemes: [...linkSchemes].map((scheme) => scheme.slice(0, -1)).concat('mailto'),
  allowProtocolRelative: false,
  nonTextTags: dropped,
  nestingLimit: maxDepth,
  transformTags: {
    a: (tagName, attribs) => ({ tagName, attribs: linkAttributes(attribs) }),
    span: (tagName, attribs) => ({ tagName, attribs: translateNo(attribs) }),
    ol: (tagName, attribs) => ({ tagName, attribs: listAttributes(attribs) }),
    li: (tagName, attribs) => ({ tagName, attribs: integerAttribute(attribs, 'value') }),
  },
};

/**
 * Safe HTML: only the allowed elements, attributes, classes and schemes; every link with `rel` and `target`; a link
 * text that shows another host than it leads to is followed by the real one. Total and idempotent.
 */
export function sanitiseRemoteHtml(html: string, facts: SanitiseOptions = {}): string {
  return settle(html, { ...facts, revealHosts: true });
}

/** What a parser would read in another way than it is written, or that may not stay. */
// oxlint-disable-next-line no-control-regex -- finding them is the point
const unsettled = /[&\u0000-\u0009\u000b-\u001f\u007f]|\p{Surrogate}/u;
/** Longer ones are few, and the limits above are for them. */
const maxPlainLength = 20_000;

/** True for paragraphs of text with line ends and nothing else: most posts, and all there is to settle is settled. */
function isSettled(html: string): boolean {
  if (html.length > maxPlainLength || unsettled.test(html)) return false;
  let open = false;
  let from = 0;
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', from)) {
    const tag = ['<br />', open ? '</p>' : '<p>'].find((t) => html.startsWith(t, at));
    if (tag === undefined || html.slice(from, at).includes('>')) return false;
    if (tag !== '<br />') open = !open;
    from = at + tag.length;
  }
  return !open && !html.includes('>', from);
}

function settle(html: string, facts: TagFacts): string {
  if (isSettled(html)) return html;
  let current = html;
  for (let i = 0; i < maxRounds; i++) {
    const next = rewriteTags(sanitizeHtml(bounded(current), options), facts);
    // What a further round leaves alone is what every reader will parse alike.
    if (next === current) return next;
    current = next;
  }
  // Not reached by anything known: markup that never settles keeps its text only.
  return sanitizeHtml(bounded(current), { ...options, allowedTags: [] });
}

/** Text of HTML (ours or anybody's) for search, notifications, mail and previews. Line ends are kept, entities decoded. */
export const toPlainText = (html: string): string => settledToPlainText(settle(html, { revealHosts: false }));

/** The same for HTML that was sanitised before it was stored. */
export function settledToPlainText(html: string): string {
  const broken = html
    // Clients that know quotes do not show this paragraph either.
    .replace(/<(p|span) class="quote-inline">[^<]*(?:<(?!\/\1>)[^<]*)*<\/\1>/g, '')
    .replace(/\n/g, ' ')
    .replace(/<br \/>/g, '\n')
    .replace(/<\/(?:p|blockquote|pre|ul|ol)>/g, '\n\n')
    .replace(/<\/li>/g, '\n');
  return stripTags(broken)
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function bounded(html: string): string {
  let end = Math.min(html.length, maxHtmlLength);
  let tags = 0;
  for (let at = html.indexOf('<'); at !== -1 && at < end; at = html.indexOf('<', at + 1)) {
    if (++tags > maxTags) end = at;
  }
  return (
    html
      .slice(0, end)
      // oxlint-disable-next-line no-control-regex -- removing them is the point
      .replace(/[\u0000-\u0008\u000b\u000e-\u001f\u007f]/g, '')
      .replace(/\p{Surrogate}/gu, '\ufffd')
  );
}

/** No `href` at all where the target is not a plain absolute URL of a known scheme: rewriteTags removes the link then. */
function linkAttributes(given: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  const href = safeHref(given['href']);
  if (href === null) return {};
  const rel = given['rel']?.split(/\s+/).includes('tag') === true ? 'tag ' : '';
  const kept = given['class'] === undefined ? {} : { class: given['class'] };
  return {
    href,
    ...kept,
    rel: `${rel}nofollow noopener noreferrer`,
    target: '_blank',
    ...translateNo({ translate: given['translate'] ?? '' }),
  };
}

/** Also for URLs in properties: the URL when a browser may follow it, null otherwise. */
export function safeHref(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 8192) return null;
  const href = value.trim();
  const scheme = /^([a-z]+):/i.exec(href)?.[1]?.toLowerCase() ?? '';
  if (scheme !== 'mailto' && !linkSchemes.has(`${scheme}:`)) return null;
  // oxlint-disable-next-line no-control-regex -- browsers drop these inside a URL, so that they hide a scheme
  if (/[\u0000-\u001f\u007f\\]/.test(href)) return null;
  if (scheme.startsWith('http') && !/^https?:\/\/[^/]/i.test(href)) return null;
  return parseUrl(href) === null ? null : href;
}

function translateNo(given: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  const { translate, ...rest } = given;
  return translate === 'no' ? { ...rest, translate } : rest;
}

function listAttributes(given: sanitizeHtml.Attributes): sanitizeHtml.Attributes {
  const start = integerAttribute(given, 'start');
  return 'reversed' in given ? { ...start, reversed: '' } : start;
}

function integerAttribute(given: sanitizeHtml.Attributes, name: string): sanitizeHtml.Attributes {
  const value = given[name];
  return value !== undefined && /^-?\d{1,9}$/.test(value) ? { [name]: value } : {};
}
