import { isSameHost } from '../vocabulary/iris.js';
import { toUrl } from '../vocabulary/url.js';
import { AS_MEDIA_TYPE } from '../vocabulary/names.js';

/** How much of a page is searched: the head is at the top. */
const SEARCHED = 256 * 1024;

const entities: Record<string, string> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>' };
const unescape = (value: string): string =>
  value.replaceAll(/&(amp|quot|apos|lt|gt);/g, (_, name: string) => entities[name] ?? '');

function isActivityLink(rel: string, type: string): boolean {
  const essence = type.split(';', 1)[0]?.trim().toLowerCase();
  return rel.toLowerCase().split(/\s+/).includes('alternate') && essence === AS_MEDIA_TYPE;
}

/** Parameters of one link of a `Link` header, or attributes of a `<link>`; the first of a name counts. */
function attributes(source: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, double, single, bare] of source.matchAll(
    /([a-z][a-z-]{0,30})\s{0,9}=\s{0,9}(?:"([^"]{0,4096})"|'([^']{0,4096})'|([^\s"'>;,]{1,4096}))/gi,
  )) {
    const key = (name ?? '').toLowerCase();
    if (!found.has(key)) found.set(key, double ?? single ?? bare ?? '');
  }
  return found;
}

function* fromHeader(header: string): Generator<string> {
  for (const part of header.slice(0, 16_384).split(/,\s{0,9}(?=<)/)) {
    const [, target = '', parameters = ''] = /^\s*<([^<>]*)>(.*)$/s.exec(part) ?? [];
    const found = attributes(parameters);
    if (target !== '' && isActivityLink(found.get('rel') ?? '', found.get('type') ?? '')) yield target;
  }
}

function* fromPage(html: string): Generator<string> {
  for (const [tag] of html.matchAll(/<link\s[^<>]{1,8192}>/gi)) {
    const found = attributes(tag);
    const href = found.get('href');
    if (href && isActivityLink(found.get('rel') ?? '', found.get('type') ?? '')) yield unescape(href);
  }
}

/**
 * The ActivityStreams form of an HTML page: a `Link` header or `<link rel="alternate" type="application/activity+json">`
 * that stays on the page's own host. Null when there is none; a link to another host is no statement of this one.
 */
export function findAlternate(page: {
  url: string;
  headers: Record<string, string>;
  body: Buffer;
}): string | null {
  const html = page.body.toString('utf8', 0, SEARCHED);
  for (const found of [fromHeader(page.headers['link'] ?? ''), fromPage(html)]) {
    for (const href of found) {
      const target = toUrl(href, page.url)?.href;
      if (target !== undefined && isSameHost(target, page.url)) return target;
    }
  }
  return null;
}
