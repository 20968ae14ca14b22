import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import Database from 'libsql';
import { createContext } from '../../src/context.js';
import { favourite, unfavourite } from '../../src/domain/favourites.js';
import { createSteps, sweepOnce } from '../../src/jobs/sweep.js';
import { silentLogger } from '../../src/log.js';
import { collections } from '../../src/store/collections.js';
import { findInconsistencies } from '../store/consistency.js';
import { by, engines, indexes, unique, type Doc } from '../store/engines.js';
import { createTestClock } from '../support/clock.js';
import { createClient } from '../support/client.js';
import { freePort } from '../support/instance.js';
import { startPeer } from '../support/peer.js';
import { connectionLost, openTroubledStore } from '../support/troubled-store.js';
import { openDoor } from './door-kit.js';
import { createOf, deliver, noteOf, post, startScene, type Scene, type Status } from './kit.js';

/** The database and the disk in trouble: what was acknowledged stays, the rest is refused clearly, and all comes back. */

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function scene(overrides: Parameters<typeof startScene>[0] = {}): Promise<Scene> {
  const made = await startScene(overrides);
  closers.push(() => made.close());
  return made;
}

async function dataFolder(): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'landfall-storage-'));
  closers.push(() => rm(data, { recursive: true, force: true }));
  return data;
}

const home = (s: Scene): Promise<Response> =>
  fetch(`${s.us.url}/api/v1/timelines/home`, { headers: { authorization: `Bearer ${s.bob.token}` } });

test('#364 S_DB_DOWN', async () => {
  const store = await openTroubledStore();
  const clock = createTestClock();
  const s = await scene({ store, clock });
  const down = (): never => {
    throw connectionLost();
  };
  store.before = down;
  for (const answer of [
    await home(s),
    await fetch(`${s.us.url}/api/v1/statuses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${s.bob.token}`, 'content-type': 'application/json' },
      body: '{"status":"Is anybody there?"}',
    }),
  ]) {
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await answer.text()).not.toMatch(/connection closed|Mongo/);
  }
  const refused = await post(s, s.alice, createOf(noteOf(s.alice)));
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toMatch(/^\d+$/);
  expect((await fetch(`${s.us.url}/health`)).status).toBe(200);
  expect((await fetch(`${s.us.url}/health/ready`)).status).toBe(503);
  // It is back.
  store.before = null;
  expect((await home(s)).status).toBe(200);
  expect((await fetch(`${s.us.url}/health/ready`)).status).toBe(200);
  // Gone again, right after it took an activity in: that one is not lost.
  const note = noteOf(s.alice);
  store.after = ({ collection, name }) => {
    if (collection === 'received' && name === 'insertOne') store.before = down;
  };
  expect((await post(s, s.alice, createOf(note))).status).toBe(202);
  expect((await home(s)).status).toBe(503);
  store.after = null;
  store.before = null;
  for (let i = 0; i < 3; i++) {
    await s.us.idle();
    clock.advance({ minutes: 1 });
  }
  await s.us.idle();
  expect(await s.us.ctx.db.statuses.countDocuments({ uri: note.id })).toBe(1);
});

test('#365 S_DB_SLOW', async () => {
  const store = await openTroubledStore();
  const s = await scene({ store, maxRequests: 10 });
  const port = Number(new URL(s.us.url).port);
  // Whoever takes long to say what they want is not in the way of others.
  const slow: Socket[] = Array.from({ length: 12 }, () =>
    connect(port, '127.0.0.1').on('error', () => undefined),
  );
  for (const socket of slow)
    socket.write('POST /inbox HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{');
  expect((await home(s)).status).toBe(200);
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  store.before = () => gate;
  let answered = 0;
  const asked = Array.from({ length: 25 }, async () => {
    const answer = await home(s);
    if ((answered += 1) === 15) open();
    return [answer.status, answer.headers.get('retry-after')];
  });
  // Fifteen are refused at once, though nothing moves; ten get their answer when it does.
  const answers = await Promise.all(asked);
  expect(answers.filter(([status]) => status === 503)).toEqual(Array.from({ length: 15 }, () => [503, '30']));
  expect(answers.filter(([status]) => status === 200)).toHaveLength(10);
  store.before = null;
  for (const socket of slow) socket.destroy();
  expect((await home(s)).status).toBe(200);
});

