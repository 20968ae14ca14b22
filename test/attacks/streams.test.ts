import { once } from 'node:events';
import { connect, type Socket as NetSocket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { createIds } from '../../src/model/ids.js';
import type { Signal } from '../../src/model/work.js';
import type { Collection } from '../../src/store/port.js';
import { silentLogger } from '../../src/log.js';
import { createHub } from '../../src/streaming/hub.js';
import { about, openEvents, openSocket, refusalOf, startSocket } from '../streaming/kit.js';
import { createClient, type Client } from '../support/client.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { until } from '../support/until.js';

let us: Instance;
let bob: TestUser;
let carol: TestUser;
let asBob: Client;
beforeAll(async () => {
  us = await startInstance({ streamsPerAccount: 20, streamsPerAddress: 30, maxCharacters: 100_000 });
  bob = await us.createUser('bob');
  carol = await us.createUser('carol');
  asBob = createClient(us.url, bob.token);
});
afterAll(() => us?.close());

const say = (status: string) => asBob.post<{ id: string }>('/api/v1/statuses', { status });

test('#281 STR_CHANNEL', async () => {
  const list = await asBob.post<{ id: string }>('/api/v1/lists', { title: 'mine' });
  await createClient(us.url, carol.token).post(`/api/v1/accounts/${bob.account._id}/follow`);
  await asBob.post(`/api/v1/accounts/${carol.account._id}/follow`);
  await us.idle();
  await asBob.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [carol.account._id] });
  const spy = await openSocket(us.url, carol.token);
  const hostile: unknown[] = [
    { type: 'subscribe', stream: 'list', list: list.id },
    { type: 'subscribe', stream: 'list', list: `${list.id} ` },
    { type: 'subscribe', stream: 'list', list: `${carol.account._id}:${list.id}` },
    { type: 'subscribe', stream: 'list' },
    { type: 'subscribe', stream: 'hashtag', tag: 'x'.repeat(10_000) },
    { type: 'subscribe', stream: 'hashtag', tag: 'x'.repeat(501) },
    { type: 'subscribe', stream: 'hashtag' },
    { type: 'subscribe', stream: `user:${bob.account._id}` },
    { type: 'subscribe', stream: 'everything' },
    { type: 'subscribe', stream: ['user'] },
    { type: 'subscribe', stream: '__proto__' },
    { type: 'dance', stream: 'user' },
    'not JSON',
    '[]',
    'null',
  ];
  for (const frame of hostile) spy.send(frame);
  // Subscriptions of many tags are bounded; those of the same one count once.
  for (let i = 0; i < 120; i++) spy.send({ type: 'subscribe', stream: 'hashtag', tag: `tag${i}` });
  for (let i = 0; i < 2000; i++) spy.send({ type: 'subscribe', stream: 'hashtag', tag: 'tag0' });
  spy.send({ type: 'unsubscribe', stream: 'hashtag', tag: 'tag1' });
  spy.send({ type: 'subscribe', stream: 'user' });
  spy.send({ type: 'subscribe', stream: 'last' });
  const errors = () => spy.heard.filter((r) => r.error !== undefined);
  await spy.next(() => errors().length === hostile.length + 20 + 1);
  expect(errors().map((r) => r.error)).toEqual([
    'Not authorized to stream this list',
    ...errors()
      .slice(1, hostile.length)
      .map((r) => r.error),
    ...Array<string>(20).fill('Too many subscriptions'),
    'Unknown stream type',
  ]);
  const first = await say('#tag0 hello');
  await spy.next(about('update', first.id));
  await us.idle();
  // Once on the tag, once on her home; nothing of the list.
  const frames = spy.heard.filter(about('update', first.id));
  expect(frames.map((r) => r.stream?.[0]).sort()).toEqual(['hashtag', 'user']);
  await spy.close();
  for (const query of [`list?list=${list.id}`, `hashtag?tag=${'x'.repeat(5000)}`, 'hashtag', 'list']) {
    const stream = await openEvents(us.url, `/api/v1/streaming/${query}`, carol.token);
    expect([query.slice(0, 20), stream.status]).toEqual([query.slice(0, 20), 400]);
  }
});

