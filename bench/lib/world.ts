/** Who lives where in the fake fediverse: numbers to names, the same in every process of the bench. */

export const hostCount = 200;
export const inboxesPerHost = 5;
/** Actors that follow the author: the inboxes of a fan-out. */
export const followerCount = hostCount * inboxesPerHost;
/** Actors from this number on are strangers to the server: their keys must be fetched. */
export const firstStranger = 100_000;

/** Addresses 127.0.1.1 … 127.0.1.200: every host is a machine of its own. */
export const addressOf = (host: number): string => `127.0.1.${host + 1}`;
export const hostOf = (actor: number, port: number): string => `${addressOf(actor % hostCount)}:${port}`;
export const actorUri = (actor: number, port: number): string =>
  `http://${hostOf(actor, port)}/users/a${actor}`;
export const inboxUri = (actor: number, port: number): string => `${actorUri(actor, port)}/inbox`;
export const keyId = (actor: number, port: number): string => `${actorUri(actor, port)}#main-key`;

export function actorDocument(actor: number, port: number, publicKeyPem: string): Record<string, unknown> {
  const uri = actorUri(actor, port);
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id: uri,
    type: 'Person',
    preferredUsername: `a${actor}`,
    name: `Actor ${actor}`,
    summary: '<p>Lives on loopback.</p>',
    inbox: `${uri}/inbox`,
    outbox: `${uri}/outbox`,
    followers: `${uri}/followers`,
    following: `${uri}/following`,
    url: uri,
    publicKey: { id: keyId(actor, port), owner: uri, publicKeyPem },
  };
}

/** The IRI of a note that `createNote` makes. */
export const noteUri = (actor: number, port: number, id: string): string =>
  `${actorUri(actor, port)}/statuses/${id}`;

const noteContext = [
  'https://www.w3.org/ns/activitystreams',
  {
    ostatus: 'http://ostatus.org#',
    atomUri: 'ostatus:atomUri',
    inReplyToAtomUri: 'ostatus:inReplyToAtomUri',
    conversation: 'ostatus:conversation',
    sensitive: 'as:sensitive',
    toot: 'http://joinmastodon.org/ns#',
    votersCount: 'toot:votersCount',
  },
];

/** A Create of a note as Mastodon sends it: about 2 KB. */
export function createNote(
  actor: number,
  port: number,
  { id, at }: { id: string; at: Date },
): Record<string, unknown> {
  const uri = actorUri(actor, port);
  const object = noteUri(actor, port, id);
  const published = at.toISOString();
  const content =
    `<p>Post ${id}: the quick brown fox jumps over the lazy dog, and a server that keeps up with all of it must ` +
    'read, check, store and show every word of this text to everyone who asked for it.</p>';
  return {
    '@context': noteContext,
    id: `${object}/activity`,
    type: 'Create',
    actor: uri,
    published,
    to: ['https://www.w3.org/ns/activitystreams#Public'],
    cc: [`${uri}/followers`],
    object: {
      id: object,
      type: 'Note',
      summary: null,
      inReplyTo: null,
      published,
      url: `http://${hostOf(actor, port)}/@a${actor}/${id}`,
      attributedTo: uri,
      to: ['https://www.w3.org/ns/activitystreams#Public'],
      cc: [`${uri}/followers`],
      sensitive: false,
      atomUri: object,
      inReplyToAtomUri: null,
      conversation: `tag:${hostOf(actor, port)},2026-01-01:objectId=${id}:objectType=Conversation`,
      content,
      contentMap: { en: content },
      attachment: [],
      tag: [],
      replies: {
        id: `${object}/replies`,
        type: 'Collection',
        first: {
          type: 'CollectionPage',
          next: `${object}/replies?page=true`,
          partOf: `${object}/replies`,
          items: [],
        },
      },
    },
  };
}
