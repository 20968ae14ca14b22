import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { countQueries } from '../support/count-queries.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { clientOf, ok, post, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser;
let asAlice: Client, asNobody: Client;
let queries: ReturnType<typeof countQueries>;
/** Paths that are known once the posts are there. */
const paths: Record<string, string> = {};

/** Statuses of every kind, from several people whom alice follows, with marks of hers. */
beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  [asAlice, asNobody] = [clientOf(instance, alice), clientOf(instance)];
  const authors: Client[] = [];
  const members: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const author = await instance.createUser(`author${i}`);
    const api = clientOf(instance, author);
    await ok(api.patch('/api/v1/profile', { discoverable: true, indexable: true }));
    authors.push(api);
    paths['account'] ??= `/api/v1/accounts/${author.account._id}/statuses`;
    members.push(author.account._id);
    await ok(asAlice.post(`/api/v1/accounts/${author.account._id}/follow`));
  }
  const list = await ok<{ id: string }>(asAlice.post('/api/v1/lists', { title: 'Authors' }));
  await ok(asAlice.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: members }));
  paths['list'] = `/api/v1/timelines/list/${list.id}`;
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  // Before the others, so that the newest of the public timeline are no answers.
  const first = authors[0] ?? asAlice;
  for (let i = 0; i < 48; i += 1) await post(first, `More of one ${i}`);
  for (const length of [8, 40]) {
    const root = await post(first, `Root of ${length}`);
    for (let i = 0; i < length; i += 1)
      await post(authors[i % 5] ?? asAlice, { status: `Answer ${i}`, in_reply_to_id: root.id });
    paths[`context of ${length}`] = `/api/v1/statuses/${root.id}/context`;
  }
  let last: StatusJson | undefined;
  for (let i = 0; i < 60; i += 1) {
    const author = authors[i % authors.length] ?? asAlice;
    const media = await ok<{ id: string }>(author.post('/api/v2/media').attach('file', png, 'a.png'));
    const status = await post(author, {
      status: `Status ${i} @alice #tag${i} #counted`,
      ...(i % 3 === 0 ? { media_ids: [media.id] } : { poll: { options: ['a', 'b'], expires_in: 600 } }),
      ...(last && i % 4 === 1 && { quoted_status_id: last.id }),
    });
    if (i % 5 === 0) await ok((authors[(i + 1) % 5] ?? asAlice).post(`/api/v1/statuses/${status.id}/reblog`));
    for (const act of ['favourite', 'bookmark'])
      await ok(asAlice.post(`/api/v1/statuses/${status.id}/${act}`));
    for (const fan of authors.slice(0, 3)) await ok(fan.post(`/api/v1/statuses/${status.id}/favourite`));
    last = status;
  }
  for (let i = 0; i < 42; i += 1) {
    const writer = await instance.createUser(`writer${i}`);
    await ok(asAlice.post(`/api/v1/accounts/${writer.account._id}/follow`));
    await post(clientOf(instance, writer), { status: '@alice Psst', visibility: 'direct' });
  }
  await instance.idle();
  queries = countQueries(instance.ctx);
}, 900_000);
afterAll(() => instance.close());

/** What one page costs; `list` names the list in answers that have several. */
async function cost(
  client: Client,
  path: string,
  { limit, list }: { limit: number; list?: string },
): Promise<{ items: number; queries: string[] }> {
  queries.reset();
  const body = await ok<unknown>(client.get(path, { limit }));
  const items = (list === undefined ? body : (body as Record<string, unknown>)[list]) as unknown[];
  return { items: items.length, queries: queries.list() };
}

describe('a page costs the same number of queries, however long it is', () => {
  test.each<[string, string, number, string]>([
    ['home', '/api/v1/timelines/home', 40, ''],
    ['public', '/api/v1/timelines/public', 40, ''],
    ['local', '/api/v1/timelines/public?local=true', 40, ''],
    ['hashtag', '/api/v1/timelines/tag/counted', 40, ''],
    ['list', 'list', 40, ''],
    ['account', 'account', 40, ''],
    ['favourites', '/api/v1/favourites', 40, ''],
    ['bookmarks', '/api/v1/bookmarks', 40, ''],
    ['direct', '/api/v1/timelines/direct', 40, ''],
    ['conversations', '/api/v1/conversations', 40, ''],
    ['notifications v1', '/api/v1/notifications', 40, ''],
    ['notifications v2', '/api/v2/notifications', 40, 'notification_groups'],
    ['search', '/api/v2/search?q=status&type=statuses', 40, 'statuses'],
    ['trends', '/api/v1/trends/statuses', 40, ''],
  ])('%s', async (name, where, long, list) => {
    const path = paths[where] ?? where;
    // Once before, so that what is written once in an hour (when a token was used) does not count.
    await cost(asAlice, path, { limit: 8, ...(list && { list }) });
    const few = await cost(asAlice, path, { limit: 8, ...(list && { list }) });
    const many = await cost(asAlice, path, { limit: long, ...(list && { list }) });
    expect({ few: few.items, many: many.items }).toEqual({ few: 8, many: long });
    expect(many.queries).toEqual(few.queries);
    expect(many.queries.length).toBeLessThanOrEqual(50);
    process.stdout.write(`Queries: ${name} ${many.queries.length} for ${long}\n`);
  });

  test('context', async () => {
    const [short, long] = [paths['context of 8'] ?? '', paths['context of 40'] ?? ''];
    const few = await cost(asAlice, short, { limit: 0, list: 'descendants' });
    const many = await cost(asAlice, long, { limit: 0, list: 'descendants' });
    expect({ few: few.items, many: many.items }).toEqual({ few: 8, many: 40 });
    expect(many.queries).toEqual(few.queries);
    process.stdout.write(`Queries: context ${many.queries.length} for 40\n`);
  });

  test('public, for anybody', async () => {
    const few = await cost(asNobody, '/api/v1/timelines/public', { limit: 8 });
    const many = await cost(asNobody, '/api/v1/timelines/public', { limit: 40 });
    expect(many.queries).toEqual(few.queries);
    expect(many.queries.length).toBeLessThanOrEqual(20);
  });

  test('lists of accounts', async () => {
    const path = `/api/v1/accounts/${alice.account._id}/following`;
    const few = await cost(asAlice, path, { limit: 8 });
    const many = await cost(asAlice, path, { limit: 40 });
    expect({ few: few.items, many: many.items }).toEqual({ few: 8, many: 40 });
    expect(many.queries).toEqual(few.queries);
  });
});
