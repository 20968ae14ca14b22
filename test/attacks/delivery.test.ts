import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteAccount } from '../../src/domain/deletion.js';
import { setDomainRule } from '../../src/domain/domains.js';
import { createResolver } from '../../federation/fetch/resolver.js';
import { renewKeys } from '../../src/domain/renew-keys.js';
import { startDns } from '../support/dns.js';
import { startPeer, type Peer } from '../support/peer.js';
import { until } from '../support/until.js';
import {
  followerOf,
  isSignedBy,
  startManyHosts,
  startWorld,
  status,
  type Arrived,
  type Inboxes,
  type World,
} from './world.js';

/** What leaves us, when those it is for are slow, down, gone or of another mind meanwhile. */

let w: World;
let peers: Peer[] = [];
beforeEach(async () => {
  w = await startWorld();
});
afterEach(async () => {
  await w.close();
  await Promise.all(peers.map((peer) => peer.close()));
  peers = [];
});

const typesOf = (got: readonly Arrived[]): string[] => got.map((a) => a.type);
const peerOf = ({ host }: Inboxes) => w.us.ctx.db.peers.findOne({ _id: host });

test('#345 Q_DOWN_DAYS', async () => {
  const peer = await w.inboxes((res) => res.socket?.destroy());
  await w.follower(w.bob, peer);
  const first = await w.post('before it was down');
  await w.us.idle();
  const began = w.clock.now().getTime();
  const waits: number[] = [];
  let attempts = 0;
  for (const days of [1, 5]) {
    for (let hour = 0; hour < days * 24; hour++) {
      await w.pass({ minutes: 60 });
      if (peer.got.length > attempts) waits.push((w.clock.now().getTime() - began) / 3_600_000);
      attempts = peer.got.length;
    }
    await w.post(`after ${days} more`);
    await w.us.idle();
  }
  // About one look an hour at most, for six days, however much waits.
  expect(peer.got.length).toBeGreaterThan(10);
  expect(peer.got.length).toBeLessThanOrEqual(6 * 24 + 10);
  expect(waits.length).toBeGreaterThan(10);
  expect(await w.waiting()).toHaveLength(3);
  peer.answer(status(202));
  const before = peer.got.length;
  await w.pass({ hours: 1 }, 14);
  expect(await w.waiting()).toEqual([]);
  expect(new Set(peer.got.slice(before).map((a) => a.about)).size).toBe(3);
  expect(peer.got.slice(before).some((a) => a.about === first.uri)).toBe(true);
});

test('#346 Q_DEAD_HOST', async () => {
  const peer = await w.inboxes(status(500));
  await w.follower(w.bob, peer);
  for (let day = 0; day < 15; day++) {
    await w.post(`day ${day}`);
    await w.us.idle();
    await w.pass({ hours: 6 }, 4);
  }
  expect(await peerOf(peer)).toMatchObject({ breaker: 'dead' });
  const asked = peer.got.length;
  await w.post('nobody reads this');
  await w.us.idle();
  await w.pass({ hours: 6 }, 40);
  expect(peer.got.length).toBe(asked);
  expect(await w.waiting()).toEqual([]);
});

/** A host of which we have a key: it can be heard from. */
async function speakingPeer(): Promise<{ peer: Peer; hear(): Promise<number> }> {
  const peer = await startPeer();
  peers.push(peer);
  const alice = peer.actor('alice');
  const hear = (): Promise<number> =>
    peer.send(
      `${w.us.url}/inbox`,
      {
        id: `${alice.uri}/follow/${peer.delivered.length}`,
        type: 'Follow',
        actor: alice.uri,
        object: w.bob.account.uri,
      },
      alice,
      { now: w.clock.now() },
    );
  return { peer, hear };
}

