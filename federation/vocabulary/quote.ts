import { isHttpIri } from './iris.js';
import type { RemoteLink } from './links.js';
import { idOf, type Loose } from './values.js';

export interface RemoteQuote {
  /** The quoted object's id. */
  uri: string;
  /** FEP-044f stamp of the quoted author; to be fetched and checked. */
  authorization: string | null;
  /** True when the quote was told only in a form without consent (`quoteUri` and the like). */
  legacy: boolean;
}

/** In the order in which they are believed when they disagree. */
const legacyTerms = ['quoteUri', 'quoteUrl', '_misskey_quote'];

const quoteRels = [
  'https://misskey-hub.net/ns#_misskey_quote',
  'https://w3id.org/fep/044f#quote',
  'http://fedibird.com/ns#quoteUri',
  'https://www.w3.org/ns/activitystreams#quoteUrl',
];

/** FEP-e232: a Link tag to an ActivityStreams object that says that it is a quote, by `rel` or by its text "RE: …". */
function isQuoteLink(link: RemoteLink): boolean {
  if (link.rel.some((rel) => quoteRels.includes(rel))) return true;
  const names = link.mediaType === 'application/ld+json' || link.mediaType === 'application/activity+json';
  return names && /^(?:RE|QT): /.test(link.name ?? '');
}

/** What an object quotes, in any of the five spellings in use; null for none, and for an object that quotes itself. */
export function quoteOf(object: Loose, id: string | null, links: readonly RemoteLink[]): RemoteQuote | null {
  const current = idOf(object['quote']);
  const legacy = legacyTerms.map((term) => idOf(object[term])).find((uri) => uri !== null);
  const uri = current ?? legacy ?? links.find(isQuoteLink)?.href ?? null;
  if (uri === null || uri === id || !isHttpIri(uri)) return null;
  return { uri, authorization: idOf(object['quoteAuthorization']), legacy: current === null };
}
