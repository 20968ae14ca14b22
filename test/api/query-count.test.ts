import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { countQueries } from '../support/count-queries.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { clientOf, ok, post, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser;
let asAlice: Client, asNobody: Client;
let queries: ReturnType<typeof countQueries>;

/** Statuses of every kind, from several people whom alice follows, with marks of hers. */
beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  [asAlice, asNobody] = [clientOf(instance, alice), clientOf(instance)];
  const authors = [];
  for (let i = 0; i < 5; i += 1) {
    const author = await instance.createUser(`author${i}`);
    authors.push(clientOf(instance, author));
    await ok(asAlice.post(`/api/v1/accounts/${author.account._id}/follow`));
  }
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  let last: StatusJson | undefined;
  for (let i = 0; i < 60; i += 1) {
    const author = authors[i % authors.length] ?? asAlice;
    const media = await ok<{ id: string }>(author.post('/api/v2/media').attach('file', png, 'a.png'));
    const status = await post(author, {
      status: `Status ${i} @alice #tag${i}`,
      ...(i % 3 === 0 ? { media_ids: [media.id] } : { poll: { options: ['a', 'b'], expires_in: 600 } }),
      ...(last && i % 4 === 1 && { quoted_status_id: last.id }),
    });
    if (i % 5 === 0) await ok((authors[(i + 1) % 5] ?? asAlice).post(`/api/v1/statuses/${status.id}/reblog`));
    await ok(asAlice.post(`/api/v1/statuses/${status.id}/favourite`));
    last = status;
  }
  await instance.idle();
  queries = countQueries(instance.ctx);
}, 300_000);
afterAll(() => instance.close());

async function cost(
  client: Client,
  path: string,
  limit: number,
): Promise<{ items: number; queries: string[] }> {
  queries.reset();
  const items = await ok<unknown[]>(client.get(path, { limit }));
  return { items: items.length, queries: queries.list() };
}

describe('a page costs the same number of queries, however long it is', () => {
  test.each([
    ['/api/v1/timelines/home', 40],
    ['/api/v1/timelines/public', 40],
    ['/api/v1/favourites', 40],
    ['/api/v1/notifications', 40],
  ])('%s, signed in', async (path, long) => {
    // Once before, so that what is written once in an hour (when a token was used) does not count.
    await cost(asAlice, path, 8);
    const few = await cost(asAlice, path, 8);
    const many = await cost(asAlice, path, long);
    expect({ few: few.items, many: many.items }).toEqual({ few: 8, many: long });
    expect(many.queries).toEqual(few.queries);
    expect(many.queries.length).toBeLessThanOrEqual(50);
  });

  test('public, for anybody', async () => {
    const few = await cost(asNobody, '/api/v1/timelines/public', 8);
    const many = await cost(asNobody, '/api/v1/timelines/public', 40);
    expect(many.queries).toEqual(few.queries);
    expect(many.queries.length).toBeLessThanOrEqual(20);
  });

  test('lists of accounts', async () => {
    const path = `/api/v1/accounts/${alice.account._id}/following`;
    const few = await cost(asAlice, path, 1);
    const many = await cost(asAlice, path, 5);
    expect({ few: few.items, many: many.items }).toEqual({ few: 1, many: 5 });
    expect(many.queries).toEqual(few.queries);
  });
});
