import type { DocumentLoader, JsonObject, LoadedDocument } from '../ports.js';
import { hostOf, isHttpIri, isSameDocument, withoutFragment } from '../vocabulary/iris.js';
import { parseJsonObject, type JsonLimits } from '../vocabulary/json.js';
import { LIMITS } from '../vocabulary/limits.js';
import { AS_ACCEPT, AS_MEDIA_TYPE, AS_NAMESPACE } from '../vocabulary/names.js';
import { ownIdOf } from '../vocabulary/values.js';
import { findAlternate } from './alternate.js';
import type { HttpClient, HttpRequest } from './client.js';
import { explainFailure } from './explain.js';
import type { HttpOutcome, HttpResponse } from './outcome.js';

export interface DocumentLoaderOptions {
  http: HttpClient;
  /** Signs the GET of each hop (servers in secure mode answer nothing else). */
  sign?: HttpRequest['sign'];
  /** Hosts that nothing is loaded from, whichever document led there: blocked domains. Default: none. */
  isRefused?: (host: string) => boolean | Promise<boolean>;
  /** Milliseconds for one document with its redirects. */
  timeoutMs?: number;
  maxBytes?: number;
  redirects?: number;
  /** Depth and number of members. */
  json?: Partial<JsonLimits>;
}

type Failed = Exclude<LoadedDocument, { outcome: 'ok' }>;
type Retrieved = { outcome: 'ok'; document: JsonObject; requested: string; url: string };

const failed = (outcome: Failed['outcome'], reason: string): Failed => ({ outcome, reason });

/**
 * True for the two media types that say "this is ActivityStreams" (ActivityPub section 3.2). Plain JSON, text and
 * `application/ld+json` without the profile are what file uploads come as (Mastodon CVE-2024-25623).
 */
export function isActivityStreamsType(header: string | undefined): boolean {
  const [essence = '', ...parameters] = (header ?? '').toLowerCase().split(';');
  if (essence.trim() === AS_MEDIA_TYPE) return true;
  if (essence.trim() !== 'application/ld+json') return false;
  const profile = parameters.map((part) => part.trim()).find((part) => part.startsWith('profile='));
  const profiles = profile?.slice('profile='.length).replaceAll(/^"|"$/g, '').split(/\s+/) ?? [];
  return profiles.includes(AS_NAMESPACE);
}

/** A document may speak for its id when it came from the id's host, asked for under that id or redirected to it. */
function speaksFor(found: Retrieved, id: string): boolean {
  return (
    hostOf(id) !== null &&
    hostOf(id) === hostOf(found.url) &&
    (isSameDocument(id, found.url) || isSameDocument(id, found.requested))
  );
}

/**
 * Loads ActivityStreams documents. A document is only taken from its own id: when it names another one, that is asked
 * once, and a second contradiction is final (Mastodon CVE-2024-23832, Misskey CVE-2024-52591). A page for people that
 * links to its ActivityStreams form on the same host is followed to it, once. Requests for the same URL at the same
 * time share one answer.
 */
export function createDocumentLoader(options: DocumentLoaderOptions): DocumentLoader {
  const { http, sign, timeoutMs = 10_000, maxBytes = LIMITS.documentBytes, redirects = 3 } = options;

  const get = (url: string): Promise<HttpOutcome> =>
    http.request({
      method: 'GET',
      url: withoutFragment(url),
      headers: { accept: AS_ACCEPT },
      contentTypes: [AS_MEDIA_TYPE, 'application/ld+json', 'text/html', 'application/xhtml+xml'],
      maxBytes,
      timeoutMs,
      redirects,
      ...(sign === undefined ? {} : { sign }),
    });

  const read = (response: HttpResponse, requested: string): Retrieved | Failed => {
    if (!isActivityStreamsType(response.headers['content-type'])) return failed('invalid', 'content-type');
    const parsed = parseJsonObject(response.body, { ...options.json, maxBytes });
    if (parsed.outcome === 'invalid') return failed('invalid', parsed.reason);
    return { outcome: 'ok', document: parsed.value, requested, url: response.url };
  };

  const retrieve = async (requested: string, mayBePage: boolean): Promise<Retrieved | Failed> => {
    if (await options.isRefused?.(hostOf(requested) ?? '')) return failed('refused', 'host');
    const answer = await get(requested);
    const problem = explainFailure(answer);
    if (problem || answer.outcome !== 'response') return problem ?? failed('unavailable', 'no answer');
    const isPage = /^(?:text\/html|application\/xhtml\+xml)\b/i.test(answer.headers['content-type'] ?? '');
    if (!isPage || !mayBePage) return read(answer, requested);
    const alternate = findAlternate(answer);
    return alternate === null ? failed('invalid', 'content-type') : retrieve(alternate, false);
  };

  const load = async (url: string): Promise<LoadedDocument> => {
    if (!isHttpIri(url)) return failed('refused', 'bad-url');
    const found = await retrieve(url, true);
    if (found.outcome !== 'ok') return found;
    const id = ownIdOf(found.document);
    if (id === null || !isHttpIri(id)) return failed('invalid', 'no-id');
    if (speaksFor(found, id)) return { outcome: 'ok', document: found.document, url: found.url };
    const origin = await retrieve(id, false);
    if (origin.outcome !== 'ok') return origin;
    if (ownIdOf(origin.document) !== id || !speaksFor(origin, id)) return failed('invalid', 'id-mismatch');
    return { outcome: 'ok', document: origin.document, url: origin.url };
  };

  const underWay = new Map<string, Promise<LoadedDocument>>();
  return {
    load(url) {
      const key = withoutFragment(url);
      const known = underWay.get(key);
      if (known) return known;
      const pending = load(url).finally(() => underWay.delete(key));
      underWay.set(key, pending);
      return pending;
    },
  };
}
