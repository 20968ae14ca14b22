import { createPublicKey } from 'node:crypto';
import type { JsonObject } from '../../../federation/ports.js';
import { toMultikey } from '../../../federation/signature/keys.js';
import type { OwnNames, PublishedKey } from '../../domain/ctx.js';
import type { AccountFacts } from '../../domain/facts/accounts.js';
import { mediaUrl, tagUrl } from '../../domain/urls.js';
import type { Account, ProfileImage } from '../../model/account.js';
import { scan } from '../../text/scan.js';
import { actorEndpoints, fullHandle, pictureType, toEmojiTag } from './parts.js';

export interface ActorKeys {
  rsa: PublishedKey;
  ed25519: PublishedKey;
}

/**
 * The actor document of a local account, as Mastodon shapes it. A suspended one keeps its name, inbox and keys and
 * nothing that its owner wrote (`toot:suspended`). Without `@context`. `keys` come from `ctx.keys.publicKeys`.
 */
export function toActor(names: OwnNames, facts: AccountFacts, keys: ActorKeys): JsonObject {
  const { account } = facts;
  return {
    id: account.uri,
    type: actorType(account),
    ...(account.actorType === 'Application' ? toInstanceLinks(account) : toLinks(account)),
    preferredUsername: account.username,
    ...toProfile(names, facts),
    url: account.url,
    webfinger: fullHandle(names, account),
    manuallyApprovesFollowers: account.locked,
    // The day only, as Mastodon: the minute of a sign-up is nobody's business.
    published: `${account.createdAt.slice(0, 10)}T00:00:00Z`,
    ...toPublicKeys(account.uri, keys),
    endpoints: toEndpoints(names, account),
    ...toIdentities(facts),
  };
}

/** What is served of an actor to whom the rest is refused: enough to check its signatures, and where to write to. */
export function toActorStub(account: Account, keys: ActorKeys): JsonObject {
  const { inbox, sharedInbox } = actorEndpoints(account.uri);
  return {
    id: account.uri,
    type: actorType(account),
    preferredUsername: account.username,
    inbox,
    url: account.url,
    ...toPublicKeys(account.uri, keys),
    endpoints: { sharedInbox },
  };
}

function actorType(account: Account): string {
  return account.bot && account.actorType === 'Person' ? 'Service' : account.actorType;
}

function toLinks({ uri }: Account): JsonObject {
  const { inbox, outbox, followers, following, featured, featuredTags } = actorEndpoints(uri);
  return { inbox, outbox, followers, following, featured, featuredTags };
}

function toInstanceLinks({ uri }: Account): JsonObject {
  const { inbox, outbox } = actorEndpoints(uri);
  return { inbox, outbox };
}

function toProfile(names: OwnNames, facts: AccountFacts): JsonObject {
  const { account } = facts;
  if (account.suspendedAt !== null)
    return { name: '', summary: '', discoverable: false, suspended: true, tag: [], attachment: [] };
  return {
    name: account.displayName,
    summary: facts.note,
    discoverable: account.discoverable ?? false,
    indexable: account.indexable,
    memorial: false,
    tag: toTags(names, account),
    attachment: facts.fields.map(({ name, value }) => ({ type: 'PropertyValue', name, value })),
    ...toPicture(names, 'icon', account.avatar),
    ...toPicture(names, 'image', account.header),
    ...(account.attributionDomains?.length && { attributionDomains: account.attributionDomains }),
  };
}

function toTags(names: OwnNames, account: Account): JsonObject[] {
  const written = [account.note, ...account.fields.map((f) => f.value)].join('\n');
  const hashtags = new Map(scan(written).hashtags.map((tag) => [tag.key, tag.name]));
  return [
    ...[...hashtags].map(([key, name]) => ({ type: 'Hashtag', href: tagUrl(names, key), name: `#${name}` })),
    ...account.emojis.map((emoji) => toEmojiTag(names, emoji)),
  ];
}

function toPicture(names: OwnNames, property: 'icon' | 'image', image: ProfileImage | null): JsonObject {
  const url = image?.path ? mediaUrl(names, image.path) : image?.remoteUrl;
  if (!image || !url) return {};
  const mediaType = pictureType(url);
  const described = image.description ? { name: image.description } : {};
  return { [property]: { type: 'Image', ...(mediaType && { mediaType }), url, ...described } };
}

function toPublicKeys(owner: string, { rsa, ed25519 }: ActorKeys): JsonObject {
  return {
    publicKey: { id: rsa.keyId, owner, publicKeyPem: rsa.publicPem },
    // FEP-521a.
    assertionMethod: [
      {
        id: ed25519.keyId,
        type: 'Multikey',
        controller: owner,
        publicKeyMultibase: toMultikey(createPublicKey(ed25519.publicPem)),
      },
    ],
  };
}

/** ActivityPub section 4.1. What only its owner can use is left out for the instance actor: nobody signs in as it. */
function toEndpoints(names: OwnNames, account: Account): JsonObject {
  const { sharedInbox } = actorEndpoints(account.uri);
  if (account.actorType === 'Application') return { sharedInbox };
  return {
    sharedInbox,
    oauthAuthorizationEndpoint: `${names.origin}/oauth/authorize`,
    oauthTokenEndpoint: `${names.origin}/oauth/token`,
    proxyUrl: `${names.origin}/proxy`,
    uploadMedia: `${names.origin}/api/c2s/uploadMedia`,
  };
}

function toIdentities({ account, moved }: AccountFacts): JsonObject {
  return {
    ...(account.alsoKnownAs.length && { alsoKnownAs: [...account.alsoKnownAs] }),
    ...(moved && { movedTo: moved.account.uri }),
  };
}
