import { parseKeys, type RemoteMultikey, type RemotePublicKey } from './actor-keys.js';
import { dateOf } from './dates.js';
import { isHttpIri, isRelatedHost, isSameHost } from './iris.js';
import { naturalLanguage } from './languages.js';
import { LIMITS } from './limits.js';
import { imageOf, pageUrlOf, type RemoteImage } from './links.js';
import { isActorType, type RemoteActorType } from './names.js';
import { parseInteractionPolicy, type RemoteInteractionPolicy } from './interaction-policy.js';
import { tagsOf, type RemoteEmoji, type RemoteHashtag } from './tags.js';
import {
  filledText,
  first,
  flag,
  idOf,
  idsOf,
  isRecord,
  list,
  optionalFlag,
  ownIdOf,
  text,
  typesOf,
  type Loose,
} from './values.js';

export interface RemoteField {
  name: string;
  /** HTML as sent: sanitise before showing. */
  value: string;
}

/** An actor document of another server, read and bounded. Nothing in it is proven yet but what its own host may say. */
export interface RemoteActor {
  id: string;
  type: RemoteActorType;
  types: string[];
  /** `preferredUsername`; the handle's domain is settled by WebFinger, never by this document. */
  username: string;
  /** Plain text. */
  name: string;
  /** HTML as sent: sanitise before showing. */
  summary: string;
  /** The profile page; null when it is missing or on an unrelated host. */
  url: string | null;
  inbox: string;
  sharedInbox: string | null;
  outbox: string | null;
  followers: string | null;
  following: string | null;
  featured: string | null;
  featuredTags: string | null;
  publicKeys: RemotePublicKey[];
  /** FEP-521a verification methods. */
  assertionMethods: RemoteMultikey[];
  icon: RemoteImage | null;
  image: RemoteImage | null;
  fields: RemoteField[];
  emojis: RemoteEmoji[];
  hashtags: RemoteHashtag[];
  manuallyApprovesFollowers: boolean;
  discoverable: boolean | null;
  indexable: boolean | null;
  memorial: boolean;
  suspended: boolean;
  movedTo: string | null;
  alsoKnownAs: string[];
  /** FEP-2c59: the handle the actor claims, `user@domain`; a hint for the WebFinger check. */
  webfinger: string | null;
  /** Domains that this actor may be named as author on (Mastodon's `attributionDomains`). */
  attributionDomains: string[];
  interactionPolicy: RemoteInteractionPolicy | null;
  published: string | null;
  updated: string | null;
}

export type InvalidActor = {
  invalid:
    'not-an-object' | 'no-id' | 'not-an-actor' | 'no-inbox' | 'inbox-host' | 'no-username' | 'username';
};

/** ASCII as in Mastodon, Misskey and Pleroma handles, with the `~` of Unix-like hosts; no dot or dash at the edges. */
const usernamePattern = /^[A-Za-z0-9_~](?:[A-Za-z0-9_.~-]*[A-Za-z0-9_~])?$/;

/** True for a name that may stand before the `@` of a handle (ASCII letters, digits, `_ . - ~`). */
export const isUsername = (name: string): boolean =>
  name.length <= LIMITS.username && usernamePattern.test(name);

/** Collections must live where the actor lives: another host's would let it be drained or impersonated. */
function ownIri(value: unknown, actorId: string): string | null {
  const iri = idOf(value);
  return iri !== null && isHttpIri(iri) && isSameHost(iri, actorId) ? iri : null;
}

function sharedInboxOf(actor: Loose, id: string): string | null {
  const endpoints = first(actor['endpoints']);
  // kroeg gives the IRI of an endpoints object; it is not worth a fetch.
  const nested = isRecord(endpoints) ? ownIri(endpoints['sharedInbox'], id) : null;
  return nested ?? ownIri(actor['sharedInbox'], id);
}

