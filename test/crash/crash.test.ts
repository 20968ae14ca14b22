import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext, type Context } from '../../src/context.js';
import { silentLogger } from '../../src/log.js';
import type { Account } from '../../src/model/account.js';
import { crashAndRecover, rounds, type Arrival, type Crashed } from './scenario.js';

/**
 * A server process is killed at random points (SIGKILL) while it takes posts from a client and activities from another
 * server, and is started again on the same data. What it acknowledged must be there, once, with all that follows from
 * it. The seed is printed; `LANDFALL_CRASH_SEED` repeats a run as far as two processes can be repeated.
 */
const seed = Number(process.env['LANDFALL_CRASH_SEED'] ?? Date.now() % 1_000_000);

/**
 * A delivery that the other side has answered is sent again only when the kill came before the answer was on disk. The
 * answer is written with the next batch: how long before the kill it can have come, with a lot to spare.
 */
const recordMs = 5000;
/** No process sends anything sooner after it was started; what comes in until then is the last one's. */
const bootMs = 300;

let crashed: Crashed;
let ctx: Context;
let alice: Account;
let bob: Account;

beforeAll(async () => {
  process.stdout.write(`\ncrash test, seed ${seed}\n`);
  crashed = await crashAndRecover(seed);
  ctx = await createContext(loadSettings(crashed.env), { mode: 'command', log: silentLogger });
  alice = await accountOf('alice');
  bob = await accountOf('bob');
}, 900_000);

afterAll(async () => {
  await ctx?.close();
  await crashed?.remove();
});

async function accountOf(username: string): Promise<Account> {
  const account = await ctx.db.accounts.findOne({ acctKey: username });
  if (!account) throw new Error(`${username} is gone`);
  return account;
}

/** Those of `wanted` that are not among `found` exactly once. */
function notOnce(wanted: readonly string[], found: readonly (string | null)[]): string[] {
  const counts = new Map<string | null, number>();
  for (const key of found) counts.set(key, (counts.get(key) ?? 0) + 1);
  return wanted.filter((key) => counts.get(key) !== 1).map((key) => `${key}: ${counts.get(key) ?? 0}`);
}

async function inHomeOf({ _id: accountId }: Account): Promise<string[]> {
  return (await ctx.db.homeEntries.find({ accountId }).toArray()).map(({ statusId }) => statusId);
}
async function toldTo(
  { _id: accountId }: Account,
  type: 'mention' | 'favourite',
): Promise<(string | null)[]> {
  return (await ctx.db.notifications.find({ accountId, type }).toArray()).map(({ statusId }) => statusId);
}

test('there was enough to lose, and it stopped cleanly in the end', () => {
  const { ledger, kills, starts, code } = crashed;
  const [posts, notes, likes] = [ledger.posts.length, ledger.notes.length, ledger.likes.length];
  process.stdout.write(
    `${kills.length} kills, acknowledged: ${posts} posts, ${notes} notes, ${likes} likes\n`,
  );
  expect(kills).toHaveLength(rounds);
  expect(starts).toHaveLength(rounds + 1);
  expect(code).toBe(0);
  expect(posts).toBeGreaterThan(20);
  expect(notes).toBeGreaterThan(20);
  expect(likes).toBeGreaterThan(2);
});

describe('every post that was acknowledged', () => {
  test('is there once, under the id that was told', async () => {
    const { posts } = crashed.ledger;
    const stored = await ctx.db.statuses.find({ accountId: alice._id }).toArray();
    const texts = posts.map(({ text }) => `${text} @bob`);
    expect(
      notOnce(
        texts,
        stored.map(({ text }) => text),
      ),
    ).toEqual([]);
    const uris = new Map(stored.map(({ _id, uri }) => [_id, uri]));
    expect(posts.filter(({ id, uri }) => uris.get(id) !== uri)).toEqual([]);
    // Those without an answer were sent again with their Idempotency-Key.
    expect(stored).toHaveLength(posts.length);
    expect(alice.statusesCount).toBe(stored.length);
  });

  test('stands in its follower’s home timeline once, and told whom it mentions once', async () => {
    const ids = crashed.ledger.posts.map(({ id }) => id);
    expect(notOnce(ids, await inHomeOf(bob))).toEqual([]);
    expect(notOnce(ids, await toldTo(bob, 'mention'))).toEqual([]);
  });

  test('was delivered to its follower’s server as one activity', () => {
    const { ledger, arrivals } = crashed;
    const activities = new Map<string, Set<string>>();
    for (const { type, objectId, activityId, path } of arrivals)
      if (type === 'Create')
        activities.set(objectId, (activities.get(objectId) ?? new Set()).add(`${path} ${activityId}`));
    expect(ledger.posts.filter(({ uri }) => activities.get(uri)?.size !== 1)).toEqual([]);
    expect(activities.size).toBe(ledger.posts.length);
  });

  test('was not sent again once its delivery was answered, unless the kill came before the answer was kept', () => {
    const again = sentAgain(crashed.arrivals);
    const times = again.map(({ beforeKillMs }) => beforeKillMs?.toFixed(0) ?? 'none').join(', ');
    process.stdout.write(`sent again, ms from the answer to the kill: ${times || 'nothing'}\n`);
    expect(again.filter(({ beforeKillMs: ms }) => ms === null || ms > recordMs)).toEqual([]);
  });
});

/** Repeated deliveries, with the time from the earlier answer to the death of that process; null: it did not die. */
function sentAgain(arrivals: readonly Arrival[]): { activityId: string; beforeKillMs: number | null }[] {
  const lifeOf = (at: number): number => crashed.starts.filter((time) => time + bootMs <= at).length;
  const before = new Map<string, number>();
  return arrivals.flatMap(({ activityId, path, at }) => {
    const key = `${path} ${activityId}`;
    const earlier = before.get(key);
    before.set(key, at);
    if (earlier === undefined) return [];
    const life = lifeOf(earlier);
    const killed = life < lifeOf(at) ? crashed.kills[life - 1] : undefined;
    return [{ activityId, beforeKillMs: killed === undefined ? null : Math.max(0, killed - earlier) }];
  });
}

describe('every activity that was acknowledged', () => {
  test('is there once: notes with their home timeline entry and notification', async () => {
    const uris = crashed.ledger.notes.map(({ about }) => about);
    const stored = await ctx.db.statuses.find({ uri: { $in: uris } }).toArray();
    expect(
      notOnce(
        uris,
        stored.map(({ uri }) => uri),
      ),
    ).toEqual([]);
    const ids = stored.map(({ _id }) => _id);
    expect(notOnce(ids, await inHomeOf(bob))).toEqual([]);
    expect(notOnce(ids, await toldTo(alice, 'mention'))).toEqual([]);
  });

  test('is there once: likes with their count and notification', async () => {
    const uris = crashed.ledger.likes.map(({ about }) => about);
    const liked = await ctx.db.statuses.find({ uri: { $in: uris } }).toArray();
    expect(liked).toHaveLength(uris.length);
    expect(liked.filter(({ favouritesCount }) => favouritesCount !== 1)).toEqual([]);
    const ids = liked.map(({ _id }) => _id);
    const favourites = await ctx.db.favourites.find({ statusId: { $in: ids } }).toArray();
    expect(
      notOnce(
        ids,
        favourites.map(({ statusId }) => statusId),
      ),
    ).toEqual([]);
    expect(notOnce(ids, await toldTo(alice, 'favourite'))).toEqual([]);
  });

  test('has an outcome', async () => {
    expect(await ctx.db.received.find({ outcome: { $in: [null, 'failed'] } }).toArray()).toEqual([]);
  });
});
