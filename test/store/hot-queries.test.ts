import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { collections } from '../../src/store/collections.js';
import type { Filter, Sort, Store } from '../../src/store/port.js';
import { createClient } from '../support/client.js';
import { expectIndexed, findScans } from '../support/expect-indexed.js';
import { startInstance, type Instance } from '../support/instance.js';
import { recordQueries } from '../support/record-queries.js';
import { findMissingCapabilities, type Capability } from './capabilities.js';
import { engines, type Place } from './engines.js';

const [id, ids, uri, now] = [
  '110000000000000000',
  ['1', '2', '3'],
  'https://example.org/x',
  '2024-01-01T00:00:00Z',
];
const older = { _id: { $lt: id } };
const newest: Sort = { _id: -1 };

/** What every page, every delivery and every received activity asks. */
const hot: [name: string, collection: keyof typeof collections, filter: Filter, sort?: Sort][] = [
  ['a document by id', 'statuses', { _id: id }],
  ['a page of documents by id', 'statuses', { _id: { $in: ids } }],
  ['an actor by URI', 'accounts', { uri }],
  ['an actor by handle', 'accounts', { acctKey: 'alice@example.org' }],
  ['a status by URI', 'statuses', { uri }],
  ['the home timeline', 'homeEntries', { accountId: id, statusId: { $lt: id } }, { statusId: -1 }],
  ['the public timeline', 'statuses', { visibility: 'public', ...older }, newest],
  ['the local timeline', 'statuses', { visibility: 'public', local: true, ...older }, newest],
  ['a tag', 'statuses', { tags: 'cats', visibility: 'public', ...older }, newest],
  ['one account', 'statuses', { accountId: id, ...older }, newest],
  [
    'one account, what is open',
    'statuses',
    { accountId: id, visibility: { $in: ['public', 'unlisted'] } },
    newest,
  ],
  ['what is pinned', 'statuses', { accountId: id, pinnedAt: { $gt: '' } }, { pinnedAt: -1 }],
  ['a thread', 'statuses', { conversationId: id }, { _id: 1 }],
  ['replies', 'statuses', { inReplyToId: id }, { _id: 1 }],
  ['my reblog', 'statuses', { accountId: id, reblogOfId: { $in: ids } }],
  ['who reblogged', 'statuses', { reblogOfId: id, ...older }, newest],
  ['polls that end', 'statuses', { 'poll.closed': false, 'poll.expiresAt': { $lte: now } }],
  ['notifications', 'notifications', { accountId: id, ...older }, newest],
  [
    'notifications of some types',
    'notifications',
    { accountId: id, type: { $in: ['mention', 'follow'] } },
    newest,
  ],
  ['followers', 'follows', { targetId: id, state: 'accepted', ...older }, newest],
  ['following', 'follows', { accountId: id, state: 'accepted', ...older }, newest],
  ['relationships', 'follows', { accountId: id, targetId: { $in: ids } }],
  ['who blocks me', 'blocks', { accountId: { $in: ids }, targetId: id }],
  ['mutes', 'mutes', { accountId: id, targetId: { $in: ids } }],
  ['my favourites among these', 'favourites', { accountId: id, statusId: { $in: ids } }],
  ['favourites', 'favourites', { accountId: id, ...older }, newest],
  ['the uploads of a file', 'media', { path: 'ab/cd/x.png' }],
  ['the uploads with a preview', 'media', { previewPath: 'ab/cd/x.png' }],
  ['whose avatar a file is', 'accounts', { 'avatar.path': 'ab/cd/x.png' }],
  ['whose header a file is', 'accounts', { 'header.staticPath': 'ab/cd/x.png' }],
  ['a token', 'accessTokens', { tokenHash: 'x' }],
  ['a key', 'remoteKeys', { keyId: uri }],
  ['due work', 'jobs', { state: 'ready', dueAt: { $lte: now } }, { dueAt: 1 }],
  [
    'due work of a lane',
    'deliveries',
    { state: 'ready', lane: 'example.org', dueAt: { $lte: now } },
    { dueAt: 1 },
  ],
  ['expired leases', 'received', { state: 'leased', leaseUntil: { $lt: now } }],
  ['a request seen before', 'received', { replayKey: 'x' }],
];