/** A WebSocket over a plain connection, which reads only what the test wants. */
async function openRaw(token: string, query = ''): Promise<NetSocket> {
  const { port } = new URL(us.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    [
      `GET /api/v1/streaming?${query} HTTP/1.1`,
      'Host: localhost',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      `Authorization: Bearer ${token}`,
      '\r\n',
    ].join('\r\n'),
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101 /);
  return socket;
}

/** A masked frame of a client (RFC 6455, 5.2); the mask is zero. */
function frame(first: number, payload: Buffer, told = payload.length): Buffer {
  const head =
    told < 126
      ? Buffer.from([first, 0x80 | told])
      : Buffer.concat([Buffer.from([first, 0x80 | 127]), length64(told)]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function length64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

const ended = (socket: NetSocket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', resolve);
  });

test('#282 STR_SLOW', async () => {
  const other = await openSocket(us.url, carol.token, { query: { stream: 'public:local' } });
  const slow = await openRaw(carol.token, 'stream=public:local');
  slow.pause();
  const sse = await (async () => {
    const { port } = new URL(us.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `GET /api/v1/streaming/public/local HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${carol.token}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.pause();
    return socket;
  })();
  const gone = Promise.all([ended(slow), ended(sse)]);
  const { id: statusId } = await say('x'.repeat(90_000));
  await other.next(about('update', statusId));
  // Far more than sockets and buffers hold; the system's buffers take some megabytes.
  // A few at a time, which whoever reads at all keeps up with.
  const updates = (): number => other.heard.filter((r) => r.event === 'status.update').length;
  for (let i = 1; i <= 300; i++) {
    us.ctx.hub.publish({ channels: ['public:local'], event: 'status.update', payload: { statusId } });
    if (i % 5 === 0) await other.next(() => updates() === i);
  }
  const { id: last } = await say('last');
  await other.next(about('update', last));
  expect(updates()).toBe(300);
  // Both were cut off from the server's side, long before the end: what arrives now is what lay in buffers.
  const late = [slow, sse].map((socket) => {
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part)).resume();
    return () => Buffer.concat(parts).toString();
  });
  await gone;
  expect(late.map((text) => [text().length > 0, text().includes(last)])).toEqual([
    [true, false],
    [true, false],
  ]);
  await other.close();
});

test('#283 STR_FRAME', async () => {
  const hostile: [string, Buffer, number | null][] = [
    ['100 MB', frame(0x81, Buffer.alloc(1000), 100_000_000), 1009],
    ['2^63 bytes', frame(0x81, Buffer.alloc(0), Number.MAX_SAFE_INTEGER), 1009],
    ['17 KB', frame(0x81, Buffer.alloc(17_000)), 1009],
    ['compressed', frame(0xc1, Buffer.from([0xca, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])), 1002],
    ['no UTF-8', frame(0x81, Buffer.from([0xff, 0xfe, 0xfd])), 1007],
    ['an unknown opcode', frame(0x83, Buffer.alloc(3)), 1002],
    ['a long ping', frame(0x89, Buffer.alloc(200)), 1002],
    ['not masked', Buffer.from([0x81, 0x01, 0x61]), 1002],
  ];
  for (const [name, bytes, code] of hostile) {
    const socket = await openRaw(bob.token);
    const answer = new Promise<number>((resolve) =>
      socket.once('data', (data: Buffer) => resolve(data[0] === 0x88 ? data.readUInt16BE(2) : 0)),
    );
    const end = ended(socket);
    socket.write(bytes);
    expect([name, await answer]).toEqual([name, code]);
    socket.end();
    await end;
  }
  // Pings whose answers nobody reads do not pile up.
  const pinger = await openRaw(bob.token);
  pinger.pause();
  const cut = ended(pinger);
  const burst = Buffer.concat(Array.from({ length: 10_000 }, () => frame(0x89, Buffer.alloc(120, 1))));
  let sent = 0;
  for (; sent < 200 && !pinger.destroyed; sent++) {
    if (!pinger.write(burst)) await Promise.race([once(pinger, 'drain').catch(() => undefined), cut]);
  }
  pinger.resume();
  await cut;
  expect(sent).toBeLessThan(200);
  // So many of one account, and so many from one address.
  const open: WebSocket[] = [];
  const tryOpen = async (token: string, address: string): Promise<number> => {
    const url = `${us.url.replace('http', 'ws')}/api/v1/streaming`;
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': address };
    const socket = new WebSocket(url, { headers });
    const [answer] = await Promise.race([
      once(socket, 'open').then(() => [101]),
      refusalOf(socket).then((refused) => [refused.status]),
    ]);
    if (answer === 101) open.push(socket);
    return answer ?? 0;
  };
  const bobs: number[] = [];
  for (let i = 0; i < 22; i++) bobs.push(await tryOpen(bob.token, `198.18.9.${i}`));
  expect(bobs).toEqual([...Array<number>(20).fill(101), 429, 429]);
  expect((await openEvents(us.url, '/api/v1/streaming/user', bob.token)).status).toBe(429);
  const crowd: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { token } = await us.createUser(`crowd${i}`);
    for (let k = 0; k < 8; k++) crowd.push(await tryOpen(token, '203.0.113.9'));
  }
  expect(crowd).toEqual([...Array<number>(30).fill(101), 429, 429]);
  // Whoever leaves makes room.
  const leaving = open.splice(0, 20);
  await Promise.all(
    leaving.map((socket) => {
      socket.close();
      return once(socket, 'close');
    }),
  );
  const again = await openSocket(us.url, bob.token);
  await again.close();
  for (const socket of open) socket.terminate();
});

/** The methods of a collection, to change some of them. */
function wrapped(signals: Collection<Signal>): Collection<Signal> {
  return {
    insertOne: (...args) => signals.insertOne(...args),
    insertMany: (...args) => signals.insertMany(...args),
    findOne: (...args) => signals.findOne(...args),
    find: (...args) => signals.find(...args),
    updateOne: (...args) => signals.updateOne(...args),
    updateMany: (...args) => signals.updateMany(...args),
    findOneAndUpdate: (...args) => signals.findOneAndUpdate(...args),
    deleteOne: (...args) => signals.deleteOne(...args),
    deleteMany: (...args) => signals.deleteMany(...args),
    countDocuments: (...args) => signals.countDocuments(...args),
    bulkWrite: (...args) => signals.bulkWrite(...args),
  };
}

test('#284 STR_BACKEND', async () => {
  // The bus of several processes is a collection; here its reads and writes fail for a while.
  const clock = { now: () => new Date() };
  const { signals } = us.ctx.db;
  let down = false;
  let failed = 0;
  const lost = () => Promise.reject(new Error('connection lost'));
  const cursor = { sort: () => cursor, skip: () => cursor, limit: () => cursor, toArray: lost };
  const flaky: Collection<Signal> = {
    ...wrapped(signals),
    find: (filter) => {
      if (!down) return signals.find(filter);
      failed += 1;
      return cursor;
    },
    insertMany: (documents, options) => (down ? lost() : signals.insertMany(documents, options)),
  };
  const hubOf = () =>
    createHub({ log: silentLogger, clock, ids: createIds(clock), signals: flaky, sends: true, pollMs: 10 });
  const [here, there] = [hubOf(), hubOf()];
  const heard: string[] = [];
  let wake: () => void = () => undefined;
  here.subscribe(({ event }) => {
    heard.push(event);
    wake();
  });
  const hears = async (event: string): Promise<void> => {
    for (let i = 0; i < 500 && !heard.includes(event); i++) {
      there.publish({ channels: ['public'], event, payload: {} });
      await Promise.race([new Promise<void>((r) => (wake = r)), new Promise((r) => setTimeout(r, 20))]);
    }
    expect(heard).toContain(event);
  };
  await hears('before');
  down = true;
  there.publish({ channels: ['public'], event: 'meanwhile', payload: {} });
  here.publish({ channels: ['public'], event: 'own', payload: {} });
  expect(heard).toContain('own');
  await until(() => failed >= 4, 'it is read again and again');
  down = false;
  await hears('after');
  await Promise.all([here.stop(), there.stop()]);
  expect(await asBob.statusOf('/api/v1/timelines/home')).toBe(200);
  // A client of a server that stops is told so, and comes back by itself.
  const second = await startInstance();
  const { token } = await second.createUser('dora');
  const client = await openSocket(second.url, token, { query: { stream: 'user' } });
  const refused = startSocket(second.url, 'nonsense');
  expect((await refusalOf(refused)).status).toBe(401);
  await second.close();
  expect(await client.closed).toBe(1001);
});