test('#347 Q_REVIVE', async () => {
  const { peer, hear } = await speakingPeer();
  const at = w.clock.now().toISOString();
  await w.us.ctx.db.peers.insertOne({
    _id: peer.host,
    breaker: 'dead',
    failures: 90,
    firstFailureAt: at,
    lastFailureAt: at,
    lastSuccessAt: null,
    nextProbeAt: null,
    lastReason: 'timeout',
    dialect: null,
    software: null,
  });
  expect(await hear()).toBe(202);
  await w.us.idle();
  const { uri } = await w.post('welcome back');
  await w.us.idle();
  expect(peer.delivered.map((d) => d.activity.type)).toEqual(['Accept', 'Create']);
  expect(peer.delivered.at(-1)?.raw).toContain(uri);
});

test('#348 Q_HOL', async () => {
  const stuck = await Promise.all(Array.from({ length: 5 }, () => w.inboxes(() => undefined)));
  const good = await Promise.all(Array.from({ length: 20 }, () => w.inboxes()));
  for (const server of [...stuck, ...good]) await w.follower(w.bob, server);
  for (let i = 0; i < 10; i++) await w.post(`post ${i}`);
  await until(() => good.every((server) => server.got.length === 10));
  // Nothing came back from them yet, so each is asked one thing at a time.
  expect(stuck.map((server) => server.got.length)).toEqual([1, 1, 1, 1, 1]);
  for (const server of stuck) await server.close();
  await w.us.idle();
  await w.pass({ minutes: 1 }, 5);
  const breakers = await Promise.all(stuck.map(async (server) => (await peerOf(server))?.breaker));
  expect(breakers).toEqual(['open', 'open', 'open', 'open', 'open']);
});

test('#349 Q_TIMEOUT', async () => {
  // It has stored what it was sent, and its answer is lost.
  const peer = await w.inboxes((res) => res.socket?.destroy());
  await w.follower(w.bob, peer);
  await w.post('twice is once');
  await w.us.idle();
  expect(await w.waiting()).toMatchObject([{ attempts: 1, lastError: 'reset' }]);
  peer.answer(status(202));
  await w.pass({ minutes: 1 });
  expect(peer.got).toHaveLength(2);
  expect(new Set(peer.got.map((a) => a.id)).size).toBe(1);
  expect(new Set(peer.got.map((a) => a.raw)).size).toBe(1);
  await w.pass({ hours: 1 }, 5);
  expect(peer.got).toHaveLength(2);
  expect(await w.us.ctx.db.deliveries.countDocuments({})).toBe(0);
});

test('#351 Q_RETRY_AFTER', async () => {
  const dayMs = 86_400_000;
  const wanted: [string, number][] = [
    ['0', 30_000],
    ['120', 120_000],
    ['1000000000000', dayMs],
    ['-5', 30_000],
    ['soon', 30_000],
    ['', 30_000],
    ['Fri, 31 Dec 2099 23:59:59 GMT', dayMs],
    ['Fri, 31 Dec 1999 23:59:59 GMT', 30_000],
    ['1e3', 30_000],
  ];
  for (const [text, expected] of wanted) {
    const peer = await w.inboxes(status(503, { 'retry-after': text }));
    const remote = await w.follower(w.bob, peer);
    await w.bob.client.post(`/api/v1/accounts/${remote._id}/follow`);
    await w.us.idle();
    const [item] = await w.us.ctx.db.deliveries.find({ lane: peer.host }).toArray();
    expect([text, Date.parse(item?.dueAt ?? '') - w.clock.now().getTime()]).toEqual([text, expected]);
  }
});

test('#352 Q_KNOCK', async () => {
  const modern: Parameters<Inboxes['answer']>[0] = (res, req) =>
    res.writeHead(req.headers['signature-input'] ? 202 : 401).end();
  const peer = await w.inboxes(modern);
  await w.follower(w.bob, peer);
  await w.post('one');
  await w.us.idle();
  await w.post('two');
  await w.us.idle();
  const dialects = (): string[] =>
    peer.got.map((a) => (a.headers['signature-input'] === undefined ? 'cavage' : 'rfc9421'));
  expect(dialects()).toEqual(['cavage', 'rfc9421', 'rfc9421']);
  // It was set back to an older version: the memory is corrected in the same attempt.
  peer.answer((res, req) => res.writeHead(req.headers['signature-input'] ? 401 : 202).end());
  await w.post('three');
  await w.us.idle();
  await w.post('four');
  await w.us.idle();
  expect(dialects().slice(3)).toEqual(['rfc9421', 'cavage', 'cavage']);
  expect(await w.waiting()).toEqual([]);
});

