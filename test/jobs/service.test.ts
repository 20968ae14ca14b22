import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { requestFollow } from '../../src/domain/follows.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { createJobs, type JobsService } from '../../src/jobs/service.js';
import { queueReport } from '../../src/jobs/report.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { until } from '../support/until.js';

let clock: TestClock;
let instance: Instance;
let alice: TestUser;

beforeEach(async () => {
  clock = createTestClock(new Date('2030-01-01T12:00:00Z'));
  instance = await startInstance({ clock, random: () => 0.5 });
  alice = await instance.createUser('alice');
  await instance.idle();
});
afterEach(() => instance.close());

/** The port of a process on the same store that has no worker. */
function otherProcess(): JobsService {
  const { db, ids } = instance.ctx;
  return createJobs({ db, clock, ids, claim: 'other', alone: false });
}

/** An event whose effect is seen in the counts of an account. */
const accountUpdated = () => ({
  kind: 'event',
  payload: { event: { type: 'account.updated', accountId: alice.account._id, at: '1' } },
});

const jobs = () => instance.ctx.db.jobs.find({}).toArray();

describe('an intent', () => {
  test('is on record before its release, and does not run', async () => {
    const intent = await instance.ctx.jobs.intend(accountUpdated());
    await instance.idle();
    expect(await jobs()).toMatchObject([{ state: 'leased', leaseUntil: '2030-01-01T12:00:10.000Z' }]);
    await intent.release();
    await instance.idle();
    expect(await jobs()).toEqual([]);
  });

  test('of a process that died falls due by itself', async () => {
    await otherProcess().intend(accountUpdated());
    clock.advance({ seconds: 9 });
    await instance.idle();
    expect(await jobs()).toHaveLength(1);
    clock.advance({ seconds: 2 });
    await until(async () => (await jobs()).length === 0);
  });

  test('that is released by a process without a worker is done by another', async () => {
    const intent = await otherProcess().intend(accountUpdated());
    await intent.release();
    await instance.idle();
    expect(await jobs()).toEqual([]);
  });

  test('released too late, after it ran for nothing, runs again', async () => {
    const other = otherProcess();
    const event = { type: 'poll.ended', statusId: '1' };
    const intent = await other.intend({ kind: 'event', payload: { event } });
    clock.advance({ seconds: 11 });
    await until(async () => (await jobs()).length === 0);
    await intent.release();
    expect(await jobs()).toMatchObject([{ state: 'ready', payload: { event } }]);
    await instance.idle();
    expect(await jobs()).toEqual([]);
  });
});

describe('jobs', () => {
  test('for later wait for their time', async () => {
    const dueAt = new Date(clock.now().getTime() + 3_600_000);
    await instance.ctx.jobs.enqueue({ ...accountUpdated(), dueAt });
    await instance.idle();
    expect(await jobs()).toMatchObject([{ state: 'ready', attempts: 0 }]);
    clock.advance({ hours: 1 });
    await instance.idle();
    expect(await jobs()).toEqual([]);
  });

  test('of an unknown kind are dead at once, with their reason', async () => {
    await instance.ctx.jobs.enqueue({ kind: 'dance', payload: {} });
    await instance.idle();
    expect(await jobs()).toMatchObject([{ state: 'dead', lastError: 'unknown kind of job: dance' }]);
    const { jobs: report } = await queueReport(instance.ctx);
    expect(report).toMatchObject({ waiting: 0, dead: 1, lanes: [{ lane: 'dance', dead: 1 }] });
  });

  test('that fail are tried again, more and more rarely, and are dead in the end', async () => {
    await instance.ctx.jobs.enqueue({ kind: 'event', payload: { event: null } });
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      await instance.idle();
      const [job] = await jobs();
      if (job?.state !== 'ready') break;
      waits.push((Date.parse(job.dueAt) - clock.now().getTime()) / 1000);
      clock.advance({ hours: 1 });
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]);
    expect(await jobs()).toMatchObject([
      { state: 'dead', attempts: 12, lastError: expect.stringContaining('TypeError') },
    ]);
  });

  test('of hundreds of verbs at once all run', async () => {
    const many = Array.from({ length: 300 }, () => accountUpdated());
    const intents = await Promise.all(many.map((job) => instance.ctx.jobs.intend(job)));
    await Promise.all(intents.map((intent) => intent.release()));
    await instance.ctx.jobs.enqueueMany(many);
    await instance.idle();
    expect(await jobs()).toEqual([]);
  });
});

describe('received activities', () => {
  const receive = async (body: string, actor = 'https://remote.example/users/bob'): Promise<string> => {
    const at = clock.now().toISOString();
    const _id = instance.ctx.ids.next();
    await instance.ctx.db.received.insertOne({
      _id,
      state: 'ready',
      dueAt: at,
      createdAt: at,
      leaseUntil: null,
      attempts: 0,
      lane: actor,
      lastError: null,
      activityId: null,
      actor,
      host: 'remote.example',
      type: 'Like',
      objectType: null,
      body,
      recipientId: null,
      backlogHost: null,
      trust: 'own',
      replayKey: _id,
      outcome: null,
      reason: null,
    });
    instance.ctx.jobs.nudge('received');
    return _id;
  };
  const find = (_id: string) => instance.ctx.db.received.findOne({ _id });

  test('keep their outcome and its reason', async () => {
    const id = await receive('not JSON');
    await instance.idle();
    expect(await find(id)).toMatchObject({
      state: 'done',
      outcome: 'ignored',
      reason: expect.stringContaining('not JSON'),
    });
    expect((await queueReport(instance.ctx)).received).toMatchObject({ waiting: 0, ignored: 1 });
  });

  test('whose actor cannot be fetched are tried again for about a day, then failed', async () => {
    const like = {
      '@context': 'https://www.w3.org/ns/activitystreams',
      type: 'Like',
      object: alice.account.uri,
    };
    // Nobody listens on port 1.
    const actor = 'http://127.0.0.1:1/users/bob';
    const id = await receive(JSON.stringify({ ...like, id: `${actor}#like`, actor }), actor);
    let tries = 0;
    for (; tries < 30; tries++) {
      await instance.idle();
      if ((await find(id))?.state !== 'ready') break;
      clock.advance({ hours: 8 });
    }
    expect(await find(id)).toMatchObject({ state: 'done', outcome: 'failed', attempts: 10 });
    expect(tries).toBe(9);
  });
});

describe('idle', () => {
  test('comes after the consequences of consequences', async () => {
    const bob = await instance.createUser('bob');
    await requestFollow(instance.ctx, bob.account, alice.account);
    const status = await publishStatus(instance.ctx, alice.account, { text: 'Hello' });
    await instance.idle();
    const filter = { accountId: bob.account._id, statusId: status._id };
    expect(await instance.ctx.db.homeEntries.countDocuments(filter)).toBe(1);
    expect(await jobs()).toEqual([]);
  });
});
