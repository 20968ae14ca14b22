import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { requestFollow } from '../../src/domain/follows.js';
import { resolveHandle } from '../../src/domain/remote/actors.js';
import { publishStatus } from '../../src/domain/statuses.js';
import type { Account } from '../../src/model/account.js';
import type { Follow } from '../../src/model/relations.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance } from '../support/instance.js';
import { until } from '../support/until.js';

/** Two servers that no longer agree about who follows whom find out, and agree again (FEP-8fcf). */
const clock = createTestClock();
const names = ['ann', 'ben', 'cid', 'dot'] as const;
/** Those of A who follow bob of B, and how B knows them. */
const fans = new Map<string, { here: Account; there: Account }>();
let a: Instance;
let b: Instance;
let bob: Account;
let bobAtA: Account;

beforeAll(async () => {
  [a, b] = await Promise.all([startInstance({ clock }), startInstance({ clock })]);
  bob = (await b.createUser('bob')).account;
  bobAtA = (await resolveHandle(a.ctx, `bob@${b.ctx.names.host}`))!;
  for (const name of names) {
    const here = (await a.createUser(name)).account;
    await requestFollow(a.ctx, here, bobAtA);
    await until(() => follow(a, here, bobAtA, 'accepted'));
    const there = (await resolveHandle(b.ctx, `${name}@${a.ctx.names.host}`))!;
    fans.set(name, { here, there });
  }
});
afterAll(() => Promise.all([a?.close(), b?.close()]));

function follow(at: Instance, who: Account, whom: Account, state: Follow['state']): Promise<Follow | null> {
  return at.ctx.db.follows.findOne({ accountId: who._id, targetId: whom._id, state });
}

const fan = (name: (typeof names)[number]) => fans.get(name)!;

/** Who of A follows bob, as A and B have it. */
async function lists(): Promise<string[][]> {
  const found: string[][] = [[], []];
  for (const [name, { here, there }] of fans) {
    if (await follow(a, here, bobAtA, 'accepted')) found[0]?.push(name);
    if (await follow(b, there, bob, 'accepted')) found[1]?.push(name);
  }
  return found;
}

/** bob writes something; all that follows from it happens on both sides. */
async function post(visibility: 'public' | 'private'): Promise<void> {
  // The followers of one actor are put right every few minutes at most.
  clock.advance({ minutes: 10 });
  const { uri } = await publishStatus(b.ctx, bob, { text: 'Hello', visibility });
  await until(() => a.ctx.db.statuses.findOne({ uri }));
  for (let i = 0; i < 3; i++) for (const server of [b, a]) await server.idle();
}

test('who lost a follower on the other side stops following, and nobody else', async () => {
  await b.ctx.db.follows.deleteOne({ accountId: fan('ann').there._id });
  await post('public');
  expect(await lists()).toEqual([
    ['ann', 'ben', 'cid', 'dot'],
    ['ben', 'cid', 'dot'],
  ]);
  await post('private');
  expect(await lists()).toEqual([
    ['ben', 'cid', 'dot'],
    ['ben', 'cid', 'dot'],
  ]);
});

test('a follow that is not known any more where it was made is taken back', async () => {
  await a.ctx.db.follows.deleteOne({ accountId: fan('ben').here._id });
  await post('private');
  expect(await lists()).toEqual([
    ['cid', 'dot'],
    ['cid', 'dot'],
  ]);
});

test('a request whose answer was lost counts as accepted', async () => {
  await a.ctx.db.follows.updateOne({ accountId: fan('cid').here._id }, { $set: { state: 'pending' } });
  await post('private');
  expect(await lists()).toEqual([
    ['cid', 'dot'],
    ['cid', 'dot'],
  ]);
});

test('everything at once', async () => {
  await b.ctx.db.follows.deleteOne({ accountId: fan('dot').there._id });
  await a.ctx.db.follows.deleteOne({ accountId: fan('cid').here._id });
  await post('private');
  expect(await lists()).toEqual([[], []]);
});