test('#366 S_DB_DEADLOCK', async () => {
  const data = await dataFolder();
  const s = await scene({ data, databaseUrl: 'embedded:' });
  // A second process on the same file, as commands are.
  const beside = await createContext(s.us.settings, { mode: 'command', log: silentLogger });
  const posts = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      s.bob.client.post<Status>('/api/v1/statuses', { status: `Row ${i}` }),
    ),
  );
  const statuses: number[] = [];
  const call = async (path: string, method = 'POST', token = s.dave.token): Promise<void> => {
    const answer = await fetch(`${s.us.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    statuses.push(answer.status);
  };
  const errors: unknown[] = [];
  const note = (error: unknown): void =>
    void ((error as { status?: number }).status === 404 || errors.push(error));
  const work: Promise<unknown>[] = [];
  for (let round = 0; round < 12; round++) {
    for (const { id } of posts) {
      work.push(call(`/api/v1/statuses/${id}/${round % 2 ? 'un' : ''}favourite`));
      work.push(call(`/api/v1/statuses/${id}/reblog`, 'POST', s.carol.token));
      const act = round % 2 ? unfavourite : favourite;
      work.push(act(beside, s.carol.account, id).catch(note));
    }
  }
  work.push(call(`/api/v1/statuses/${posts[0]?.id}`, 'DELETE', s.bob.token));
  await Promise.all(work);
  await s.us.idle();
  expect(errors).toEqual([]);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  for (const { id } of posts.slice(1)) {
    const count = await s.us.ctx.db.favourites.countDocuments({ statusId: id });
    expect((await s.us.ctx.db.statuses.findOne({ _id: id }))?.favouritesCount).toBe(count);
  }
  expect(await s.us.ctx.db.favourites.countDocuments({ statusId: posts[0]?.id ?? '' })).toBe(0);
  await beside.close();
  await s.us.close();
  expect(findInconsistencies(join(data, 'landfall.sqlite'), collections)).toEqual([]);
});

test('#367 S_SQLITE_BUSY', async () => {
  const data = await dataFolder();
  const s = await scene({ data, databaseUrl: 'embedded:' });
  const file = join(data, 'landfall.sqlite');
  const [reader, writer] = [new Database(file), new Database(file, { timeout: 20_000 })];
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM sqlite_master').get([]);
  writer.exec('BEGIN IMMEDIATE');
  const answers = Array.from({ length: 50 }, (_, i) =>
    fetch(`${s.us.url}/api/v1/statuses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${s.bob.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ status: `Writer ${i}` }),
    }),
  );
  // Locked by somebody else, the server goes on reading.
  expect((await home(s)).status).toBe(200);
  writer.exec('COMMIT');
  writer.prepare('PRAGMA wal_checkpoint(PASSIVE)').get([]);
  expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual(Array(50).fill(200));
  reader.exec('COMMIT');
  writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get([]);
  await s.us.idle();
  expect(await s.us.ctx.db.statuses.countDocuments({ accountId: s.bob.account._id })).toBe(50);
  reader.close();
  writer.close();
});