function fieldsOf(actor: Loose): RemoteField[] {
  const fields: RemoteField[] = [];
  for (const entry of list(actor['attachment'], LIMITS.attachments + LIMITS.profileFields)) {
    if (!isRecord(entry) || !typesOf(entry).includes('PropertyValue')) continue;
    const name = filledText(entry['name'], LIMITS.profileFieldText);
    const value = text(entry['value'], LIMITS.profileFieldText);
    if (name !== null && value !== null) fields.push({ name, value });
    if (fields.length === LIMITS.profileFields) break;
  }
  return fields;
}

function endpointsOf(actor: Loose, id: string) {
  return {
    sharedInbox: sharedInboxOf(actor, id),
    outbox: ownIri(actor['outbox'], id),
    followers: ownIri(actor['followers'], id),
    following: ownIri(actor['following'], id),
    featured: ownIri(actor['featured'], id),
    featuredTags: ownIri(actor['featuredTags'], id),
  };
}

function profileOf(actor: Loose, id: string) {
  const tags = tagsOf(actor['tag']);
  return {
    name: naturalLanguage(actor, 'name', LIMITS.displayName)?.value ?? '',
    summary: naturalLanguage(actor, 'summary', LIMITS.bio)?.value ?? '',
    url: pageUrlOf(actor['url'], id),
    icon: imageOf(actor['icon']),
    image: imageOf(actor['image']),
    fields: fieldsOf(actor),
    emojis: tags.emojis,
    hashtags: tags.hashtags,
  };
}

function claimsOf(actor: Loose) {
  const domains = list(actor['attributionDomains'], LIMITS.policyEntries);
  return {
    manuallyApprovesFollowers: flag(actor['manuallyApprovesFollowers']),
    discoverable: optionalFlag(actor['discoverable']),
    indexable: optionalFlag(actor['indexable']),
    memorial: flag(actor['memorial']),
    suspended: flag(actor['suspended']),
    movedTo: idOf(actor['movedTo']),
    alsoKnownAs: idsOf(actor['alsoKnownAs'], LIMITS.aliases),
    webfinger: filledText(actor['webfinger'], LIMITS.username)?.replace(/^(?:acct:)?@?/i, '') ?? null,
    // Only plain strings: an IRI or an object here is an attack (Mastodon GHSA-rwcw-vq68-g34p).
    attributionDomains: domains.filter(
      (d): d is string => typeof d === 'string' && /^[a-z0-9.-]{1,253}$/i.test(d),
    ),
    interactionPolicy: parseInteractionPolicy(actor['interactionPolicy']),
    published: dateOf(actor['published']),
    updated: dateOf(actor['updated']),
  };
}

/**
 * Reads an actor document (ActivityPub section 4). Never throws. Endpoints on other hosts are left out, an inbox on an
 * unrelated host makes the actor invalid: it would turn our deliveries against a third party (Misskey refuses it too).
 */
export function parseActor(json: unknown): RemoteActor | InvalidActor {
  const actor = json;
  if (!isRecord(actor)) return { invalid: 'not-an-object' };
  const id = ownIdOf(actor);
  if (id === null || !isHttpIri(id)) return { invalid: 'no-id' };
  const types = typesOf(actor);
  const type = types.find(isActorType);
  if (type === undefined) return { invalid: 'not-an-actor' };
  const inbox = idOf(actor['inbox']);
  if (inbox === null || !isHttpIri(inbox)) return { invalid: 'no-inbox' };
  if (!isRelatedHost(inbox, id)) return { invalid: 'inbox-host' };
  const username = first(actor['preferredUsername']);
  if (typeof username !== 'string' || username === '') return { invalid: 'no-username' };
  if (!isUsername(username)) return { invalid: 'username' };
  const parts = {
    ...endpointsOf(actor, id),
    ...parseKeys(actor, id),
    ...profileOf(actor, id),
    ...claimsOf(actor),
  };
  return { id, type, types, username, inbox, ...parts };
}
