import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countQueries, type Asked } from '../support/count-queries.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { clientOf, ok, post, type Client, type StatusJson } from './support.js';

/** Every question that a page asks of the database is answered by an index, whatever has been stored. */

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client;
let status: StatusJson;
let queries: ReturnType<typeof countQueries>;
let listId: string;

/** Collections with a handful of documents, read whole on purpose. */
const small = new Set(['instance', 'domainRules', 'announcements']);

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, bob)];
  await ok(asAlice.post(`/api/v1/accounts/${bob.account._id}/follow`));
  status = await post(asBob, { status: '@alice #tag Hello', poll: { options: ['a', 'b'], expires_in: 600 } });
  const list = await ok<{ id: string }>(asAlice.post('/api/v1/lists', { title: 'List' }));
  listId = list.id;
  await ok(asAlice.post(`/api/v1/lists/${listId}/accounts`, { account_ids: [bob.account._id] }));
  const page = { title: 'A page', description: '', authorName: '', providerName: '', language: null };
  await instance.ctx.db.previewCards.insertOne({
    _id: instance.ctx.ids.next(),
    url: 'https://example.com/',
    page: { ...page, publishedAt: null, image: null },
    fetchedAt: new Date().toISOString(),
  });
  await instance.idle();
  queries = countQueries(instance.ctx);
});
afterAll(() => instance.close());

async function scans(asked: readonly Asked[]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const { collection, method, filter, sort } of asked) {
    if (small.has(collection) || /^(insert|bulk)/.test(method)) continue;
    const way = await instance.ctx.store.explain(collection, filter, sort);
    if (way === 'scan') found.push({ collection, method, filter, sort });
  }
  return found;
}

const paths = (): string[] => {
  const account = `/api/v1/accounts/${bob.account._id}`;
  const one = `/api/v1/statuses/${status.id}`;
  return [
    '/api/v1/timelines/home?max_id=999999999999999999',
    '/api/v1/timelines/home?min_id=1',
    '/api/v1/timelines/public',
    '/api/v1/timelines/public?local=true&since_id=1',
    '/api/v1/timelines/public?remote=true',
    '/api/v1/timelines/tag/tag?any[]=other',
    `/api/v1/timelines/list/${listId}`,
    '/api/v1/timelines/link?url=https://example.com/',
    '/api/v1/timelines/direct',
    '/api/v1/notifications?types[]=mention',
    '/api/v2/notifications',
    '/api/v2/notifications/policy',
    '/api/v1/notifications/requests',
    '/api/v1/conversations',
    '/api/v1/favourites',
    '/api/v1/bookmarks',
    '/api/v1/blocks',
    '/api/v1/mutes',
    '/api/v1/domain_blocks',
    '/api/v1/follow_requests',
    '/api/v1/followed_tags',
    '/api/v1/featured_tags',
    '/api/v1/endorsements',
    '/api/v1/suggestions',
    '/api/v1/lists',
    `/api/v1/lists/${listId}/accounts`,
    '/api/v2/filters',
    '/api/v1/markers?timeline[]=home',
    '/api/v1/scheduled_statuses',
    '/api/v1/announcements',
    '/api/v1/trends/tags',
    '/api/v1/trends/links',
    '/api/v1/trends/statuses',
    '/api/v1/custom_emojis',
    '/api/v1/accounts/verify_credentials',
    `${account}`,
    `${account}/statuses?exclude_replies=true`,
    `${account}/statuses?pinned=true`,
    `${account}/followers`,
    `${account}/following`,
    `${account}/lists`,
    `${account}/featured_tags`,
    `/api/v1/accounts/relationships?id[]=${bob.account._id}`,
    `/api/v1/accounts/familiar_followers?id[]=${bob.account._id}`,
    '/api/v1/accounts/lookup?acct=bob',
    '/api/v1/accounts/search?q=bob',
    '/api/v2/search?q=hello',
    '/api/v2/search?q=%23tag',
    `/api/v2/search?q=${encodeURIComponent(String(status['url']))}`,
    one,
    `${one}/context`,
    `${one}/history`,
    `${one}/favourited_by`,
    `${one}/reblogged_by`,
    `${one}/quotes`,
    `/api/v1/polls/${status.id}`,
  ];
};

test('a scan is told from an index', async () => {
  const question = { collection: 'statuses', method: 'find', filter: { spoilerText: 'x' }, sort: undefined };
  expect(await scans([question])).toHaveLength(1);
});

describe('reading', () => {
  test('asks nothing that needs a whole collection to be read', async () => {
    for (const path of paths()) {
      queries.reset();
      const res = await asAlice.get(path);
      expect({ path, status: res.status }).toEqual({ path, status: 200 });
      expect({ path, scans: await scans(queries.all()) }).toEqual({ path, scans: [] });
    }
  });

  test('nor does writing, with all that follows from it', async () => {
    queries.reset();
    const made = await post(asAlice, {
      status: '@bob #new https://example.invalid/',
      in_reply_to_id: status.id,
    });
    for (const act of ['favourite', 'reblog', 'bookmark', 'mute', 'unreblog', 'unfavourite'])
      await ok(asAlice.post(`/api/v1/statuses/${status.id}/${act}`));
    await ok(asAlice.put(`/api/v1/statuses/${made.id}`, { status: 'Edited' }));
    await ok(asAlice.delete(`/api/v1/statuses/${made.id}`));
    for (const act of ['mute', 'unmute', 'unfollow', 'follow', 'block', 'unblock'])
      await ok(asAlice.post(`/api/v1/accounts/${bob.account._id}/${act}`));
    await instance.idle();
    expect(await scans(queries.all())).toEqual([]);
  });
});