test('#378 S_PRUNE', async () => {
  const clock = createTestClock();
  const data = await dataFolder();
  const s = await scene({ clock, data });
  const { db } = s.us.ctx;
  // Everything that is remembered for a while, made the way it is made.
  const late = noteOf(s.alice);
  await deliver(s, { type: 'Delete', object: late.id }, { by: s.alice });
  const like = {
    id: `${s.peer.origin}/likes/1`,
    type: 'Like',
    actor: s.alice.uri,
    object: s.bob.account.uri,
  };
  await deliver(s, { type: 'Undo', object: like }, { by: s.alice });
  await deliver(s, { type: 'Nonsense', object: s.bob.account.uri }, { by: s.alice });
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Mine, and gone' });
  await s.bob.client.delete(`/api/v1/statuses/${own.id}`);
  const form = new FormData();
  const pixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  form.append('file', new Blob([Buffer.from(pixel, 'base64')], { type: 'image/png' }), 'a.png');
  await s.bob.client.post('/api/v2/media', form);
  await s.us.idle();
  const at = clock.now().toISOString();
  const idle = {
    state: 'dead' as const,
    dueAt: at,
    leaseUntil: null,
    attempts: 9,
    lane: 'x',
    lastError: 'x',
    createdAt: at,
  };
  await db.jobs.insertOne({ ...idle, _id: s.us.ctx.ids.next(), kind: 'card', payload: {} });
  await db.deliveries.insertOne({
    ...idle,
    _id: s.us.ctx.ids.next(),
    activityId: 'x',
    accountId: s.bob.account._id,
    inbox: 'x',
    key: 'x',
    generation: 1,
  });
  const image = { path: 'ab/cd/card.png', width: 1, height: 1, blurhash: null, description: '' };
  await s.us.ctx.files.put(image.path, Buffer.from(pixel, 'base64'));
  const page = {
    title: 'T',
    description: '',
    authorName: '',
    providerName: '',
    language: null,
    publishedAt: null,
  };
  await db.previewCards.insertOne({
    _id: s.us.ctx.ids.next(),
    url: 'https://page.example/',
    page: { ...page, image },
    fetchedAt: at,
  });
  const token = await db.accessTokens.findOne({ userId: s.dave.user._id });
  await fetch(`${s.us.url}/api/v1/accounts/verify_credentials`, {
    headers: { authorization: `Bearer ${s.dave.token}` },
  });
  await db.accessTokens.updateOne({ _id: token?._id ?? '' }, { $set: { revokedAt: at } });
  await db.idempotency.insertOne({ _id: s.us.ctx.ids.next(), key: 'k', statusId: own.id, expiresAt: at });
  await db.authorizationCodes.insertOne({
    ...({ _id: s.us.ctx.ids.next(), codeHash: 'x', userId: s.bob.user._id, expiresAt: at } as Parameters<
      typeof db.authorizationCodes.insertOne
    >[0]),
  });
  const part = join(data, 'media', '.incoming', 'part-killed');
  await mkdir(part);
  await writeFile(join(part, 'data'), 'half of it');
  const longAgo = new Date(Date.now() - 3 * 86_400_000);
  await utimes(part, longAgo, longAgo);

  const counts = async (): Promise<Record<string, number>> => ({
    graves: await db.tombstones.countDocuments({ uri: late.id }),
    undone: await db.undoneActivities.countDocuments({}),
    received: await db.received.countDocuments({}),
    deadJobs: await db.jobs.countDocuments({ state: 'dead' }),
    deadDeliveries: await db.deliveries.countDocuments({ state: 'dead' }),
    activities: await db.activities.countDocuments({ statusId: own.id }),
    uploads: await db.media.countDocuments({ statusId: null }),
    cardImages: await db.previewCards.countDocuments({ 'page.image.path': { $gt: '' } }),
    tokens: await db.accessTokens.countDocuments({ _id: token?._id ?? '' }),
    idempotency: await db.idempotency.countDocuments({}),
    codes: await db.authorizationCodes.countDocuments({}),
  });
  const before = await counts();
  for (const [name, count] of Object.entries(before)) expect([name, count > 0]).toEqual([name, true]);
  const steps = createSteps();
  // Nothing that may still be needed goes within the hour.
  clock.advance({ hours: 6 });
  await sweepOnce(s.us.ctx, steps);
  const soon = await counts();
  for (const name of ['graves', 'undone', 'received', 'activities', 'uploads', 'cardImages'])
    expect([name, soon[name]]).toEqual([name, before[name]]);
  for (let day = 0; day < 91; day++) {
    clock.advance({ days: 1 });
    await sweepOnce(s.us.ctx, steps);
  }
  expect(await counts()).toEqual(Object.fromEntries(Object.keys(before).map((name) => [name, 0])));
  expect(await s.us.ctx.files.exists(image.path)).toBe(false);
  expect(await readdir(join(data, 'media', '.incoming'))).toEqual([]);
  // What was ours stays gone, for whoever asks.
  expect((await fetch(own.uri, { headers: { accept: 'application/activity+json' } })).status).toBe(410);
});

