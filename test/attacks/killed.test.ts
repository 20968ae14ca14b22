import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import Database from 'libsql';
import { collections } from '../../src/store/collections.js';
import { findInconsistencies } from '../store/consistency.js';
import { createServerProcess } from '../crash/server-process.js';
import { freePort } from '../support/instance.js';
import { startPeer, type Peer } from '../support/peer.js';
import { until } from '../support/until.js';
import { Public } from './kit.js';
import { createSmallDisk, setUpStage, type Stage } from './process-kit.js';
import { followerOf, startInboxes, type Inboxes } from './world.js';

/** Faults of the whole process: killed, stopped under load, started twice, out of room, killed while it migrates. */

/** A process starts from its sources, which takes a second or two, and longer where others work. */
jest.setTimeout(900_000);

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function stage(...args: Parameters<typeof setUpStage>): Promise<Stage> {
  const made = await setUpStage(...args);
  closers.push(() => made.close());
  return made;
}

async function peer(): Promise<Peer> {
  const made = await startPeer();
  closers.push(() => made.close());
  return made;
}

async function inboxes(): Promise<Inboxes> {
  const made = await startInboxes();
  closers.push(() => made.close());
  return made;
}

/** Followers of alice at these hosts, as if all had agreed long ago. */
async function addFollowers(st: Stage, hosts: readonly { host: string }[], each: number): Promise<void> {
  await st.inside(async (ctx) => {
    const account = await ctx.db.accounts.findOne({ acctKey: 'alice' });
    if (!account) throw new Error('no alice');
    const of = { account } as Parameters<typeof followerOf>[1];
    const fans = hosts.flatMap((server) =>
      Array.from({ length: each }, () => followerOf({ ctx }, of, { server, shared: false })),
    );
    await ctx.db.accounts.insertMany(fans.map((fan) => fan.account));
    await ctx.db.follows.insertMany(fans.map((fan) => fan.follow));
  });
}

const queueOf = async (
  st: Stage,
): Promise<Record<string, { waiting: number; leased: number; dead: number }>> =>
  JSON.parse((await st.landfall('queue', '--json')).text);

test('#323 R_ACCEPT_CRASH, #342 R_TWO_PROCS', async () => {
  const st = await stage();
  const there = await peer();
  const trent = there.actor('trent');
  await st.server.start();
  // The second process on the same data says so, and the first goes on.
  const env = { ...st.env, LANDFALL_PORT: String(await freePort()) };
  const second = createServerProcess(env, st.url);
  second.spawn();
  expect(await second.ended()).toBe(1);
  expect(second.said()).toMatch(new RegExp(`Another server \\(process ${st.server.pid}\\).*Stop it first`));
  const uris: string[] = [];
  const sendNote = async (n: number): Promise<number> => {
    const id = `${there.origin}/notes/${n}`;
    uris.push(id);
    const to = { to: [Public], cc: [st.aliceUri] };
    const tag = [{ type: 'Mention', href: st.aliceUri, name: '@alice' }];
    const object = { id, type: 'Note', attributedTo: trent.uri, content: `<p>${n}</p>`, tag, ...to };
    const create = { id: `${id}/create`, type: 'Create', actor: trent.uri, object, ...to };
    return there.send(`${st.url}/inbox`, create, trent);
  };
  for (let n = 0; n < 3; n++) {
    expect(await sendNote(n)).toBe(202);
    // The bytes of the 202 are here; the process dies with them.
    await st.server.kill();
    await st.server.start();
  }
  await until(async () => (await queueOf(st))['received']?.waiting === 0, 'all that was received is done');
  await until(async () => (await queueOf(st))['jobs']?.waiting === 0, 'all that follows is done');
  const told = await st.alice.get<{ type: string; status: { uri: string } }[]>('/api/v1/notifications');
  expect(told.map((n) => n.status.uri).sort()).toEqual(uris);
  expect(await st.server.stop()).toBe(0);
  expect(await st.inside((ctx) => ctx.db.statuses.countDocuments({ uri: { $in: uris } }))).toBe(3);
});

