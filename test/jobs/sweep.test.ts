import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { requestFollow } from '../../src/domain/follows.js';
import { vote } from '../../src/domain/polls.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { createActivitySweep, sweepOnce } from '../../src/jobs/sweep.js';
import type { Delivery, OutActivity, Received } from '../../src/model/work.js';
import type { Collection, Document } from '../../src/store/port.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { findScans } from '../support/expect-indexed.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { recordQueries } from '../support/record-queries.js';

let clock: TestClock;
let instance: Instance;
let alice: TestUser;
let bob: TestUser;

beforeAll(async () => {
  clock = createTestClock(new Date('2030-01-01T12:00:00Z'));
  instance = await startInstance({ clock });
  alice = await instance.createUser('alice');
  bob = await instance.createUser('bob');
});
afterAll(() => instance.close());

const at = (days: number): string => new Date(clock.now().getTime() + days * 86_400_000).toISOString();
const idAt = (days: number): string => instance.ctx.ids.next(new Date(at(days)));

/** Of these documents, those that a sweep leaves. */
async function left<T extends Document>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<string[]> {
  await collection.insertMany(documents);
  await sweepOnce(instance.ctx);
  const found = await collection.find({ _id: { $in: documents.map((d) => d._id) } }).toArray();
  return documents.map((d) => d._id).filter((id) => found.some((f) => f._id === id));
}

test('what has expired goes, what has not stays', async () => {
  const { db } = instance.ctx;
  const code = { appId: '1', userId: '1', redirectUri: 'x', scopes: [], codeChallenge: null, usedAt: null };
  const codes = ['old', 'new'].map((_id, i) => ({ ...code, _id, codeHash: _id, expiresAt: at(i ? 1 : -1) }));
  expect(await left(db.authorizationCodes, codes)).toEqual(['new']);
  const session = { userId: '1', csrf: 'x', createdAt: at(-3) };
  const sessions = ['old', 'new'].map((_id, i) => ({
    ...session,
    _id,
    sessionHash: _id,
    expiresAt: at(i ? 1 : -1),
  }));
  expect(await left(db.webSessions, sessions)).toEqual(['new']);
  const mute = { accountId: alice.account._id, notifications: true, createdAt: at(-3) };
  const ends = { old: at(-1), new: at(1), endless: null };
  const mutes = Object.entries(ends).map(([_id, expiresAt]) => ({ ...mute, _id, targetId: _id, expiresAt }));
  expect(await left(db.mutes, mutes)).toEqual(['new', 'endless']);
});

test('received activities are kept for as long as they are of use', async () => {
  const make = (outcome: Received['outcome'], days: number): Received => {
    const _id = idAt(-days);
    return {
      _id,
      state: outcome === null ? 'ready' : 'done',
      dueAt: at(100),
      leaseUntil: null,
      attempts: 1,
      lane: 'x',
      lastError: null,
      createdAt: at(-days),
      activityId: null,
      actor: 'x',
      host: 'x',
      type: 'Like',
      objectType: null,
      body: '',
      recipientId: null,
      backlogHost: null,
      trust: 'own',
      replayKey: _id,
      outcome,
      reason: null,
    };
  };
  const kept = [make('processed', 1), make('ignored', 6), make('failed', 6), make(null, 30)];
  const gone = [make('processed', 3), make('ignored', 8), make('failed', 8)];
  expect(await left(instance.ctx.db.received, [...kept, ...gone])).toEqual(kept.map((r) => r._id));
});

test('deliveries that were given up are shown for two weeks', async () => {
  const make = (_id: string, state: Delivery['state'], days: number): Delivery => ({
    _id,
    state,
    dueAt: at(-days),
    leaseUntil: null,
    attempts: 3,
    lane: 'x',
    lastError: 'x',
    createdAt: at(-days),
    activityId: 'x',
    accountId: 'x',
    inbox: 'x',
    key: _id,
    generation: 1,
  });
  const all = [make('young', 'dead', 13), make('old', 'dead', 15), make('waiting', 'leased', 15)];
  expect(await left(instance.ctx.db.deliveries, all)).toEqual(['young', 'waiting']);
});

