import type { OwnNames } from '../../../src/domain/ctx.js';
import type { AccountFacts } from '../../../src/domain/facts/accounts.js';
import type { Account } from '../../../src/model/account.js';
import type { Media, Poll, Status } from '../../../src/model/status.js';
import type { NoteFacts } from '../../../src/outbox/objects/note.js';

export const names: OwnNames = {
  origin: 'https://social.example',
  host: 'social.example',
  handleDomain: 'example',
  isOwn: (host) => host === 'social.example' || host === 'example',
};

export function localAccount(username: string, changed: Partial<Account> = {}): Account {
  return {
    _id: `1${username.length}`,
    username,
    acctKey: username.toLowerCase(),
    domain: null,
    actorType: 'Person',
    uri: `https://social.example/users/${username}`,
    url: `https://social.example/@${username}`,
    displayName: username,
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
    createdAt: '2026-03-04T05:06:07.089Z',
    lastStatusAt: null,
    statusesCount: 0,
    followersCount: 0,
    followingCount: 0,
    alsoKnownAs: [],
    movedToId: null,
    suspendedAt: null,
    silencedAt: null,
    deletedAt: null,
    remote: null,
    ...changed,
  };
}

export function remoteAccount(username: string, host: string, changed: Partial<Account> = {}): Account {
  const uri = `https://${host}/users/${username}`;
  return localAccount(username, {
    _id: `2${username.length}`,
    acctKey: `${username}@${host}`,
    domain: host,
    uri,
    url: `https://${host}/@${username}`,
    remote: {
      inbox: `${uri}/inbox`,
      sharedInbox: `https://${host}/inbox`,
      outbox: null,
      followersUri: `${uri}/followers`,
      followingUri: null,
      featuredUri: null,
      featuredTagsUri: null,
      fetchedAt: '2026-03-04T05:06:07.089Z',
      remoteFollowers: null,
      remoteFollowing: null,
      remoteStatuses: null,
    },
    ...changed,
  });
}

export function factsOf(account: Account, changed: Partial<AccountFacts> = {}): AccountFacts {
  return { account, note: '', fields: [], role: 'user', limited: false, moved: null, ...changed };
}

export function status(changed: Partial<Status> = {}): Status {
  const id = '110000000000000001';
  return {
    _id: id,
    uri: `https://social.example/users/alice/statuses/${id}`,
    url: `https://social.example/@alice/${id}`,
    accountId: '15',
    local: true,
    visibility: 'public',
    content: '<p>Hello</p>',
    text: 'Hello',
    spoilerText: '',
    sensitive: false,
    language: 'en',
    inReplyToId: null,
    inReplyToAccountId: null,
    inReplyToUri: null,
    conversationId: id,
    reblogOfId: null,
    quote: null,
    quotePolicy: 'public',
    mediaIds: [],
    mentions: [],
    tags: [],
    emojis: [],
    poll: null,
    applicationId: null,
    createdAt: '2026-05-06T07:08:09.123Z',
    editedAt: null,
    pinnedAt: null,
    repliesCount: 0,
    reblogsCount: 3,
    favouritesCount: 5,
    quotesCount: 0,
    ...changed,
  };
}

export function media(changed: Partial<Media> = {}): Media {
  return {
    _id: '77',
    accountId: '15',
    statusId: null,
    type: 'image',
    state: 'ready',
    path: 'ab/cd.jpg',
    previewPath: 'ab/cd-small.webp',
    mime: 'image/jpeg',
    bytes: 10,
    sha256: 'ff',
    remoteUrl: null,
    description: 'A cat',
    blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
    meta: { original: { width: 1500, height: 1095 }, focus: { x: -0.5, y: 0.25 } },
    createdAt: '2026-05-06T07:08:09.123Z',
    ...changed,
  };
}

export function poll(changed: Partial<Poll> = {}): Poll {
  return {
    id: '110000000000000001',
    options: [
      { title: 'red', votes: 2 },
      { title: 'blue', votes: 1 },
    ],
    multiple: false,
    expiresAt: '2026-05-07T07:08:09.000Z',
    closed: false,
    votersCount: 3,
    hideTotals: false,
    ...changed,
  };
}

export function noteFacts(changed: Partial<NoteFacts> = {}): NoteFacts {
  return {
    status: status(),
    author: localAccount('alice'),
    mentioned: [],
    media: [],
    parentUri: null,
    quotedUrl: null,
    ownReplies: [],
    at: new Date('2026-05-06T08:00:00Z'),
    ...changed,
  };
}
