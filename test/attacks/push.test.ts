import { createECDH } from 'node:crypto';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createClient, type Client } from '../support/client.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { startPeer } from '../support/peer.js';
import { until } from '../support/until.js';
import { raw, startHost, type Answer, type Host } from './kit.js';

const clock = createTestClock();
/** What names lead to; a test changes it. */
const addresses = new Map<string, string>();
let us: Instance;
let bob: TestUser;
let asAlice: Client;
const hosts: Host[] = [];
beforeAll(async () => {
  us = await startInstance({ clock });
  bob = await us.createUser('bob');
  asAlice = createClient(us.url, (await us.createUser('alice')).token);
});
afterAll(async () => {
  await us?.close();
  await Promise.all(hosts.map((host) => host.close()));
});
beforeEach(() => us.ctx.db.pushSubscriptions.deleteMany({}));

const device = createECDH('prime256v1');
device.generateKeys();
const p256dh = device.getPublicKey().toString('base64url');
const auth = Buffer.alloc(16, 3).toString('base64url');
const path = '/api/v1/push/subscription';

interface Called {
  token?: string;
  on?: Instance;
  at?: string;
}

function call(
  method: string,
  body: object,
  { token = bob.token, on = us, at = path }: Called = {},
): Promise<Answer> {
  const lines: [string, string][] = [
    ['Content-Type', 'application/json'],
    ['Authorization', `Bearer ${token}`],
  ];
  return raw({ us: on }, { method, path: at, lines, body: JSON.stringify(body) });
}
const wish = (endpoint: string, keys: object = { p256dh, auth }): object => ({
  subscription: { endpoint, keys, standard: true },
  data: { alerts: { mention: true }, policy: 'all' },
});
const stored = (on = us) => on.ctx.db.pushSubscriptions.countDocuments({});
const mention = (text = '') => asAlice.post('/api/v1/statuses', { status: `@bob a secret word ${text}` });

async function service(answer: Parameters<typeof startHost>[0]): Promise<Host> {
  const host = await startHost(answer);
  hosts.push(host);
  return host;
}

test('#285 PUSH_SSRF', async () => {
  const bait = await service((_req, res) => res.end());
  // As in production: no loopback, and names that lead where the test says.
  const strict = await startInstance({
    clock,
    federateLoopback: false,
    resolve: async (name) => [addresses.get(name) ?? '127.0.0.1'],
  });
  try {
    const { token, account } = await strict.createUser('carol');
    const ours = new URL(strict.url);
    for (const endpoint of [
      bait.origin,
      'http://127.0.0.1/',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/latest/meta-data/',
      'https://169.254.169.254/latest/meta-data/',
      'https://10.0.0.1/',
      'https://192.168.1.1/x',
      'https://[fd00::1]/',
      'https://localhost/',
      'https://push.example:22/',
      'https://user:secret@push.example/',
      'http://push.example/',
      'gopher://push.example/',
      'file:///etc/passwd',
      `https://${ours.host}/inbox`,
      '//push.example/',
      `https://push.example/${'x'.repeat(5000)}`,
      '',
    ]) {
      const { status } = await call('POST', wish(endpoint), { token, on: strict });
      expect([endpoint.slice(0, 40), status]).toEqual([endpoint.slice(0, 40), 422]);
    }
    expect(await stored(strict)).toBe(0);
    // A name that is public when it is given, and leads inside when it is used.
    const { port } = new URL(bait.origin);
    addresses.set('push.example', '203.0.113.1');
    expect((await call('POST', wish(`https://push.example:${port}/`), { token, on: strict })).status).toBe(
      200,
    );
    addresses.set('push.example', '127.0.0.1');
    const other = createClient(strict.url, (await strict.createUser('dave')).token);
    await other.post('/api/v1/statuses', { status: `@${account.username} hello` });
    await strict.idle();
    expect(bait.asked).toEqual([]);
  } finally {
    await strict.close();
  }
  // No redirect is followed.
  const lure = await service((_req, res) => res.writeHead(302, { location: `${bait.origin}/inside` }).end());
  const lure308 = await service((_req, res) => res.writeHead(308, { location: `${bait.origin}/x` }).end());
  for (const { origin } of [lure, lure308]) {
    expect((await call('POST', wish(`${origin}/device`))).status).toBe(200);
    await mention();
    await us.idle();
  }
  expect([lure.asked, lure308.asked, bait.asked]).toEqual([['/device'], ['/device'], []]);
});