test('#379 S_HEALTH', async () => {
  const store = await openTroubledStore();
  const data = await dataFolder();
  const metricsPort = await freePort();
  const s = await scene({ store, data, metricsBind: `127.0.0.1:${metricsPort}` });
  const look = async (path: string): Promise<[number, unknown]> => {
    const answer = await fetch(`${s.us.url}${path}`);
    return [answer.status, await answer.json()];
  };
  expect(await look('/health')).toEqual([200, { status: 'UP' }]);
  expect(await look('/health/ready')).toEqual([200, { status: 'UP' }]);
  const failing = (...names: string[]): [number, unknown] => [503, { status: 'DOWN', failing: names }];
  store.before = () => {
    throw connectionLost();
  };
  expect(await look('/health/ready')).toEqual(failing('database'));
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  store.before = () => gate;
  expect(await look('/health/ready')).toEqual(failing('database'));
  expect(await look('/health')).toEqual([200, { status: 'UP' }]);
  store.before = null;
  open();
  await rm(data, { recursive: true });
  expect(await look('/health/ready')).toEqual(failing('disk'));
  await mkdir(data);
  expect(await look('/health/ready')).toEqual([200, { status: 'UP' }]);
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  for (const name of [
    'queue_oldest_seconds',
    'delivery_hosts',
    'nodejs_eventloop_lag_seconds',
    'queue_items',
  ])
    expect(metrics).toContain(`landfall_${name}`);
  expect(metrics).not.toContain(s.bob.token);
  expect((await fetch(`${s.us.url}/metrics`)).status).toBe(404);
});

/** Texts that a language, a letter case or a normal form would take for each other, or put in another order. */
const alike = [
  ['a', 'A', 'ａ', 'á', 'a\u0301'],
  ['strasse', 'straße', 'STRASSE', 'STRAẞE'],
  ['i', 'I', 'ı', 'İ'],
  ['co-op', 'coop', 'co\u00adop', 'co op'],
  ['z', 'ö', 'o\u0308', 'Z', 'ﬁ', 'fi', '\u{1f408}', '\uffee'],
].flat();

test('#371 S_COLLATION', async () => {
  for (const engine of engines) {
    const place = engine.create();
    try {
      const store = await place.open({ words: indexes(unique('word'), by('group', 'word')) });
      const words = store.collection<Doc>('words');
      for (const [i, word] of alike.entries()) await words.insertOne({ _id: `${i}`, word, group: 1 });
      for (const [i, word] of alike.entries()) {
        await expect(words.insertOne({ _id: `again ${i}`, word, group: 1 })).rejects.toThrow();
        expect([engine.name, word, (await words.find({ word }).toArray()).map((w) => w._id)]).toEqual([
          engine.name,
          word,
          [`${i}`],
        ]);
      }
      const sorted = await words.find({ group: 1 }).sort({ word: 1 }).toArray();
      const bytewise = [...alike].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect([engine.name, sorted.map((w) => w['word'])]).toEqual([engine.name, bytewise]);
      const after = await words.find({ group: 1, word: { $gt: 'Z' } }).toArray();
      expect([engine.name, after.length]).toEqual([engine.name, bytewise.length - bytewise.indexOf('Z') - 1]);
      if (place.file === undefined) continue;
      // Nothing in the file depends on tables of a language that another machine may have in another version.
      const db = new Database(place.file, { readonly: true });
      const sql = db.prepare('SELECT sql FROM sqlite_master').raw().all([]) as string[][];
      db.close();
      expect(sql.length).toBeGreaterThan(2);
      expect(sql.flat().join(' ')).not.toMatch(/COLLATE|icu/i);
    } finally {
      await place.remove();
    }
  }
});

