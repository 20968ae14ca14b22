import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import { startServer } from '../../src/server.js';
import { createContext } from '../../src/context.js';
import { silentLogger } from '../../src/log.js';
import { createClient } from '../support/client.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { freePort, startInstance, type Instance } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';
import {
  connectionLost,
  openTroubledStore,
  type Operation,
  type TroubledStore,
} from '../support/troubled-store.js';
import { until } from '../support/until.js';
import { createOf, noteOf, type Person } from './kit.js';
import { followerOf, startInboxes } from './world.js';

/** A process that dies, or a database that fails, between any two steps of what follows from one request. */

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

const isWrite = ({ name, collection }: Operation): boolean =>
  collection !== 'peers' && !/^(find|findOne|countDocuments|ping)$/.test(name);

interface Set {
  store: TroubledStore;
  clock: TestClock;
  us: Instance;
  bob: Person;
  peer: Peer;
  alice: PeerActor;
  /** The process dies: nothing it does reaches the database any more. A new one starts on what is there. */
  restart(): Promise<void>;
  /** All that falls due in the next minutes. */
  settle(): Promise<void>;
}

async function setUp(): Promise<Set> {
  const inner = await openTroubledStore();
  // It outlives the processes.
  const store = Object.assign(inner, { close: async () => undefined }, {}) as TroubledStore;
  const clock = createTestClock();
  const port = await freePort();
  const secret = randomBytes(32).toString('base64url');
  const options = { store, clock, port, secret, random: () => 0.5, drainSeconds: 0 };
  const peer = await startPeer();
  closers.push(() => peer.close());
  const set: Set = {
    store,
    clock,
    us: await startInstance(options),
    bob: undefined as unknown as Person,
    peer,
    alice: peer.actor('alice'),
    restart: async () => {
      await set.us.close();
      store.before = null;
      store.after = null;
      set.us = await startInstance(options);
    },
    settle: async () => {
      for (let i = 0; i < 4; i++) {
        await set.us.idle();
        clock.advance({ minutes: 1 });
      }
      // What was held back by somebody who is gone is looked for every other second.
      await until(async () => {
        await set.us.idle();
        return !(await waits(set));
      }, 'nothing is left to do');
      await set.us.idle();
    },
  };
  closers.push(() => set.us.close());
  const user = await set.us.createUser('bob');
  set.bob = { ...user, client: createClient(set.us.url, user.token) };
  return set;
}

async function waits({ us }: Set): Promise<boolean> {
  const waiting = { state: { $in: ['ready', 'leased'] } };
  const { jobs, received } = us.ctx.db;
  return (await jobs.countDocuments(waiting)) + (await received.countDocuments(waiting)) > 0;
}

async function send(set: Set, activity: JsonObject): Promise<void> {
  const { us, peer, alice, clock } = set;
  const whole = {
    actor: alice.uri,
    id: `${peer.origin}/a/${clock.now().getTime()}/${Math.random()}`,
    ...activity,
  };
  expect(await peer.send(`${us.url}/inbox`, whole, alice, { now: clock.now() })).toBe(202);
}

/** One kind of activity: what is there before, what it says, and what is to be found afterwards. */
interface Kind {
  prepare(set: Set): Promise<JsonObject>;
  look(set: Set, activity: JsonObject): Promise<Record<string, unknown>>;
}

const mention = (set: Set, extra: JsonObject = {}) =>
  createOf(
    noteOf(set.alice, {
      cc: [set.bob.account.uri],
      tag: [{ type: 'Mention', href: set.bob.account.uri }],
      ...extra,
    }),
  );
const idIn = (activity: JsonObject): string => String((activity['object'] as JsonObject)['id']);

async function told(set: Set, statusId: string | undefined, type: string): Promise<number> {
  return set.us.ctx.db.notifications.countDocuments({
    accountId: set.bob.account._id,
    type,
    statusId: statusId ?? '-',
  });
}

