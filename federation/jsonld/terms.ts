import type { Json, JsonObject } from '../ports.js';

const iri = (id: string): JsonObject => ({ '@id': id, '@type': '@id' });

const prefixes: Readonly<Record<string, string>> = {
  as: 'https://www.w3.org/ns/activitystreams#',
  sec: 'https://w3id.org/security#',
  toot: 'http://joinmastodon.org/ns#',
  schema: 'http://schema.org#',
  ostatus: 'http://ostatus.org#',
  litepub: 'http://litepub.social/ns#',
  misskey: 'https://misskey-hub.net/ns#',
  fedibird: 'http://fedibird.com/ns#',
  gts: 'https://gotosocial.org/ns#',
  lemmy: 'https://join-lemmy.org/ns#',
  pt: 'https://joinpeertube.org/ns#',
};

/** Extension terms that other servers write, under the names by which `vocabulary/` reads them. */
const terms: Readonly<Record<string, Json>> = {
  Hashtag: 'as:Hashtag',
  sensitive: 'as:sensitive',
  manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
  movedTo: iri('as:movedTo'),
  alsoKnownAs: iri('as:alsoKnownAs'),
  quoteUrl: 'as:quoteUrl',
  Emoji: 'toot:Emoji',
  featured: iri('toot:featured'),
  featuredTags: iri('toot:featuredTags'),
  discoverable: 'toot:discoverable',
  indexable: 'toot:indexable',
  memorial: 'toot:memorial',
  suspended: 'toot:suspended',
  votersCount: 'toot:votersCount',
  blurhash: 'toot:blurhash',
  focalPoint: { '@container': '@list', '@id': 'toot:focalPoint' },
  attributionDomains: 'toot:attributionDomains',
  PropertyValue: 'schema:PropertyValue',
  value: 'schema:value',
  language: 'schema:inLanguage',
  identifier: 'schema:identifier',
  conversation: 'ostatus:conversation',
  EmojiReact: 'litepub:EmojiReact',
  ChatMessage: 'litepub:ChatMessage',
  quoteUri: 'fedibird:quoteUri',
  _misskey_quote: 'misskey:_misskey_quote',
  _misskey_reaction: 'misskey:_misskey_reaction',
  _misskey_votes: 'misskey:_misskey_votes',
  // FEP-044f
  quote: iri('https://w3id.org/fep/044f#quote'),
  quoteAuthorization: iri('https://w3id.org/fep/044f#quoteAuthorization'),
  QuoteRequest: 'https://w3id.org/fep/044f#QuoteRequest',
  QuoteAuthorization: 'https://w3id.org/fep/044f#QuoteAuthorization',
  interactionPolicy: iri('gts:interactionPolicy'),
  canQuote: iri('gts:canQuote'),
  canLike: iri('gts:canLike'),
  canReply: iri('gts:canReply'),
  canAnnounce: iri('gts:canAnnounce'),
  automaticApproval: iri('gts:automaticApproval'),
  manualApproval: iri('gts:manualApproval'),
  always: iri('gts:always'),
  approvalRequired: iri('gts:approvalRequired'),
  interactingObject: iri('gts:interactingObject'),
  interactionTarget: iri('gts:interactionTarget'),
  // FEP-521a
  Multikey: 'sec:Multikey',
  assertionMethod: { '@id': 'sec:assertionMethod', '@type': '@id', '@container': '@set' },
  controller: iri('sec:controller'),
  publicKeyMultibase: { '@id': 'sec:publicKeyMultibase', '@type': 'sec:multibase' },
  // FEP-2c59
  webfinger: 'https://purl.archive.org/socialweb/webfinger#webfinger',
  commentsEnabled: 'pt:commentsEnabled',
  moderators: iri('lemmy:moderators'),
};

/**
 * Everything beyond ActivityStreams and Security v1 that we read, as one context: the target of normalisation, and what
 * stands in for the contexts of other projects. What we send carries the trimmed context of `src/outbox/wire.ts`.
 */
export const EXTENSION_CONTEXT: JsonObject = { ...prefixes, ...terms };