test('#354 Q_ORDER', async () => {
  const peer = await w.inboxes(status(500));
  const fan = await w.follower(w.bob, peer);
  const { id, uri } = await w.post('first');
  await w.us.idle();
  for (const text of ['second', 'third']) {
    await w.bob.client.put(`/api/v1/statuses/${id}`, { status: text });
    await w.us.idle();
  }
  await w.bob.client.delete(`/api/v1/statuses/${id}`);
  await w.bob.client.post(`/api/v1/accounts/${fan._id}/follow`);
  await w.us.idle();
  await w.bob.client.post(`/api/v1/accounts/${fan._id}/unfollow`);
  await w.us.idle();
  expect(new Set(typesOf(peer.got))).toContain('Create');
  peer.answer(status(202));
  const before = peer.got.length;
  await w.pass({ minutes: 10 }, 12);
  // What was taken back does not come after the news of it.
  expect(typesOf(peer.got.slice(before)).sort()).toEqual(['Delete', 'Undo']);
  expect(peer.got.slice(before).find((a) => a.type === 'Delete')?.about).toBe(uri);
  expect(await w.waiting()).toEqual([]);
});

test('#355 Q_DELETE_KEY', async () => {
  const peer = await w.inboxes(status(500));
  await w.follower(w.bob, peer);
  const { publicPem } = (await w.us.ctx.keys.publicKeys(w.bob.account._id))?.rsa ?? { publicPem: '' };
  await deleteAccount(w.us.ctx, w.bob.account);
  await w.us.idle();
  await w.pass({ hours: 6 }, 8);
  peer.answer(status(202));
  const before = peer.got.length;
  await w.pass({ hours: 1 }, 14);
  const told = peer.got.slice(before).find((a) => a.type === 'Delete');
  expect(told?.about).toBe(w.bob.account.uri);
  expect(told && isSignedBy(told, publicPem)).toBe(true);
  // Whoever asks for the key now learns that its owner is gone.
  const asked = await fetch(w.bob.account.uri, { headers: { accept: 'application/activity+json' } });
  expect(asked.status).toBe(410);
});

test('#357 Q_STALE_SIG', async () => {
  const peer = await w.inboxes(status(500));
  await w.follower(w.bob, peer);
  await w.post('held for long');
  await w.us.idle();
  await w.us.ctx.db.deliveries.updateMany(
    {},
    { $set: { dueAt: new Date(w.clock.now().getTime() + 13 * 3_600_000).toISOString() } },
  );
  peer.answer(status(202));
  await w.pass({ hours: 13 });
  const [first, last] = [peer.got[0], peer.got.at(-1)];
  expect(peer.got).toHaveLength(2);
  expect(last?.headers['date']).toBe(w.clock.now().toUTCString());
  expect(last?.headers['signature']).not.toBe(first?.headers['signature']);
});

test('#358 Q_UNFOLLOWED', async () => {
  const cases: Record<
    string,
    (server: Inboxes, fan: { _id: string; uri: string }, id: string) => Promise<unknown>
  > = {
    // Control: nothing changed, so it arrives.
    stays: async () => undefined,
    unfollowed: (_, fan) => w.us.ctx.db.follows.deleteMany({ accountId: fan._id }),
    blocked: (_, fan) => w.bob.client.post(`/api/v1/accounts/${fan._id}/block`),
    'host blocked': ({ host }) => setDomainRule(w.us.ctx, host, { severity: 'suspend' }),
    'post deleted': (_, __, id) => w.bob.client.delete(`/api/v1/statuses/${id}`),
    'author suspended': () =>
      w.us.ctx.db.accounts.updateOne(
        { _id: w.bob.account._id },
        { $set: { suspendedAt: w.clock.now().toISOString() } },
      ),
  };
  const arrived: Record<string, boolean> = {};
  for (const [name, happens] of Object.entries(cases)) {
    const peer = await w.inboxes(status(500));
    const fan = await w.follower(w.bob, peer);
    const { id, uri } = await w.post(`for followers: ${name}`, { visibility: 'private' });
    await w.us.idle();
    await happens(peer, fan, id);
    await w.us.idle();
    peer.answer(status(202));
    const before = peer.got.length;
    await w.pass({ minutes: 10 }, 3);
    arrived[name] = peer.got.slice(before).some((a) => a.type === 'Create' && a.about === uri);
    expect(await w.us.ctx.db.deliveries.countDocuments({ lane: peer.host, state: 'ready' })).toBe(0);
  }
  expect(arrived).toEqual({
    stays: true,
    unfollowed: false,
    blocked: false,
    'host blocked': false,
    'post deleted': false,
    'author suspended': false,
  });
});

