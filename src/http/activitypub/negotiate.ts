import type { Request } from 'express';
import { AS_MEDIA_TYPE, LD_MEDIA_TYPE } from '../../../federation/vocabulary/names.js';

/** What a request wants to see at a URL that has a document for machines and a page for people. */
export type Wanted = 'activity' | 'page';

interface Range {
  type: string;
  quality: number;
}

const pageTypes = new Set(['text/html', 'application/xhtml+xml']);
const documentTypes = new Set(['application/activity+json', 'application/ld+json', 'application/json']);
/** More ranges than this are nobody's real wish. */
const maxRanges = 32;

/** Reads an Accept header (RFC 9110 section 12.5.1). Parameters other than `q` are dropped: quotes may hold commas. */
function rangesOf(accept: string): Range[] {
  const parts = accept.slice(0, 2000).match(/(?:[^",]|"[^"]*")+/g) ?? [];
  return parts.slice(0, maxRanges).map((part) => {
    const [type = '', ...parameters] = part.split(';');
    const given = parameters.map((p) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(p)?.[1]).find(Boolean);
    return { type: type.trim().toLowerCase(), quality: given === undefined ? 1 : Number(given) };
  });
}

const best = (ranges: readonly Range[], types: ReadonlySet<string>): number =>
  Math.max(0, ...ranges.filter((r) => types.has(r.type)).map((r) => r.quality));

/**
 * Whoever names HTML as much as any JSON is a browser. A client that names neither (`*` + `/*`, or no header at all)
 * gets what the URL is at heart: `otherwise`.
 */
export function wantedBy(accept: string | undefined, otherwise: Wanted): Wanted {
  // As nearly all do who ask for a document.
  if (otherwise === 'activity' && !/html/i.test(accept ?? '')) return otherwise;
  const ranges = rangesOf(accept ?? '');
  const [page, document] = [best(ranges, pageTypes), best(ranges, documentTypes)];
  if (page === 0 && document === 0) return otherwise;
  return page >= document ? 'page' : 'activity';
}

export const wantedOf = (req: Request, otherwise: Wanted): Wanted => wantedBy(req.get('accept'), otherwise);

/** `application/activity+json`, unless only the other name of the same thing was asked for (ActivityPub section 3.2). */
export function documentType(accept = ''): string {
  return /ld\+json/i.test(accept) && isOnlyLd(accept) ? LD_MEDIA_TYPE : `${AS_MEDIA_TYPE}; charset=utf-8`;
}

function isOnlyLd(accept: string): boolean {
  const named = new Set(rangesOf(accept).flatMap((r) => (r.quality > 0 ? [r.type] : [])));
  return named.has('application/ld+json') && !named.has(AS_MEDIA_TYPE) && !named.has('*/*');
}