test('of what waits for one host beyond its bound the oldest is given up, and nothing of others', async () => {
  const busy = await startInstance({ clock, deliveriesPerHost: 100 });
  const { deliveries } = busy.ctx.db;
  // Due far ahead, so that the worker leaves it alone.
  const waiting = ['crowded', 'quiet'].flatMap((lane) =>
    Array.from({ length: lane === 'crowded' ? 730 : 100 }, (_, i): Delivery => ({
      _id: `${lane}${i}`,
      state: 'ready',
      dueAt: at(100 + i),
      leaseUntil: null,
      attempts: 0,
      lane,
      lastError: null,
      createdAt: at(0),
      activityId: 'x',
      accountId: 'x',
      inbox: 'x',
      key: `${lane}${i}`,
      generation: 1,
    })),
  );
  await deliveries.insertMany(waiting);
  await sweepOnce(busy.ctx);
  const left = await deliveries.find({ state: 'ready', lane: 'crowded' }).sort({ dueAt: 1 }).toArray();
  expect([left.length, left[0]?._id]).toEqual([100, 'crowded630']);
  expect(await deliveries.countDocuments({ state: 'ready', lane: 'quiet' })).toBe(100);
  expect(await deliveries.findOne({ _id: 'crowded0' })).toMatchObject({
    state: 'dead',
    lastError: 'given up: too much waits for this host',
  });
  await busy.close();
});

test('a poll ends once, and its voters and its author learn of it', async () => {
  const { ctx } = instance;
  await requestFollow(ctx, bob.account, alice.account);
  const poll = { options: ['yes', 'no'], expiresInSeconds: 3600, multiple: false, hideTotals: false };
  const status = await publishStatus(ctx, alice.account, { text: 'Well?', poll });
  await vote(ctx, bob.account, status._id, [0]);
  await instance.idle();
  const notified = () => ctx.db.notifications.find({ type: 'poll', statusId: status._id }).toArray();
  clock.advance({ minutes: 59 });
  await sweepOnce(ctx);
  await instance.idle();
  expect(await notified()).toEqual([]);
  clock.advance({ minutes: 2 });
  await Promise.all([sweepOnce(ctx), sweepOnce(ctx)]);
  await instance.idle();
  await sweepOnce(ctx);
  await instance.idle();
  expect((await notified()).map((n) => n.accountId).sort()).toEqual(
    [alice.account._id, bob.account._id].sort(),
  );
  expect((await ctx.db.statuses.findOne({ _id: status._id }))?.poll?.closed).toBe(true);
});

test('activities that belong to nothing any more go, in steps', async () => {
  const { ctx } = instance;
  const status = await publishStatus(ctx, alice.account, { text: 'I stay' });
  const make = (i: number, statusId: string | null, days: number): OutActivity => ({
    _id: `activity-${i}`,
    uri: `uri-${i}`,
    accountId: alice.account._id,
    type: 'Create',
    body: '{}',
    public: true,
    statusId,
    createdAt: new Date(Date.parse(at(-days)) + i).toISOString(),
  });
  const old = Array.from({ length: 1200 }, (_, i) => make(i, i % 3 ? null : i % 2 ? status._id : '404', 20));
  const young = [make(2000, null, 5)];
  await ctx.db.activities.insertMany([...old, ...young]);
  const sweep = createActivitySweep();
  for (let round = 0; round < 4; round++) await sweep(ctx);
  const found = await ctx.db.activities.find({ type: 'Create', body: '{}' }).toArray();
  expect(found).toHaveLength(201);
  expect(found.filter((a) => a.statusId !== status._id).map((a) => a._id)).toEqual(['activity-2000']);
});

test('a step that fails does not stop the others', async () => {
  const ran: string[] = [];
  await sweepOnce(instance.ctx, {
    first: () => Promise.reject(new Error('no disk')),
    second: async () => void ran.push('second'),
  });
  expect(ran).toEqual(['second']);
});

test('a round reads no collection whole', async () => {
  const other = await startInstance({ clock });
  const asked = recordQueries(other.ctx);
  await sweepOnce(other.ctx);
  expect(asked.map((a) => a.collection)).toEqual(expect.arrayContaining(['jobs', 'deliveries', 'received']));
  expect(await findScans(other.ctx.store, asked)).toEqual([]);
  await other.close();
});
