import { parseUrl } from '../../text/url.js';

/** Classes of links that are no links out: mentions, hashtags, and the like. */
const inner = /(?:^|\s)(?:mention|hashtag|u-url|h-card|quote-inline)(?:\s|$)/;

/** The first link out of safe HTML; null when there is none. Quotes' fall-back paragraphs do not count. */
export function findFirstLink(html: string): string | null {
  const body = html.replace(/<(p|span) class="quote-inline">.*?<\/\1>/gs, '');
  for (const [, attributes = ''] of body.matchAll(/<a\s([^>]*)>/g)) {
    const href = attributeOf(attributes, 'href');
    if (href === null || inner.test(attributeOf(attributes, 'class') ?? '')) continue;
    if (/^https?:\/\//i.test(href) && href.length <= 2048 && parseUrl(href)) return href;
  }
  return null;
}

function attributeOf(attributes: string, name: string): string | null {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1];
  return value === undefined ? null : decode(value);
}

function decode(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