test('#376 S_CACHE_LOSS', async () => {
  const data = await dataFolder();
  const port = await freePort();
  const clock = createTestClock();
  const settings = { data, port, clock, databaseUrl: 'embedded:', testMode: false, rateLimits: true };
  const peer = await startPeer();
  closers.push(() => peer.close());
  const fan = peer.actor('fan');
  peer.answerInbox(() => 503);

  const first = await openDoor(settings);
  const bob = await first.person('bob');
  const carol = await first.person('carol');
  const entered = await first.attempt(first.browser(), 'bob');
  const cookies = (entered.headers['set-cookie'] as unknown as string[]).map((c) => c.split(';')[0] ?? '');
  const session = cookies.find((c) => c.startsWith('landfall=')) ?? '';
  expect(session).not.toBe('');
  const asBob = createClient(first.us.url, bob.token);
  const asCarol = createClient(first.us.url, carol.token);
  await asBob.post(`/api/v1/accounts/${carol.account._id}/follow`);
  await first.us.idle();
  const shown = await asCarol.post<Status>('/api/v1/statuses', { status: 'Shown to bob' });
  const followed = { id: `${fan.uri}/follow`, type: 'Follow', actor: fan.uri, object: bob.account.uri };
  expect(await peer.send(`${first.us.url}/inbox`, followed, fan, { now: clock.now() })).toBe(202);
  await asBob.post('/api/v1/statuses', { status: 'To the fan' });
  await first.us.idle();
  for (let i = 0; i < 25; i++) await first.attempt(first.browser(), 'carol', 'a wrong guess');
  const waiting = await first.us.ctx.db.deliveries.countDocuments({ state: 'ready' });
  expect(waiting).toBeGreaterThan(0);
  // Everything that is kept in memory goes: caches, windows, lanes, breakers, streams.
  await first.close();

  peer.answerInbox(() => 202);
  const second = await openDoor(settings);
  closers.push(() => second.close());
  const { us } = second;
  // Who was signed in is; who was guessed at still cannot be guessed at.
  expect((await second.browser().get('/auth/settings').set('Cookie', session)).status).toBe(200);
  expect((await second.attempt(second.browser(), 'carol', 'a wrong guess')).status).toBe(429);
  const home = await createClient(us.url, bob.token).get<Status[]>('/api/v1/timelines/home');
  expect(home.map((s) => s.id)).toContain(shown.id);
  // What waited is sent, once each, and nobody follows anew.
  for (let i = 0; i < 8; i++) {
    clock.advance({ hours: 2 });
    await us.idle();
  }
  const told = peer.delivered.map((d) => d.activity.type);
  expect([told.includes('Accept'), told.includes('Create')]).toEqual([true, true]);
  expect(await us.ctx.db.deliveries.countDocuments({ state: 'ready' })).toBe(0);
  expect(await us.ctx.db.follows.countDocuments({ state: 'accepted' })).toBe(2);
  // Who has no line of a home left gets one again with the next post.
  await us.ctx.db.homeEntries.deleteMany({});
  const next = await createClient(us.url, carol.token).post<Status>('/api/v1/statuses', { status: 'Next' });
  await us.idle();
  const again = await createClient(us.url, bob.token).get<Status[]>('/api/v1/timelines/home');
  expect(again.map((s) => s.id)).toContain(next.id);
});
