/** What other kinds of objects, and content that is not HTML, look like as a status. */
import { urlAnchor } from './anchors.js';
import { prepareText, toParagraphs } from './compose.js';
import { escapeHtml } from './escape.js';
import { safeHref, sanitiseRemoteHtml, type SanitiseOptions } from './sanitise.js';
import { scan } from './scan.js';

export interface StatusParts {
  /** The object's type, e.g. `Note`, `Article`, `Video`. */
  type: string;
  /** Plain text (Activity Vocabulary, `name`). */
  name?: string | null;
  /** HTML. For Note and Question it is the content warning and not part of the content. */
  summary?: string | null;
  content?: string | null;
  /** Of `content`; HTML where absent. */
  mediaType?: string | null;
  /** The page for people. */
  url?: string | null;
}

/** Types whose `content` is the whole status; all others have a title and a page of their own. */
const native = new Set(['Note', 'Question', 'ChatMessage']);

/** A longer text of a titled object is read on its own page; its summary, or title and link, stand for it here. */
const maxConvertedLength = 20_000;

/**
 * Safe HTML for a remote object. Notes and Questions: their content. Everything else (Article, Page, Video, Audio,
 * Image, Event…) as Mastodon converts it: title, then content where there is one of reasonable length, else the
 * summary, then the link. The caller takes `summary` as content warning for Notes and Questions only.
 */
export function toStatusContent(parts: StatusParts, options: SanitiseOptions = {}): string {
  const content = toHtml(parts.content ?? '', parts.mediaType ?? null, options);
  if (native.has(parts.type)) return content === '' ? titleOf(parts, false) : content;
  const body = content !== '' && content.length <= maxConvertedLength ? content : '';
  const summary = sanitiseRemoteHtml(parts.summary ?? '', options);
  const text = body === '' ? asBlock(summary) : asBlock(body);
  const href = safeHref(parts.url);
  const link = href !== null && /^https?:/i.test(href) ? `<p>${urlAnchor(href)}</p>` : '';
  return titleOf(parts, true) + text + link;
}

/** Escaped text with line breaks and links; for markdown too, whose source is readable as it is. */
export function plainToHtml(text: string): string {
  const prepared = prepareText(text);
  const out: string[] = [];
  let at = 0;
  for (const { url, start, end } of scan(prepared).urls) {
    out.push(escapeHtml(prepared.slice(at, start)), urlAnchor(url));
    at = end;
  }
  out.push(escapeHtml(prepared.slice(at)));
  return toParagraphs(out.join(''));
}

function toHtml(content: string, mediaType: string | null, options: SanitiseOptions): string {
  const type = (mediaType ?? 'text/html').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const isHtml = type === '' || type === 'text/html' || type === 'application/xhtml+xml';
  return sanitiseRemoteHtml(isHtml ? content : plainToHtml(content), options);
}

function titleOf({ name }: StatusParts, strong: boolean): string {
  const title = escapeHtml(prepareText(name ?? '').replace(/\s+/g, ' '));
  if (title === '') return '';
  return strong ? `<p><strong>${title}</strong></p>` : `<p>${title}</p>`;
}

function asBlock(html: string): string {
  return html === '' || /^<(?:p|pre|blockquote|ul|ol)[ >]/.test(html) ? html : `<p>${html}</p>`;
}
