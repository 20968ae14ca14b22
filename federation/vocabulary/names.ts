/** Names of the ActivityStreams 2.0 vocabulary and of the extensions that the fediverse uses with it. */

export const AS_NAMESPACE = 'https://www.w3.org/ns/activitystreams';

/** The public collection in full (ActivityPub section 5.6). This is the spelling that we send. */
export const PUBLIC = `${AS_NAMESPACE}#Public`;

export const AS_MEDIA_TYPE = 'application/activity+json';
export const LD_MEDIA_TYPE = `application/ld+json; profile="${AS_NAMESPACE}"`;
/** What we ask for when we fetch a document (ActivityPub section 3.2). */
export const AS_ACCEPT = `${AS_MEDIA_TYPE}, ${LD_MEDIA_TYPE}`;

export const ACTOR_TYPES = ['Person', 'Service', 'Group', 'Application', 'Organization'] as const;
export type RemoteActorType = (typeof ACTOR_TYPES)[number];

/** Objects that become statuses. */
export const OBJECT_TYPES = [
  'Note',
  'Article',
  'Page',
  'Question',
  'Image',
  'Video',
  'Audio',
  'Event',
] as const;
export type RemoteObjectType = (typeof OBJECT_TYPES)[number];

export const COLLECTION_TYPES = [
  'Collection',
  'OrderedCollection',
  'CollectionPage',
  'OrderedCollectionPage',
] as const;
export type RemoteCollectionType = (typeof COLLECTION_TYPES)[number];

/** Activities that we know by name. Others are parsed as well; their type is then whatever the sender wrote. */
export const ACTIVITY_TYPES = [
  'Accept',
  'Add',
  'Announce',
  'Block',
  'Create',
  'Delete',
  'Dislike',
  'EmojiReact',
  'Flag',
  'Follow',
  'Ignore',
  'Join',
  'Leave',
  'Like',
  'Listen',
  'Lock',
  'Move',
  'Offer',
  'QuoteRequest',
  'Read',
  'Reject',
  'Remove',
  'TentativeAccept',
  'TentativeReject',
  'Undo',
  'Update',
  'View',
] as const;
export type ActivityType = (typeof ACTIVITY_TYPES)[number];

const isIn = <T extends string>(names: readonly T[], name: string): name is T =>
  (names as readonly string[]).includes(name);

export const isActorType = (name: string): name is RemoteActorType => isIn(ACTOR_TYPES, name);
export const isObjectType = (name: string): name is RemoteObjectType => isIn(OBJECT_TYPES, name);
export const isActivityType = (name: string): name is ActivityType => isIn(ACTIVITY_TYPES, name);
export const isCollectionType = (name: string): name is RemoteCollectionType => isIn(COLLECTION_TYPES, name);

/**
 * True for the three spellings of the public collection that JSON-LD makes equal (ActivityPub section 5.6):
 * the full IRI, `as:Public` and `Public`. Anything else, other letter case included, is an ordinary id.
 */
export const isPublicAddress = (id: string): boolean =>
  id === PUBLIC || id === 'as:Public' || id === 'Public';
