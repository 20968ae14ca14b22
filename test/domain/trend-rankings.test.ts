import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { refreshTrends } from '../../src/domain/trend-rankings.js';
import { countQueries } from '../support/count-queries.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { clientOf, ok, post } from '../api/support.js';

// Noon, so that an hour later is the same day.
const clock = createTestClock(new Date('2030-05-06T12:00:00Z'));
let instance: Instance;
let people: TestUser[];

beforeAll(async () => {
  instance = await startInstance({ testMode: false, clock });
  people = [];
  for (const name of ['alice', 'bob', 'carol']) people.push(await instance.createUser(name));
  // Keys are made in the background, and would be counted among the queries.
  for (const { account } of people) await instance.ctx.keys.publicKeys(account._id);
});
afterAll(() => instance.close());

const tags = async (): Promise<string[]> =>
  (await ok<{ name: string }[]>(clientOf(instance).get('/api/v1/trends/tags'))).map((tag) => tag.name);
const say = async (text: string, by: readonly TestUser[] = people): Promise<void> => {
  for (const person of by) await post(clientOf(instance, person), text);
  await instance.idle();
};
const work = async (advance: object): Promise<void> => {
  clock.advance(advance);
  await refreshTrends(instance.ctx);
};

describe('rankings', () => {
  test('are made every five minutes, and fade', async () => {
    await say('#first');
    await work({ minutes: 6 });
    expect(await tags()).toEqual(['first']);
    await say('#second');
    await work({ minutes: 1 });
    expect(await tags()).toEqual(['first']);
    await work({ minutes: 5 });
    expect(await tags()).toEqual(['first', 'second']);
    await work({ days: 1 });
    await say('#third', people.slice(0, 2));
    await work({ minutes: 6 });
    expect(await tags()).toEqual(['third', 'first', 'second']);
    await work({ days: 2 });
    expect(await tags()).toEqual([]);
  });

  test('are made anew by readers where no worker does it', async () => {
    await say('#alone');
    expect(await tags()).toEqual([]);
    clock.advance({ minutes: 16 });
    expect(await tags()).toEqual(['alone']);
  });

  test('are read with few queries, however many statuses there are', async () => {
    const asked = countQueries(instance.ctx);
    const lists: string[][] = [];
    for (const person of people.slice(0, 2)) {
      const status = await post(clientOf(instance, person), 'Taken up');
      for (const reader of people)
        await ok(clientOf(instance, reader).post(`/api/v1/statuses/${status.id}/favourite`));
      await instance.idle();
      await work({ minutes: 6 });
      asked.reset();
      const shown = await ok<unknown[]>(clientOf(instance).get('/api/v1/trends/statuses'));
      lists.push(asked.list());
      expect(shown).toHaveLength(lists.length);
    }
    expect(lists[1]).toEqual(lists[0]);
  });
});

describe('what counts', () => {
  test('is in the open, and by people whom staff has not put out of sight', async () => {
    const [first, second] = people as [TestUser, TestUser, TestUser];
    for (const person of [first, second])
      await post(clientOf(instance, person), { status: '#quiet', visibility: 'unlisted' });
    const at = clock.now().toISOString();
    const { accounts } = instance.ctx.db;
    await accounts.updateOne({ _id: second.account._id }, { $set: { silencedAt: at } });
    await say('#limited', [first, second]);
    await accounts.updateOne({ _id: second.account._id }, { $set: { silencedAt: null } });
    await say('#shown', [first, second]);
    await work({ minutes: 6 });
    expect(await tags()).toContain('shown');
    expect(await tags()).not.toContain('limited');
    expect(await tags()).not.toContain('quiet');
  });

  test('posts of people who are put out of sight are gone at once', async () => {
    const read = () => ok<{ account: { id: string } }[]>(clientOf(instance).get('/api/v1/trends/statuses'));
    const [first] = people as [TestUser];
    const by = async () => (await read()).map((s) => s.account.id);
    expect(await by()).toContain(first.account._id);
    const silencedAt = clock.now().toISOString();
    await instance.ctx.db.accounts.updateOne({ _id: first.account._id }, { $set: { silencedAt } });
    expect(await by()).not.toContain(first.account._id);
  });
});