const kinds: Record<string, Kind> = {
  Create: {
    prepare: async (set) => mention(set),
    look: async (set, activity) => {
      const { db } = set.us.ctx;
      const found = await db.statuses.find({ uri: idIn(activity) }).toArray();
      return { statuses: found.length, mentions: await told(set, found[0]?._id, 'mention') };
    },
  },
  Delete: {
    prepare: async (set) => {
      const create = mention(set);
      await send(set, create);
      await set.us.idle();
      return { type: 'Delete', object: idIn(create) };
    },
    look: async (set, activity) => {
      const { db } = set.us.ctx;
      const uri = String(activity['object']);
      const author = await db.accounts.findOne({ uri: set.alice.uri });
      return {
        statuses: await db.statuses.countDocuments({ uri }),
        graves: await db.tombstones.countDocuments({ uri }),
        told: await db.notifications.countDocuments({ fromId: author?._id ?? '', type: 'mention' }),
        count: author?.statusesCount,
      };
    },
  },
  Follow: {
    prepare: async (set) => {
      await set.us.ctx.db.follows.deleteMany({});
      await set.us.ctx.db.notifications.deleteMany({ type: 'follow' });
      const id = `${set.alice.uri}/follows/${set.clock.now().getTime()}`;
      return { id, type: 'Follow', object: set.bob.account.uri };
    },
    look: async (set, activity) => {
      const { db } = set.us.ctx;
      const follows = await db.follows.find({ targetId: set.bob.account._id }).toArray();
      const accepts = set.peer.delivered.filter(
        (d) => d.activity.type === 'Accept' && d.raw.includes(String(activity['id'])),
      );
      return {
        follows: follows.map((f) => f.state),
        told: await db.notifications.countDocuments({ type: 'follow' }),
        count: (await db.accounts.findOne({ _id: set.bob.account._id }))?.followersCount,
        // One that is processed again is answered again, as one that was sent again.
        accepted: accepts.length > 0,
      };
    },
  },
  Announce: {
    prepare: async (set) => {
      const { uri } = await set.bob.client.post<{ uri: string }>('/api/v1/statuses', { status: 'Boost me' });
      await set.us.idle();
      return {
        id: `${uri}/boosted`.replace(set.us.url, set.peer.origin),
        type: 'Announce',
        object: uri,
        to: [set.alice.followers],
      };
    },
    look: async (set, activity) => {
      const { db } = set.us.ctx;
      const own = await db.statuses.findOne({ uri: String(activity['object']) });
      return {
        reblogs: await db.statuses.countDocuments({ reblogOfId: own?._id ?? '-' }),
        count: own?.reblogsCount,
        told: await told(set, own?._id, 'reblog'),
      };
    },
  },
};

test('#324 R_JOB_KILL', async () => {
  const set = await setUp();
  const warm = mention(set);
  await send(set, warm);
  await set.settle();
  for (const [name, kind] of Object.entries(kinds)) {
    const whole = await kind.prepare(set);
    await set.us.idle();
    let writes = 0;
    set.store.before = (operation) => void (isWrite(operation) && (writes += 1));
    await send(set, whole);
    await set.settle();
    set.store.before = null;
    const expected = await kind.look(set, whole);
    expect([name, writes > 3]).toEqual([name, true]);
    // The first write is the activity itself: what dies before it was never acknowledged.
    for (let last = 1; last < writes; last += 1 + Math.floor(writes / 7)) {
      const activity = await kind.prepare(set);
      await set.us.idle();
      let done = 0;
      set.store.before = (operation) => {
        if (done >= last) throw connectionLost();
        if (isWrite(operation)) done += 1;
      };
      await send(set, activity);
      await set.restart();
      await set.settle();
      expect([name, last, await kind.look(set, activity)]).toEqual([name, last, expected]);
    }
  }
});

