import type { Json, JsonObject } from '../../federation/ports.js';
import { AS_NAMESPACE } from '../../federation/vocabulary/names.js';

const securityContext = 'https://w3id.org/security/v1';
/** Terms of the security vocabulary that its first context has. */
const securityTerms = new Set(['publicKey', 'publicKeyPem', 'owner']);

const prefixes: Readonly<Record<string, string>> = {
  toot: 'http://joinmastodon.org/ns#',
  schema: 'http://schema.org#',
  gts: 'https://gotosocial.org/ns#',
  misskey: 'https://misskey-hub.net/ns#',
};

const idTerm = (id: string): JsonObject => ({ '@id': id, '@type': '@id' });

/** What we write beyond ActivityStreams' own context, in the spellings that Mastodon uses. */
const extensionTerms: Readonly<Record<string, Json>> = {
  manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
  sensitive: 'as:sensitive',
  Hashtag: 'as:Hashtag',
  movedTo: idTerm('as:movedTo'),
  alsoKnownAs: idTerm('as:alsoKnownAs'),
  featured: idTerm('toot:featured'),
  featuredTags: idTerm('toot:featuredTags'),
  discoverable: 'toot:discoverable',
  indexable: 'toot:indexable',
  memorial: 'toot:memorial',
  suspended: 'toot:suspended',
  attributionDomains: idTerm('toot:attributionDomains'),
  Emoji: 'toot:Emoji',
  blurhash: 'toot:blurhash',
  focalPoint: { '@container': '@list', '@id': 'toot:focalPoint' },
  votersCount: 'toot:votersCount',
  PropertyValue: 'schema:PropertyValue',
  value: 'schema:value',
  webfinger: 'https://purl.archive.org/socialweb/webfinger#webfinger',
  // FEP-521a. By name, not by the DID contexts: those protect terms that others define again.
  assertionMethod: {
    '@id': 'https://w3id.org/security#assertionMethod',
    '@type': '@id',
    '@container': '@set',
  },
  Multikey: 'https://w3id.org/security#Multikey',
  controller: idTerm('https://w3id.org/security#controller'),
  publicKeyMultibase: {
    '@id': 'https://w3id.org/security#publicKeyMultibase',
    '@type': 'https://w3id.org/security#multibase',
  },
  // FEP-044f and the older spellings of quotes.
  quote: idTerm('https://w3id.org/fep/044f#quote'),
  quoteAuthorization: idTerm('https://w3id.org/fep/044f#quoteAuthorization'),
  QuoteRequest: 'https://w3id.org/fep/044f#QuoteRequest',
  QuoteAuthorization: 'https://w3id.org/fep/044f#QuoteAuthorization',
  quoteUri: 'http://fedibird.com/ns#quoteUri',
  _misskey_quote: 'misskey:_misskey_quote',
  interactionPolicy: idTerm('gts:interactionPolicy'),
  canQuote: idTerm('gts:canQuote'),
  automaticApproval: idTerm('gts:automaticApproval'),
  interactingObject: idTerm('gts:interactingObject'),
  interactionTarget: idTerm('gts:interactionTarget'),
};

/**
 * The document as it goes over the wire: with an `@context` that defines what it uses and no more. Nothing in it has to
 * be fetched by those who know ActivityStreams and the first security context.
 */
export function toWire(document: JsonObject): JsonObject {
  const names = namesIn(document);
  const terms = Object.entries(extensionTerms).filter(([name]) => names.has(name));
  const written = JSON.stringify(terms);
  const needed = Object.entries(prefixes).filter(([prefix]) => written.includes(`"${prefix}:`));
  const contexts: Json[] = [AS_NAMESPACE];
  if ([...securityTerms].some((term) => names.has(term))) contexts.push(securityContext);
  if (terms.length) contexts.push(Object.fromEntries([...needed, ...terms]));
  return { '@context': contexts.length === 1 ? AS_NAMESPACE : contexts, ...document };
}

/** Every member name and type name of a document, at any depth. */
function namesIn(document: JsonObject): Set<string> {
  const names = new Set<string>();
  const pending: Json[] = [document];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value === null || typeof value !== 'object') continue;
    if (Array.isArray(value)) {
      pending.push(...value);
      continue;
    }
    for (const [name, member] of Object.entries(value)) {
      names.add(name);
      if (name === 'type' && typeof member === 'string') names.add(member);
      pending.push(member);
    }
  }
  return names;
}