describe.each(engines)('$name', (engine) => {
  let where: Place;
  let store: Store;
  let missing: Set<Capability>;
  beforeAll(async () => {
    missing = await findMissingCapabilities(engine);
    where = engine.create();
    store = await where.open(collections);
  });
  afterAll(() => where.remove());

  test.each(hot)('%s', async (...[, collection, filter, sort]) => {
    if (missing.has('explain')) return;
    await expectIndexed(store, collection, filter, sort);
  });
});

describe('a server that is used', () => {
  let instance: Instance;
  beforeAll(async () => {
    instance = await startInstance();
  });
  afterAll(() => instance.close());

  /** Collections that stay small, or are read whole on purpose. */
  const small = /^(hosts|instance|domainRules|announcements|peers|signals|customEmojis) /;

  test('never reads a whole collection', async () => {
    const [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
    const asked = recordQueries(instance.ctx);
    const [asAlice, asBob] = [createClient(instance.url, alice.token), createClient(instance.url, bob.token)];
    await asBob.post(`/api/v1/accounts/${alice.account._id}/follow`);
    await asAlice.post(`/api/v1/accounts/${bob.account._id}/follow`);
    const first = await asAlice.post<{ id: string }>('/api/v1/statuses', {
      status: 'Hello @bob #cats',
      visibility: 'public',
    });
    const poll = { options: ['a', 'b'], expires_in: 600 };
    await asAlice.post('/api/v1/statuses', { status: 'Which? #cats', poll });
    const reply = await asBob.post<{ id: string }>('/api/v1/statuses', {
      status: '@alice hi',
      in_reply_to_id: first.id,
    });
    for (const act of ['favourite', 'reblog', 'bookmark'])
      await asBob.post(`/api/v1/statuses/${first.id}/${act}`);
    await asAlice.post(`/api/v1/statuses/${first.id}/pin`);
    await instance.idle();
    for (const path of [
      '/api/v1/timelines/home',
      '/api/v1/timelines/home?limit=1',
      `/api/v1/timelines/home?max_id=${reply.id}`,
      '/api/v1/timelines/public',
      '/api/v1/timelines/public?local=true',
      '/api/v1/timelines/public?remote=true',
      '/api/v1/timelines/public?only_media=true',
      '/api/v1/timelines/tag/cats',
      '/api/v1/notifications',
      '/api/v1/notifications?types[]=mention',
      '/api/v2/notifications',
      '/api/v1/favourites',
      '/api/v1/bookmarks',
      '/api/v1/mutes',
      '/api/v1/blocks',
      '/api/v1/follow_requests',
      '/api/v1/conversations',
      '/api/v1/markers?timeline[]=home',
      '/api/v1/followed_tags',
      '/api/v1/accounts/verify_credentials',
      `/api/v1/accounts/relationships?id[]=${bob.account._id}`,
      `/api/v1/accounts/${alice.account._id}`,
      `/api/v1/accounts/${alice.account._id}/statuses`,
      `/api/v1/accounts/${alice.account._id}/statuses?pinned=true`,
      `/api/v1/accounts/${alice.account._id}/statuses?exclude_replies=true&exclude_reblogs=true`,
      `/api/v1/accounts/${alice.account._id}/statuses?only_media=true`,
      `/api/v1/accounts/${alice.account._id}/followers`,
      `/api/v1/accounts/${alice.account._id}/following`,
      `/api/v1/statuses/${first.id}`,
      `/api/v1/statuses/${first.id}/context`,
      `/api/v1/statuses/${first.id}/favourited_by`,
      `/api/v1/statuses/${first.id}/reblogged_by`,
      '/api/v1/accounts/lookup?acct=bob',
      '/api/v2/search?q=alice',
      '/api/v2/search?q=%23cats',
      '/api/v2/instance',
    ]) {
      await asAlice.get(path);
    }
    await asBob.post(`/api/v1/statuses/${first.id}/unreblog`);
    await asAlice.put(`/api/v1/statuses/${first.id}`, { status: 'Hello again' });
    await asAlice.delete(`/api/v1/statuses/${first.id}`);
    await asBob.post(`/api/v1/accounts/${alice.account._id}/block`);
    await instance.idle();
    // Routes, verbs and what follows from them were heard.
    const heard = asked.map(({ collection }) => collection);
    expect(heard).toEqual(
      expect.arrayContaining(['accounts', 'statuses', 'homeEntries', 'notifications', 'activities']),
    );
    expect(heard.length).toBeGreaterThan(500);
    const scans = await findScans(instance.ctx.store, asked);
    expect(scans.filter((shape) => !small.test(shape))).toEqual([]);
  });
});