test('#344 Q_CRASH_FANOUT', async () => {
  const st = await stage({ LANDFALL_DELIVERY_CONCURRENCY: '8' });
  const hosts = await Promise.all(Array.from({ length: 20 }, () => inboxes()));
  await addFollowers(st, hosts, 10);
  await st.server.start();
  const all = (): number => hosts.reduce((sum, host) => sum + host.got.length, 0);
  const { uri } = await st.alice.post<{ uri: string }>('/api/v1/statuses', { status: 'to two hundred' });
  await until(() => all() >= 80, 'about half of it is out');
  await st.server.kill();
  const before = all();
  expect(before).toBeLessThan(200);
  await st.server.start();
  await until(async () => (await queueOf(st))['deliveries']?.waiting === 0, 'all of it is out');
  const arrived = hosts.flatMap((host) => host.got.map((a) => `${host.host}${a.path}`));
  expect(new Set(arrived).size).toBe(200);
  expect(new Set(hosts.flatMap((host) => host.got.map((a) => a.id))).size).toBe(1);
  expect(hosts.every((host) => host.got.every((a) => a.about === uri))).toBe(true);
  // Repeated is only what was answered so late that the answer was not on disk yet: the writes of a moment.
  expect(arrived.length - 200).toBeLessThan(before);
  expect(await st.server.stop()).toBe(0);
});

