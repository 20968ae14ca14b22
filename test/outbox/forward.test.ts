import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseActivity, type RemoteActivity } from '../../federation/vocabulary/activity.js';
import { publishStatus } from '../../src/domain/statuses.js';
import type { Account } from '../../src/model/account.js';
import type { Status } from '../../src/model/status.js';
import { forwardReceived, forwardToFollowers } from '../../src/outbox/forward.js';
import { openKit, type Kit } from './kit.js';
import { status as sampleStatus } from './objects/samples.js';

let kit: Kit;
let alice: Account;
let bob: Account;
let post: Status;

beforeEach(async () => {
  kit = await openKit();
  alice = await kit.local('alice');
  bob = await kit.remote('bob', 'peer.example');
  const carol = await kit.remote('carol', 'other.example');
  const dan = await kit.remote('dan', 'peer.example');
  for (const follower of [carol, dan]) await kit.follow(follower, alice);
  post = await publishStatus(kit.ctx, alice, { text: 'Hello' });
});
afterEach(() => kit.close());

function reply(changed: Record<string, unknown> = {}, object: Record<string, unknown> = {}): string {
  // With the spaces and escapes of its author: the digest is over these bytes.
  return JSON.stringify(
    {
      '@context': 'https://www.w3.org/ns/activitystreams',
      id: 'https://peer.example/activities/1',
      type: 'Create',
      actor: bob.uri,
      cc: [`${alice.uri}/followers`],
      object: {
        id: 'https://peer.example/notes/1',
        type: 'Note',
        attributedTo: bob.uri,
        content: 'a < b é',
        inReplyTo: post.uri,
        ...object,
      },
      ...changed,
    },
    null,
    1,
  ).replaceAll('<', '\\u003c');
}

function read(rawBody: string): RemoteActivity {
  const activity = parseActivity(JSON.parse(rawBody));
  if ('invalid' in activity) throw new Error(activity.invalid);
  return activity;
}

const forward = (rawBody: string) =>
  forwardToFollowers(kit.ctx, { rawBody, activity: read(rawBody), localOwner: alice });

test('an answer to ours goes to the followers it was addressed to, byte for byte, not back where it came from', async () => {
  const rawBody = reply();
  expect(await forward(rawBody)).toBe('forwarded');
  const [stored] = await kit.ctx.db.activities.find({}).toArray();
  expect(stored).toMatchObject({ body: rawBody, accountId: alice._id, public: false });
  expect((await kit.sent())[0]?.inboxes).toEqual(['https://other.example/inbox']);
});

test('once only, whoever sends it again', async () => {
  await forward(reply());
  await kit.sent();
  expect(await forward(reply())).toBe('done');
  expect(await kit.sent()).toEqual([]);
});

test.each([
  ['not to our followers', { cc: [] }, 'not-addressed'],
  [
    'to the followers of somebody else',
    { cc: ['https://peer.example/users/bob/followers'] },
    'not-addressed',
  ],
  [
    'to a collection of that path elsewhere',
    { cc: ['https://evil.example/users/alice/followers'] },
    'not-addressed',
  ],
  ['without an id', { id: undefined }, 'not-forwardable'],
  ['with an id of ours', { id: 'https://social.example/users/alice/statuses/1/activity' }, 'not-forwardable'],
  ['with an id of a third server', { id: 'https://third.example/1' }, 'not-forwardable'],
] as const)('%s: not forwarded', async (_name, changed, outcome) => {
  expect(await forward(reply(changed))).toBe(outcome);
  expect(await kit.sent()).toEqual([]);
});

test('about nothing of ours: naming a person is not enough to reach their followers', async () => {
  const mention = { type: 'Mention', href: alice.uri };
  expect(await forward(reply({}, { inReplyTo: null, tag: [mention] }))).toBe('not-ours');
  expect(await forward(reply({}, { inReplyTo: 'https://third.example/notes/1' }))).toBe('not-ours');
  expect(await forward(reply({}, { inReplyTo: 'https://social.example/made-up' }))).toBe('not-ours');
});

test('the Delete of an answer follows it', async () => {
  await kit.ctx.db.statuses.insertOne(
    sampleStatus({
      _id: '5',
      uri: 'https://peer.example/notes/1',
      url: null,
      accountId: bob._id,
      local: false,
      inReplyToId: post._id,
    }),
  );
  const rawBody = reply({
    id: 'https://peer.example/notes/1#delete',
    type: 'Delete',
    object: { id: 'https://peer.example/notes/1', type: 'Tombstone' },
  });
  expect(await forward(rawBody)).toBe('forwarded');
});

test('a received activity finds the owner by the address, under any name of ours', async () => {
  const received = (body: string, trust: 'own' | 'forwarded' = 'own') => ({
    _id: '1',
    state: 'leased' as const,
    dueAt: '',
    leaseUntil: null,
    attempts: 1,
    lane: bob.uri,
    lastError: null,
    createdAt: '',
    activityId: null,
    actor: bob.uri,
    host: 'peer.example',
    type: 'Create',
    objectType: 'Note',
    body,
    recipientId: null,
    backlogHost: null,
    trust,
    replayKey: 'x',
    outcome: null,
    reason: null,
  });
  await forwardReceived(kit.ctx, received(reply(), 'forwarded'));
  expect(await kit.sent()).toEqual([]);
  await forwardReceived(kit.ctx, received(reply({ cc: ['https://example/users/Alice/followers'] })));
  expect(await kit.sent()).toEqual([]);
  await forwardReceived(kit.ctx, received(reply({ cc: ['https://example/users/alice/followers'] })));
  expect((await kit.sent())[0]?.inboxes).toEqual(['https://other.example/inbox']);
  await forwardReceived(kit.ctx, received('/followers, but no JSON'));
});