test('#286 PUSH_HANG', async () => {
  // A hundred subscriptions, each at a service of its own that takes the request and never answers.
  const hang: RequestListener = () => undefined;
  const held = await Promise.all(Array.from({ length: 100 }, () => service(hang)));
  const { db } = us.ctx;
  expect((await call('POST', wish(`${held[0]?.origin}/device`))).status).toBe(200);
  const [first] = await db.pushSubscriptions.find({}).toArray();
  for (const [i, { origin }] of held.slice(1).entries()) {
    const copy = { ...first!, _id: `${900_000 + i}`, tokenId: `none-${i}`, endpoint: `${origin}/device` };
    await db.accessTokens.insertOne({
      ...(await db.accessTokens.findOne({ _id: first!.tokenId }))!,
      _id: copy.tokenId,
      tokenHash: copy.tokenId,
    });
    const sealedToken = await us.ctx.seals.seal(`push-token:${copy.tokenId}`, bob.token);
    await db.pushSubscriptions.insertOne({ ...copy, sealedToken });
  }
  const timeouts: number[] = [];
  let [open, most] = [0, 0];
  const { request } = us.ctx.http;
  us.ctx.http.request = (wanted) => {
    if (!wanted.url.endsWith('/device')) return request(wanted);
    timeouts.push(wanted.timeoutMs ?? Infinity);
    most = Math.max(most, (open += 1));
    return request(wanted).finally(() => (open -= 1));
  };
  const peer = await startPeer();
  try {
    const trent = peer.actor('trent');
    const asBob = createClient(us.url, bob.token);
    const alice = await asBob.get<{ id: string }>('/api/v1/accounts/lookup?acct=alice');
    await asBob.post(`/api/v1/accounts/${alice.id}/follow`);
    await us.idle();
    await mention('while pushes hang');
    // As many as may wait for others at the same time.
    await until(async () => most >= 16);
    // Meanwhile posts reach homes and other servers.
    const found = `/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(trent.uri)}`;
    await asAlice.get(found);
    const status = `@trent@${peer.host} hello`;
    const { id } = await asAlice.post<{ id: string }>('/api/v1/statuses', { status });
    await until(async () => {
      const home = await asBob.get<{ id: string }[]>('/api/v1/timelines/home');
      return home.some((s) => s.id === id) && peer.delivered.some((d) => d.activity.type === 'Create');
    });
    expect(most).toBe(16);
    expect(timeouts.every((ms) => ms <= 10_000)).toBe(true);
  } finally {
    us.ctx.http.request = request;
    await db.pushSubscriptions.deleteMany({});
    await db.jobs.deleteMany({ kind: 'push' });
    await Promise.all(held.map((host) => host.close()));
    await us.idle();
    await peer.close();
  }
  // Those that say that the device is gone are forgotten; those that are busy are asked again.
  for (const [status, kept] of [
    [404, 0],
    [410, 0],
    [429, 1],
    [500, 1],
    [403, 1],
  ] as const) {
    const { origin } = await service((_req, res) => res.writeHead(status).end());
    expect((await call('POST', wish(`${origin}/device`))).status).toBe(200);
    await mention(String(status));
    await us.idle();
    expect([status, await stored()]).toEqual([status, kept]);
    const waiting = await us.ctx.db.jobs.countDocuments({ kind: 'push', state: 'ready' });
    expect([status, waiting]).toEqual([status, status === 429 || status === 500 ? 1 : 0]);
    await us.ctx.db.pushSubscriptions.deleteMany({});
    await us.ctx.db.jobs.deleteMany({ kind: 'push' });
  }
});

test('#287 PUSH_KEYS', async () => {
  const received: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const { origin } = await service((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(parts) });
      res.writeHead(201).end();
    });
  });
  const point = device.getPublicKey();
  const offCurve = Buffer.from(point);
  offCurve[64] = (offCurve[64] ?? 0) ^ 1;
  for (const keys of [
    { p256dh: point.subarray(0, 64).toString('base64url'), auth },
    { p256dh: Buffer.concat([point, Buffer.alloc(1)]).toString('base64url'), auth },
    { p256dh: device.getPublicKey(null, 'compressed').toString('base64url'), auth },
    { p256dh: offCurve.toString('base64url'), auth },
    { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth },
    { p256dh, auth: Buffer.alloc(15).toString('base64url') },
    { p256dh, auth: '' },
    {},
  ])
    expect([keys, (await call('POST', wish(`${origin}/x`, keys))).status]).toEqual([keys, 422]);
  expect(await stored()).toBe(0);
  const made = await call('POST', wish(`${origin}/device`));
  const { id } = JSON.parse(made.body) as { id: number };
  const mallory = await us.createUser('mallory');
  for (const [method, at] of [
    ['GET', path],
    ['PUT', path],
    ['GET', `${path}/${id}`],
    ['PUT', `${path}/${id}`],
    ['DELETE', `${path}/${id}`],
  ] as const)
    expect((await call(method, { data: { policy: 'none' }, id }, { token: mallory.token, at })).status).toBe(
      404,
    );
  await call('DELETE', { id }, { token: mallory.token });
  expect(await stored()).toBe(1);
  await mention();
  await us.idle();
  expect(received).toHaveLength(1);
  const [{ headers, body }] = received as [(typeof received)[0]];
  expect(headers['content-encoding']).toBe('aes128gcm');
  const all = JSON.stringify(headers) + body.toString('latin1');
  for (const word of ['secret word', 'alice', 'bob', bob.token, 'mention'])
    expect([word, all.includes(word)]).toEqual([word, false]);
  // At rest too: what opens the account is sealed.
  expect(JSON.stringify(await us.ctx.db.pushSubscriptions.find({}).toArray())).not.toContain(bob.token);
});
