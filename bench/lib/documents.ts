import type { Ctx } from '../../src/domain/ctx.js';
import { emptyStatus } from '../../src/domain/status-store.js';
import { actorUri as ownActorUri, profileUrl } from '../../src/domain/urls.js';
import type { Account, User } from '../../src/model/account.js';
import type { Ids } from '../../src/model/ids.js';
import type { Follow } from '../../src/model/relations.js';
import type { Status } from '../../src/model/status.js';
import { actorUri, hostOf, inboxUri } from './world.js';

/** What the documents of a seed have in common. */
export interface Told {
  ids: Ids;
  /** Port of the fake fediverse. */
  port: number;
  at: Date;
}

const plain = {
  displayName: '',
  note: '',
  fields: [],
  avatar: null,
  header: null,
  emojis: [],
  locked: false,
  bot: false,
  discoverable: true,
  indexable: false,
  hideCollections: false,
  lastStatusAt: null,
  statusesCount: 0,
  followersCount: 0,
  followingCount: 0,
  alsoKnownAs: [],
  movedToId: null,
  suspendedAt: null,
  silencedAt: null,
  deletedAt: null,
};

/** An actor of the fake fediverse, as the server stores it after a fetch. */
export function remoteAccount({ ids, port, at }: Told, number: number): Account {
  const uri = actorUri(number, port);
  const domain = hostOf(number, port);
  return {
    ...plain,
    _id: ids.next(),
    username: `a${number}`,
    acctKey: `a${number}@${domain}`,
    domain,
    actorType: 'Person',
    uri,
    url: uri,
    displayName: `Actor ${number}`,
    note: '<p>Lives on loopback.</p>',
    createdAt: at.toISOString(),
    remote: {
      inbox: inboxUri(number, port),
      // Every actor has an inbox of its own: a fan-out to all of them is that many deliveries.
      sharedInbox: null,
      outbox: `${uri}/outbox`,
      followersUri: `${uri}/followers`,
      followingUri: `${uri}/following`,
      featuredUri: null,
      featuredTagsUri: null,
      fetchedAt: at.toISOString(),
      remoteFollowers: null,
      remoteFollowing: null,
      remoteStatuses: null,
    },
  };
}

export function remoteFollow({ ids, at }: Told, accountId: string, targetId: string): Follow {
  const _id = ids.next();
  return {
    _id,
    accountId,
    targetId,
    state: 'accepted',
    uri: `http://127.0.0.1/follows/${_id}`,
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: at.toISOString(),
  };
}

export function localFollower(
  { names }: Ctx,
  { ids, at }: Told,
  number: number,
): { account: Account; user: User } {
  const username = `crowd${number}`;
  const account: Account = {
    ...plain,
    _id: ids.next(),
    username,
    acctKey: username,
    domain: null,
    actorType: 'Person',
    uri: ownActorUri(names, username),
    url: profileUrl(names, username),
    createdAt: at.toISOString(),
    remote: null,
  };
  const user: User = {
    _id: ids.next(),
    accountId: account._id,
    email: null,
    passwordHash: null,
    role: 'user',
    locale: 'en',
    confirmedAt: at.toISOString(),
    approvedAt: at.toISOString(),
    disabledAt: null,
    createdAt: at.toISOString(),
    lastSignInAt: null,
    preferences: {
      defaultVisibility: 'public',
      defaultSensitive: false,
      defaultLanguage: null,
      expandMedia: 'default',
      expandSpoilers: false,
    },
  };
  return { account, user };
}

export function remoteStatus(
  { ids, port }: Told,
  { author, number, at }: { author: string; number: number; at: Date },
): Status {
  const _id = ids.next(at);
  const uri = `http://${hostOf(number, port)}/statuses/${number}`;
  return {
    ...emptyStatus,
    _id,
    uri,
    url: uri,
    accountId: author,
    local: false,
    visibility: 'public',
    content: `<p>Post ${number}: the quick brown fox jumps over the lazy dog, and nobody minds.</p>`,
    conversationId: _id,
    createdAt: at.toISOString(),
  };
}
