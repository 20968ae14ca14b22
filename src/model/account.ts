import type { QuotePolicy } from './status.js';

/** People and the things they own, as stored. Times are ISO-8601 UTC strings; ids are decimal snowflakes. */

export type ActorType = 'Person' | 'Service' | 'Group' | 'Application' | 'Organization';

export interface ProfileField {
  name: string;
  /** Local: the text as typed. Remote: sanitised HTML. */
  value: string;
  verifiedAt: string | null;
}

/** A picture that belongs to a profile: files of ours (local) or a remote URL. */
export interface ProfileImage {
  /** Path in the files port; null for a remote picture that was not copied. */
  path: string | null;
  /** Path of a still version where `path` moves. */
  staticPath: string | null;
  remoteUrl: string | null;
  description: string;
}

/** A local or remote actor. `domain` is null for local ones. */
export interface Account {
  _id: string;
  username: string;
  /** `username` in lower case, or `username@domain` in lower case for remote accounts. */
  acctKey: string;
  domain: string | null;
  actorType: ActorType;
  /** The actor IRI it was born with. */
  uri: string;
  /** The profile page. */
  url: string;
  displayName: string;
  /** The words of the display name, for search (domain/name-words.ts). Absent: not indexed yet. */
  nameWords?: string[];
  /** Local: the text as typed. Remote: sanitised HTML. */
  note: string;
  fields: ProfileField[];
  avatar: ProfileImage | null;
  header: ProfileImage | null;
  emojis: CustomEmojiRef[];
  locked: boolean;
  bot: boolean;
  discoverable: boolean | null;
  indexable: boolean;
  hideCollections: boolean;
  createdAt: string;
  lastStatusAt: string | null;
  statusesCount: number;
  followersCount: number;
  followingCount: number;
  /** Ids (IRIs) that this actor says it is as well, and where it went. */
  alsoKnownAs: string[];
  /** Sites that may name this account as an author of theirs. Absent: none. */
  attributionDomains?: string[];
  /** Absent: all. */
  tabs?: ProfileTabs;
  movedToId: string | null;
  /** When it moved last. Absent: never. */
  movedAt?: string;
  suspendedAt: string | null;
  silencedAt: string | null;
  /** Its media are shown behind a warning. Absent or null: as it says itself. */
  sensitizedAt?: string | null;
  /** Local: since when its posts can be had by mail, where the instance allows it. Absent or null: not. */
  emailSubscriptionsAt?: string | null;
  /** Set when the account was deleted; the document stays as a tombstone. */
  deletedAt: string | null;
  /** Remote only. */
  remote: RemoteDetails | null;
}

/** Which tabs a profile shows; absent members mean yes. */
export interface ProfileTabs {
  media: boolean;
  mediaReplies: boolean;
  featured: boolean;
}

export function tabsOf(account: Pick<Account, 'tabs'>): ProfileTabs {
  return account.tabs ?? { media: true, mediaReplies: true, featured: true };
}

export interface RemoteDetails {
  inbox: string;
  sharedInbox: string | null;
  outbox: string | null;
  followersUri: string | null;
  followingUri: string | null;
  featuredUri: string | null;
  featuredTagsUri: string | null;
  fetchedAt: string;
  /** Collection sizes as the remote server tells them; ours are only what we know. */
  remoteFollowers: number | null;
  remoteFollowing: number | null;
  remoteStatuses: number | null;
}

export interface CustomEmojiRef {
  shortcode: string;
  url: string;
  staticUrl: string;
}

export type Role = 'owner' | 'admin' | 'moderator' | 'user';

/** Someone who can sign in. */
export interface User {
  _id: string;
  accountId: string;
  /** Lower case; null when provisioned without one. */
  email: string | null;
  passwordHash: string | null;
  role: Role;
  locale: string;
  confirmedAt: string | null;
  approvedAt: string | null;
  disabledAt: string | null;
  createdAt: string;
  lastSignInAt: string | null;
  /** Since when they may post with a date in the past. Absent or null: not, unless they are the owner. */
  backdatingAllowedAt?: string | null;
  /** The app they signed up with. Absent: none. */
  signUpAppId?: string;
  /** The invite they came with. Absent: none. */
  invite?: { id: string; byId: string | null; autofollow: boolean };
  /** What they wrote when they asked to join. */
  signUpReason?: string;
  preferences: Preferences;
}

export interface Preferences {
  defaultVisibility: 'public' | 'unlisted' | 'private';
  defaultSensitive: boolean;
  defaultLanguage: string | null;
  /** Absent: public. */
  defaultQuotePolicy?: QuotePolicy;
  expandMedia: 'default' | 'show_all' | 'hide_all';
  expandSpoilers: boolean;
}

/** The key pairs of local actors. Private parts are sealed (JWE) under the instance key. */
export interface KeyPair {
  _id: string;
  accountId: string;
  type: 'rsa' | 'ed25519';
  /** The IRI under which it is published. */
  keyId: string;
  /** SPKI PEM. */
  publicPem: string;
  sealedPrivateKey: string;
  createdAt: string;
}

/** A remote public key as seen in its owner's actor document. */
export interface RemoteKey {
  _id: string;
  keyId: string;
  owner: string;
  publicPem: string;
  fetchedAt: string;
}

/** A name that leads to this server. */
export interface HostName {
  _id: string;
  name: string;
  role: 'primary' | 'former' | 'onion';
}
