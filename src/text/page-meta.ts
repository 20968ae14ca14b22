/** What a web page says of itself in its head: Open Graph, Twitter cards, plain HTML. Hostile input is expected. */
import sanitizeHtml from 'sanitize-html';
import { parseUrl } from './url.js';

export interface PageMeta {
  title: string;
  description: string;
  siteName: string;
  author: string;
  language: string | null;
  /** ISO time. */
  publishedAt: string | null;
  /** Absolute http(s) address. */
  imageUrl: string | null;
  imageDescription: string;
}

/** The head is near the beginning; what lies further is not read. */
const longestHead = 300_000;
const mostTags = 400;
const limits = { title: 300, description: 1000, name: 200, alt: 1500 } as const;

/** `url` is where the page was found, for relative addresses. Null when it has no title. */
export function readPageMeta(html: string, url: string): PageMeta | null {
  const { meta, title, language } = collect(html.slice(0, longestHead));
  const first = (...names: string[]): string =>
    names.map((n) => meta.get(n) ?? '').find((v) => v !== '') ?? '';
  const shownTitle = first('og:title', 'twitter:title') || title;
  if (shownTitle === '') return null;
  return {
    title: cut(shownTitle, limits.title),
    description: cut(first('og:description', 'twitter:description', 'description'), limits.description),
    siteName: cut(first('og:site_name', 'application-name'), limits.name),
    author: cut(first('author', 'article:author', 'dc.creator'), limits.name),
    language: /^[a-z]{2,3}\b/i.exec(first('og:locale') || language)?.[0].toLowerCase() ?? null,
    publishedAt: toTime(first('article:published_time', 'date', 'dc.date')),
    imageUrl: toUrl(first('og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image'), url),
    imageDescription: cut(first('og:image:alt', 'twitter:image:alt'), limits.alt),
  };
}

interface Head {
  meta: Map<string, string>;
  title: string;
  language: string;
}

/** Walks the markup with the parser of the sanitiser; nothing of its output is used. */
function collect(html: string): Head {
  const head: Head = { meta: new Map(), title: '', language: '' };
  let seen = 0;
  let inTitle = false;
  sanitizeHtml(html, {
    allowedTags: ['title'],
    allowedAttributes: {},
    nonTextTags: ['script', 'style', 'textarea', 'noscript', 'svg', 'body'],
    onOpenTag: (name, attributes) => {
      seen += 1;
      inTitle = name === 'title' && head.title.trim() === '';
      if (name === 'html') head.language = attributes['lang'] ?? '';
      const key = (attributes['property'] ?? attributes['name'] ?? '').toLowerCase().trim();
      if (name !== 'meta' || key === '' || seen > mostTags || head.meta.has(key)) return;
      head.meta.set(key, squeeze(attributes['content'] ?? ''));
    },
    onCloseTag: (name) => {
      if (name === 'title') inTitle = false;
    },
    textFilter: (text) => {
      if (inTitle && head.title.length < 4000) head.title += unescaped(text);
      return '';
    },
  });
  return { ...head, title: squeeze(head.title) };
}

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 4000);
const cut = (text: string, length: number): string => [...text].slice(0, length).join('');

/** The sanitiser hands text on escaped. */
function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function toTime(text: string): string | null {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : null;
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}

function toUrl(text: string, base: string): string | null {
  const url = text === '' || text.length > 4096 ? null : parseUrl(text, base);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : null;
}
