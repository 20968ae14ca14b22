import { parseParameters } from '../signature/cavage-header.js';
import { fieldValue, type RequestHeaders } from '../signature/request.js';
import { isHttpIri } from '../vocabulary/iris.js';

/** The name of the field as Node spells it. */
export const SYNCHRONIZATION_FIELD = 'collection-synchronization';

/** What a sender says about those of its actor's followers who live on the receiver's server (FEP-8fcf). */
export interface FollowersSummary {
  /** The actor's followers collection. */
  collectionId: string;
  /** Where the receiver, and nobody else, can see who they are. */
  url: string;
  /** From `followersDigest`. */
  digest: string;
}

/** Three URLs' worth of text. */
const maxLength = 6500;

/** The value of a `Collection-Synchronization` field, in Mastodon's order. */
export function formatSummary({ collectionId, url, digest }: FollowersSummary): string {
  return `collectionId="${collectionId}", digest="${digest}", url="${url}"`;
}

/**
 * Reads the field from a request whose signature was found good. Null where there is none, where it is malformed, and where
 * the signature does not cover it: then anybody on the way may have written it. Whether the actor may say this is for the
 * caller to judge (`collectionId` and `url` belong to the actor). @param covered names of the signed fields, in lower case
 */
export function readSummary(headers: RequestHeaders, covered: readonly string[]): FollowersSummary | null {
  const text = covered.includes(SYNCHRONIZATION_FIELD) ? fieldValue(headers, SYNCHRONIZATION_FIELD) : null;
  const found = text === null || text.length > maxLength ? null : parseParameters(text);
  const [collectionId, url, digest] = ['collectionId', 'url', 'digest'].map((name) => found?.get(name) ?? '');
  if (!collectionId || !url || !isHttpIri(url) || !/^[0-9a-f]{64}$/i.test(digest ?? '')) return null;
  return { collectionId, url, digest: (digest ?? '').toLowerCase() };
}