test('#361 Q_LARGE_ACT', async () => {
  const peer = await w.inboxes(status(413));
  await w.follower(w.bob, peer);
  const max = w.us.settings.maxCharacters;
  const tags = Array.from({ length: Math.floor(max / 5) }, (_, i) => `#${i.toString(36).padStart(3, 'a')}`);
  await w.post(tags.join(' ').slice(0, max));
  await w.us.idle();
  await w.post('\u{1F600}'.repeat(max / 2));
  await w.us.idle();
  expect(peer.got.length).toBeGreaterThan(0);
  // The least of the limits that are known of large servers.
  for (const { raw } of peer.got) expect(Buffer.byteLength(raw)).toBeLessThan(1_000_000);
  await w.pass({ hours: 1 }, 5);
  const tries = peer.got.length;
  await w.pass({ hours: 12 }, 4);
  expect(peer.got.length).toBe(tries);
  expect(tries).toBe(6);
  const dead = await w.us.ctx.db.deliveries.find({ state: 'dead' }).toArray();
  expect(dead.map((d) => d.lastError)).toEqual(['status 413', 'status 413']);
});

test('#356 Q_KEY_ROT', async () => {
  const peer = await w.inboxes(status(500));
  for (let i = 0; i < 10; i++) await w.follower(w.bob, peer, { shared: false });
  await w.post('signed when it leaves');
  await w.us.idle();
  const before = await publicKeyOf(w.bob.account.uri);
  await renewKeys(w.us.ctx, w.bob.account);
  const after = await publicKeyOf(w.bob.account.uri);
  expect(after).not.toBe(before);
  // It knows the old key, and looks again when it does not fit, as others do, but only a while later.
  let known = before;
  peer.answer((res, _, arrived) => {
    const good = isSignedBy(arrived, known);
    if (!good) setImmediate(() => (known = after));
    res.writeHead(good ? 202 : 401).end();
  });
  const sent = peer.got.length;
  await w.pass({ minutes: 1 }, 30);
  expect(await w.waiting()).toEqual([]);
  expect(await w.us.ctx.db.deliveries.countDocuments({ state: 'dead' })).toBe(0);
  const later = peer.got.slice(sent);
  expect(later.filter((a) => a.headers['signature-input'] === undefined && isSignedBy(a, before))).toEqual(
    [],
  );
  expect(new Set(later.filter((a) => a.type === 'Create').map((a) => a.path)).size).toBe(10);
  // And all are told, with the new key in it.
  const told = later.filter((a) => a.type === 'Update');
  expect(told.length).toBeGreaterThanOrEqual(10);
  expect(told.every((a) => JSON.stringify(a.object).includes(JSON.stringify(after).slice(1, -1)))).toBe(true);
});

async function publicKeyOf(uri: string): Promise<string> {
  const answer = await fetch(uri, { headers: { accept: 'application/activity+json' } });
  const actor = (await answer.json()) as { publicKey: { publicKeyPem: string } };
  return actor.publicKey.publicKeyPem;
}