test('#325 R_TX_ENQUEUE', async () => {
  const set = await setUp();
  const inboxes = await startInboxes();
  closers.push(() => inboxes.close());
  const fan = followerOf(set.us, set.bob, { server: inboxes });
  await set.us.ctx.db.accounts.insertOne(fan.account);
  await set.us.ctx.db.follows.insertOne(fan.follow);
  const write = async (text: string): Promise<number> => {
    const answer = await fetch(`${set.us.url}/api/v1/statuses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${set.bob.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ status: text }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const seen: string[] = [];
  for (const side of ['before', 'after'] as const) {
    for (let failing = 1, status = 0; failing < 20 && status !== 200; failing++) {
      const text = `${side} ${failing}`;
      let writes = 0;
      let failed = false;
      // Of what the request writes by itself; what follows from it is retried anyway.
      set.store[side] = (operation) => {
        if (failed || !isWrite(operation) || operation.collection === 'accessTokens') return;
        if ((writes += 1) === failing) {
          failed = true;
          throw connectionLost();
        }
      };
      status = await write(text);
      set.store[side] = null;
      await set.settle();
      const stored = await set.us.ctx.db.statuses.countDocuments({ text });
      const arrived = new globalThis.Set(
        inboxes.got.filter((a) => a.raw.includes(`<p>${text}</p>`)).map((a) => a.id),
      ).size;
      // Both or neither, whatever was answered; and what was acknowledged is both.
      expect([text, arrived]).toEqual([text, stored]);
      if (status === 200) expect([text, stored]).toEqual([text, 1]);
      seen.push(`${status}:${stored}`);
    }
  }
  expect(seen.some((what) => what.startsWith('503'))).toBe(true);
  expect(await set.us.ctx.db.jobs.countDocuments({})).toBe(0);
});

test('#340 R_LOCKS', async () => {
  const store = await openTroubledStore('mongodb');
  const close = store.close;
  Object.assign(store, { close: async () => undefined });
  closers.push(close);
  const clock = createTestClock();
  const us = await startInstance({ store, clock });
  closers.push(() => us.close());
  const user = await us.createUser('bob');
  const peer = await startPeer();
  closers.push(() => peer.close());
  const alice = peer.actor('alice');
  // One holder asks the peer for a parent, and hangs there.
  const note = createOf(
    noteOf(alice, { cc: [user.account.uri], tag: [{ type: 'Mention', href: user.account.uri }] }),
  );
  let open: () => void = () => undefined;
  let held = 0;
  const gate = new Promise<void>((resolve) => (open = resolve));
  store.before = async ({ collection, name }) => {
    if (collection !== 'statuses' || name !== 'insertOne' || held > 0) return;
    held += 1;
    await gate;
  };
  const activity = { id: `${peer.origin}/a/1`, actor: alice.uri, ...note };
  expect(await peer.send(`${us.url}/inbox`, activity, alice)).toBe(202);
  await until(() => held === 1, 'the first holder hangs');
  // Its lease runs out while a second process is there: that one does the work.
  await us.ctx.db.received.updateMany({}, { $set: { state: 'ready', leaseUntil: null, claim: null } });
  const settings = { ...us.settings, port: await freePort() };
  const second = await startServer(await createContext(settings, { store, clock, log: silentLogger }));
  closers.push(() => second.close());
  const uri = idIn(note);
  const there = (): Promise<number> => us.ctx.db.statuses.countDocuments({ uri });
  await until(async () => (await there()) === 1, 'the second has done it');
  // Now the first holder wakes, and finishes what is finished.
  open();
  await us.idle();
  const unfinished = async (): Promise<number> =>
    (await us.ctx.db.jobs.countDocuments({})) + (await us.ctx.db.received.countDocuments({ outcome: null }));
  await until(async () => {
    await us.idle();
    return (await unfinished()) === 0;
  }, 'nothing is left to do');
  expect(await there()).toBe(1);
  expect(await us.ctx.db.notifications.countDocuments({ type: 'mention' })).toBe(1);
  expect(await us.ctx.db.received.find({}).toArray()).toMatchObject([{ outcome: 'processed' }]);
});