test('#341 R_SHUTDOWN', async () => {
  const st = await stage({ LANDFALL_DRAIN_SECONDS: '120' });
  const stuck = await startInboxes(() => undefined);
  closers.push(() => stuck.close());
  await addFollowers(st, [stuck], 1);
  await st.server.start();
  await st.alice.post('/api/v1/statuses', { status: 'hangs at its follower' });
  await until(() => stuck.got.length === 1, 'a delivery is under way');
  const authorization = `Bearer ${st.token}`;
  const stream = await fetch(`${st.url}/api/v1/streaming/user`, { headers: { authorization } });
  const { port } = new URL(st.url);
  const body = JSON.stringify({ status: 'last words' });
  const head =
    `POST /api/v1/statuses HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
    `Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`;
  const under = Array.from({ length: 30 }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    // `100 Continue` tells that the request has begun for the server: what it has not read yet is no request.
    const begun = new Promise<void>((resolve) =>
      socket.on('data', (chunk) => {
        text += chunk.toString();
        resolve();
      }),
    );
    socket.write(head + body.slice(0, 7));
    const answer = new Promise<string>((resolve) => socket.on('close', () => resolve(text)));
    return { socket, begun, answer };
  });
  await Promise.all(under.map(({ begun }) => begun));
  process.kill(st.server.pid, 'SIGTERM');
  await until(() => st.server.said().includes('stopping'), 'it has heard');
  expect(
    await stream.text().then(
      () => 'ended',
      () => 'ended',
    ),
  ).toBe('ended');
  await until(
    () =>
      fetch(`${st.url}/health`).then(
        () => false,
        () => true,
      ),
    'nobody new is let in',
  );
  for (const { socket } of under) socket.write(body.slice(7));
  const answers = await Promise.all(under.map(({ answer }) => answer));
  const statuses = answers.map((text) => text.split('\r\n\r\n')[1]?.slice(0, 12));
  expect(statuses).toEqual(Array(30).fill('HTTP/1.1 200'));
  await stuck.close();
  expect(await st.server.ended()).toBe(0);
  // Nothing of it is lost: what was said last waits to be sent, and nobody holds it.
  const { deliveries, jobs } = await queueOf(st);
  expect(deliveries?.leased).toBe(0);
  expect((deliveries?.waiting ?? 0) + (jobs?.waiting ?? 0)).toBeGreaterThan(0);
  expect(await st.inside((ctx) => ctx.db.statuses.countDocuments({ text: 'last words' }))).toBe(30);
});

test('#368 S_DISK_FULL', async () => {
  const disk = createSmallDisk();
  const st = await stage({}, disk.prefix);
  const there = await peer();
  const trent = there.actor('trent');
  await st.server.start();
  const authorization = `Bearer ${st.token}`;
  const pixels = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const kept: string[] = [];
  const write = async (): Promise<number> => {
    const answer = await fetch(`${st.url}/api/v1/statuses`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'x'.repeat(4000) }),
    });
    const { id } = (await answer.json()) as { id?: string };
    if (answer.status === 200 && id) kept.push(id);
    return answer.status;
  };
  const upload = async (): Promise<number> => {
    const form = new FormData();
    form.append('file', new Blob([pixels], { type: 'image/png' }), 'a.png');
    const answer = await fetch(`${st.url}/api/v2/media`, {
      method: 'POST',
      headers: { authorization },
      body: form,
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  const follow = (n: number): Promise<number> =>
    there.send(
      `${st.url}/inbox`,
      { id: `${trent.uri}/${n}`, type: 'Follow', actor: trent.uri, object: st.aliceUri },
      trent,
    );
  expect(await write()).toBe(200);
  disk.fill(st);
  // The log of the database reuses its room for a while.
  const tries: number[] = [];
  while (tries.at(-1) !== 503 && tries.length < 400) tries.push(await write());
  expect([...new Set(tries)].filter((status) => status !== 200)).toEqual([503]);
  expect(await upload()).toBe(503);
  expect(await follow(1)).toBe(503);
  expect((await fetch(`${st.url}/health`)).status).toBe(200);
  // Reading goes on, and what was acknowledged is there.
  for (const id of kept.slice(-3)) expect(await st.alice.statusOf(`/api/v1/statuses/${id}`)).toBe(200);
  disk.empty(st);
  // Without anybody's help.
  await until(async () => (await write()) === 200, 'it writes again');
  expect(await upload()).toBe(200);
  expect(await follow(2)).toBe(202);
  for (const id of kept) expect(await st.alice.statusOf(`/api/v1/statuses/${id}`)).toBe(200);
  await there.next((d) => d.activity.type === 'Accept');
  expect(await st.server.stop()).toBe(0);
});

test('#375 S_MIGRATE', async () => {
  const st = await stage();
  await st.inside(async (ctx) => {
    const account = await ctx.db.accounts.findOne({ acctKey: 'alice' });
    if (!account) throw new Error('no alice');
    const of = { account } as Parameters<typeof followerOf>[1];
    const fans = Array.from({ length: 4000 }, () =>
      followerOf({ ctx }, of, { server: { host: 'far.example' } }),
    );
    await ctx.db.accounts.insertMany(fans.map((fan) => fan.account));
  });
  const file = join(st.data, 'landfall.sqlite');
  const db = new Database(file);
  const names = db
    .prepare("SELECT name FROM landfall_indexes WHERE collection = 'accounts' AND name LIKE '\"ix_%'")
    .raw()
    .all([]) as string[][];
  expect(names.length).toBeGreaterThan(5);
  /** As a version left it that did not know these indexes. */
  const forget = (): void => {
    for (const [name] of names)
      db.exec(`DROP TABLE ${name}; DELETE FROM landfall_indexes WHERE name = '${name}'`);
  };
  const built = db.prepare(
    "SELECT count(*) FROM landfall_indexes WHERE collection = 'accounts' AND name LIKE '\"ix_%'",
  );
  const count = (): number => {
    try {
      return Number((built.raw().get([]) as unknown[])[0]);
    } catch {
      return 0;
    }
  };
  // Whoever looks while it builds may look too late: then it begins anew.
  let half = names.length;
  for (let i = 0; i < 10 && half === names.length; i++) {
    forget();
    st.server.spawn();
    await until(() => count() >= 2, 'some of them are there');
    await st.server.kill();
    half = count();
  }
  expect(half).toBeGreaterThanOrEqual(2);
  expect(half).toBeLessThan(names.length);
  db.close();
  await st.server.start();
  expect(await st.server.stop()).toBe(0);
  expect(findInconsistencies(file, collections)).toEqual([]);
  // Twice the same name, from before there was a rule against it: the new rule is not forced, and says why.
  const again = new Database(file);
  const unique = again
    .prepare("SELECT name FROM landfall_indexes WHERE collection = 'accounts' AND keys = 'uri'")
    .raw();
  const [uriIndex] = unique.get([]) as string[];
  again.exec(`DROP TABLE ${uriIndex}; DELETE FROM landfall_indexes WHERE name = '${uriIndex}'`);
  again.exec(
    "INSERT INTO c_accounts (id, doc) SELECT '1', json_set(doc, '$._id', '1') FROM c_accounts LIMIT 1",
  );
  again.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  again.close();
  const { code, text } = await st.landfall('serve');
  expect([code, text]).toEqual([
    1,
    expect.stringMatching(/two documents of 'accounts' with the same uri: .*1/),
  ]);
  expect(text).not.toContain(' at ');
  // Made by a newer version: this one keeps its hands off.
  const newer = new Database(file);
  newer.exec('PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)');
  newer.close();
  const refused = await st.landfall('serve');
  expect([refused.code, refused.text]).toEqual([1, expect.stringContaining('newer version')]);
});