test('#359 Q_IPV6', async () => {
  await w.close();
  const silent = await startDns({
    'broken6.example': { aaaa: ['::1'], a: ['127.0.0.1'] },
    'many.example': { a: Array.from({ length: 30 }, (_, i) => `127.0.0.${i + 1}`) },
    'servfail.example': { code: 2 },
  });
  const asked: string[][] = [];
  const resolver = createResolver({ servers: [silent.address] });
  w = await startWorld({
    resolve: async (name) => {
      const found = await resolver(name);
      asked.push([name, ...found]);
      return found;
    },
  });
  // Listens on 127.0.0.1 only: nobody is at ::1.
  const server = await w.inboxes();
  const port = server.host.split(':')[1];
  const names = ['broken6', 'many', 'servfail', 'nobody'].map((name) => `${name}.example:${port}`);
  for (const host of names) await w.follower(w.bob, { host, origin: `http://${host}` });
  await w.post('to wherever it is');
  await w.us.idle();
  const left = await w.waiting();
  expect(server.got.map((a) => a.headers.host).sort()).toEqual([
    `broken6.example:${port}`,
    `many.example:${port}`,
  ]);
  expect(asked.find(([name]) => name === 'broken6.example')).toEqual(['broken6.example', '::1', '127.0.0.1']);
  expect(asked.find(([name]) => name === 'many.example')).toHaveLength(3);
  // No such name, and a name server in trouble: a failure like any other, tried again.
  expect(left.map((d) => [d.lane.split('.')[0], d.state, d.attempts])).toEqual([
    ['servfail', 'ready', 1],
    ['nobody', 'ready', 1],
  ]);
  silent.close();
});

test('#360 Q_PUBLISH_LOAD', async () => {
  await w.close();
  const hosts = 600;
  const perHost = 5;
  w = await startWorld({ resolve: async () => ['127.0.0.1'] });
  const got = new Map<string, number>();
  const many = await startManyHosts((req, res) => {
    const key = String(req.headers.host);
    got.set(key, (got.get(key) ?? 0) + 1);
    res.writeHead(202).end();
  });
  const fans = Array.from({ length: hosts * perHost }, (_, i) =>
    followerOf(w.us, w.bob, { server: { host: `h${i % hosts}.example:${many.port}` } }),
  );
  await w.us.ctx.db.accounts.insertMany(fans.map((fan) => fan.account));
  await w.us.ctx.db.follows.insertMany(fans.map((fan) => fan.follow));
  const sizes: number[] = [];
  const { deliveries } = w.us.ctx.db;
  const insertMany = deliveries.insertMany.bind(deliveries);
  deliveries.insertMany = (documents, options) => {
    sizes.push(documents.length);
    return insertMany(documents, options);
  };
  await w.post('to everybody');
  // The answer did not wait for them.
  expect(got.size).toBeLessThan(hosts);
  await w.us.idle();
  expect(got.size).toBe(hosts);
  expect([...got.values()].every((count) => count === 1)).toBe(true);
  // Written in steps, so that nobody else is kept from writing.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(hosts);
  await many.close();
});

test('#362 Q_TLS_TRANS', async () => {
  await w.close();
  const folder = 'test/federation/fetch/tls';
  const [key, cert, expired] = ['key', 'cert', 'expired'].map((name) =>
    readFileSync(`${folder}/${name}.pem`),
  );
  w = await startWorld({ ca: String(cert) });
  let got = 0;
  const server = createTlsServer({ key, cert: expired }, (req, res) => {
    got += 1;
    req.resume();
    res.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const { account, follow } = followerOf(w.us, w.bob, { server: { host } });
  const remote = account.remote && { ...account.remote, inbox: `https://${host}/in`, sharedInbox: null };
  await w.us.ctx.db.accounts.insertOne({ ...account, remote });
  await w.us.ctx.db.follows.insertOne(follow);
  await w.post('under an old certificate');
  await w.us.idle();
  expect(await w.waiting()).toMatchObject([{ attempts: 1, lastError: 'tls' }]);
  await w.pass({ hours: 2 }, 12);
  expect(got).toBe(0);
  expect(await w.waiting()).toHaveLength(1);
  expect(await w.us.ctx.db.follows.findOne({ _id: follow._id })).not.toBeNull();
  server.setSecureContext({ key, cert });
  await w.pass({ hours: 2 }, 5);
  expect(got).toBe(1);
  expect(await w.waiting()).toEqual([]);
  server.closeAllConnections();
  server.close();
});
