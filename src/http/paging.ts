import type { Request, Response } from 'express';
import type { Page } from '../model/page.js';
import { sendJson } from './bytes.js';
import { queryOf } from './params.js';
import { appStateOf } from './state.js';

const idDigits = 18;

/**
 * The slice a client asks for: `limit` clamped to 1…max, `max_id`, `since_id`, `min_id`. What is no number is ignored,
 * as Mastodon does. Ids are brought to the stored length, so that they compare as text.
 */
export function pageOf(req: Request, limits: { default: number; max: number }): Page {
  const query = queryOf(req);
  return {
    limit: limitOf(query['limit'], limits),
    maxId: boundOf(query['max_id']),
    sinceId: boundOf(query['since_id']),
    minId: boundOf(query['min_id']),
  };
}

/** `limit` alone, for lists that page by offset. */
export function limitOf(raw: unknown, limits: { default: number; max: number }): number {
  const value = Array.isArray(raw) ? raw.at(-1) : raw;
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Math.abs(Number(value)) : 0;
  return number === 0 ? limits.default : Math.min(number, limits.max);
}

function boundOf(raw: unknown): string | undefined {
  const value = Array.isArray(raw) ? raw.at(-1) : raw;
  if (typeof value !== 'string' || !/^\d{1,40}$/.test(value)) return undefined;
  const digits = value.replace(/^0+/, '');
  return digits.length > idDigits ? '9'.repeat(idDigits) : digits.padStart(idDigits, '0');
}

export interface SentPage {
  /** JSON of each item in a list; or an object that holds them. */
  items: object;
  /** The ids that page this list, first to last; may be more than `items` when some were filtered out late. */
  ids: string[];
  /** What leads to newer items on this endpoint (`pagination.prev` in endpoints.json). */
  style: 'min_id' | 'since_id';
  /** Whether `next` is given although the page is shorter than `limit`. */
  nextOnShort: boolean;
  limit: number;
}

/** Sends a page with its `Link` header: absolute URLs, all other query parameters kept. No header on an empty page. */
export function sendPage(req: Request, res: Response, page: SentPage): void {
  const first = page.ids[0];
  const last = page.ids.at(-1);
  if (first !== undefined && last !== undefined) {
    const next = page.nextOnShort || page.ids.length >= page.limit ? { max_id: last } : null;
    setLinks(req, res, { next, prev: { [page.style]: first } });
  }
  sendJson(res, page.items);
}

/** For lists that page by offset (trends, search): links to the neighbours of this page. */
export function sendOffsetPage(
  req: Request,
  res: Response,
  page: { items: unknown[]; offset: number; limit: number },
): void {
  const { items, offset, limit } = page;
  const next = items.length >= limit ? { offset: String(offset + limit) } : null;
  const prev = offset > 0 ? { offset: String(Math.max(0, offset - limit)) } : null;
  if (items.length) setLinks(req, res, { next, prev });
  sendJson(res, items);
}

type Bound = Record<string, string> | null;

function setLinks(req: Request, res: Response, links: { next: Bound; prev: Bound }): void {
  // Without a bound in it, no link leads to this page itself.
  const own = /(?:_id|offset)=/.test(req.originalUrl) ? linkTo(req, null) : null;
  const texts = Object.entries(links).flatMap(([rel, bound]) => {
    const url = bound && linkTo(req, bound);
    return url && url !== own ? [`<${url}>; rel="${rel}"`] : [];
  });
  if (texts.length) res.set('Link', texts.join(', '));
}

/** What a client sends comes back in a header, and proxies take headers of a few KB: a longer query is cut to its beginning. */
const longestQuery = 1024;

function bounded(given: URLSearchParams): URLSearchParams {
  let left = longestQuery;
  return new URLSearchParams([...given].filter(([name, value]) => (left -= name.length + value.length) >= 0));
}

/** This request's URL under our public origin with other bounds; unchanged when `bound` is null. */
function linkTo(req: Request, bound: Bound): string {
  const [path = '/', query = ''] = splitOnce(req.originalUrl, '?');
  const url = new URL(appStateOf(req).origin);
  url.pathname = path;
  const params = bounded(new URLSearchParams(query));
  params.delete('access_token');
  if (bound) {
    for (const name of ['max_id', 'min_id', 'since_id', 'offset']) params.delete(name);
    for (const [name, value] of Object.entries(bound)) params.set(name, value);
  }
  // Clients split this header at commas and semicolons; parameters encode both already.
  url.search = params.toString();
  url.pathname = url.pathname.replaceAll(',', '%2C').replaceAll(';', '%3B');
  return url.href;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
