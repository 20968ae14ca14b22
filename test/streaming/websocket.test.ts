import { connect, type Socket as TcpSocket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revokeTokens } from '../../src/domain/tokens.js';
import { suspendAccount } from '../../src/domain/staff.js';
import { clientOf, post, type Client } from '../api/support.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { about, openSocket, refusalOf, startSocket, type Socket, type TokenStyle } from './kit.js';

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client;

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, bob)];
});
afterAll(() => instance.close());

/** Proves that a socket hears its `user` stream: alice's own posts come there. */
async function hearsOwnPost(socket: Socket): Promise<void> {
  const status = await post(asAlice, 'heard');
  expect(await socket.next(about('update', status.id))).toMatchObject({ stream: ['user'], event: 'update' });
}

describe('the four ways to bring the token', () => {
  test.each<[TokenStyle, string]>([
    ['header', ''],
    ['query', ''],
    ['protocol', 'echoed'],
    ['query and protocol', 'echoed'],
  ])('%s', async (style, echo) => {
    const socket = await openSocket(instance.url, alice.token, { style, query: { stream: 'user' } });
    expect(socket.raw.protocol).toBe(echo ? alice.token : '');
    await hearsOwnPost(socket);
    await socket.close();
  });

  test('an empty access_token beside the subprotocol does not count', async () => {
    const query = { stream: 'user', access_token: '' };
    const socket = await openSocket(instance.url, alice.token, { style: 'protocol', query });
    await hearsOwnPost(socket);
    await socket.close();
  });

  test('a trailing slash is the same address', async () => {
    const raw = `${instance.url.replace('http', 'ws')}/api/v1/streaming/?stream=user&access_token=${alice.token}`;
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(raw);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.close();
  });
});

describe('refusals', () => {
  test.each<[string, () => Promise<string | null>, number]>([
    ['no token', async () => null, 401],
    ['an unknown token', async () => 'nonsense', 401],
    [
      'a suspended account',
      async () => {
        const carol = await instance.createUser('carol');
        await instance.ctx.db.accounts.updateOne(
          { _id: carol.account._id },
          { $set: { suspendedAt: new Date().toISOString() } },
        );
        return carol.token;
      },
      403,
    ],
  ])('%s', async (_, tokenOf, status) => {
    const refusal = await refusalOf(startSocket(instance.url, await tokenOf()));
    expect(refusal).toEqual({ status, body: { error: expect.any(String) } });
  });

  test('another path', async () => {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(`${instance.url.replace('http', 'ws')}/elsewhere`);
    expect(await refusalOf(socket)).toMatchObject({ status: 404 });
  });
});

describe('many streams over one socket', () => {
  test('subscribe and unsubscribe', async () => {
    const socket = await openSocket(instance.url, alice.token);
    socket.send({ type: 'subscribe', stream: 'hashtag', tag: 'Sea' });
    socket.send({ type: 'subscribe', stream: 'public' });
    // An error answers after what came before it, so both subscriptions hold by then.
    socket.send({ type: 'subscribe', stream: 'marker' });
    await socket.next((r) => r.error !== undefined);
    const first = await post(asBob, 'by the #sea');
    await socket.next((r) => about('update', first.id)(r) && r.stream?.[0] === 'public');
    const onTag = await socket.next((r) => about('update', first.id)(r) && r.stream?.[0] === 'hashtag');
    expect(onTag.stream).toEqual(['hashtag', 'Sea']);

    socket.send({ type: 'unsubscribe', stream: 'hashtag', tag: 'sea' });
    socket.send({ type: 'subscribe', stream: 'marker two' });
    await socket.next((r) => r.error !== undefined && socket.heard.filter((h) => h.error).length === 2);
    const second = await post(asBob, 'by the #sea again');
    await socket.next(about('update', second.id));
    expect(socket.heard.filter(about('update', second.id)).map((r) => r.stream)).toEqual([['public']]);
    await socket.close();
  });

  test('a stream subscribed to twice is heard once', async () => {
    const socket = await openSocket(instance.url, alice.token, { query: { stream: 'user' } });
    socket.send({ type: 'subscribe', stream: 'user' });
    await hearsOwnPost(socket);
    const marker = await post(asAlice, 'marker');
    await socket.next(about('update', marker.id));
    const ids = socket.heard.map((r) => (r.payload as { id: string }).id);
    expect(ids).toEqual([...new Set(ids)]);
    await socket.close();
  });

  test.each<[string, unknown, object]>([
    ['no JSON', 'nonsense', { error: 'Invalid JSON', status: 400 }],
    ['an unknown type', { type: 'sing', stream: 'user' }, { error: 'Unknown message type', status: 400 }],
    ['an unknown stream', { type: 'subscribe', stream: 'x' }, { error: 'Unknown stream type', status: 400 }],
    ['a tag without its name', { type: 'subscribe', stream: 'hashtag' }, { status: 400 }],
    ['a list without its id', { type: 'subscribe', stream: 'list' }, { status: 400 }],
    ['JSON of the wrong shape', [null], { status: 400 }],
  ])('%s is told and the socket lives on', async (_, frame, told) => {
    const socket = await openSocket(instance.url, alice.token, { query: { stream: 'user' } });
    socket.send(frame);
    expect(await socket.next((r) => r.error !== undefined)).toMatchObject(told);
    await hearsOwnPost(socket);
    await socket.close();
  });

  test('one client cannot hold more than a hundred streams', async () => {
    const socket = await openSocket(instance.url, alice.token);
    for (let i = 0; i <= 100; i += 1) socket.send({ type: 'subscribe', stream: 'hashtag', tag: `t${i}` });
    expect(await socket.next((r) => r.error !== undefined)).toMatchObject({
      error: 'Too many subscriptions',
      status: 400,
    });
    expect(socket.heard).toHaveLength(1);
    await socket.close();
  });

  test('a frame beyond all reason ends the connection', async () => {
    const socket = await openSocket(instance.url, alice.token);
    socket.send('x'.repeat(20_000));
    expect(await socket.closed).toBe(1009);
  });
});

describe('scopes', () => {
  test('streams need theirs', async () => {
    const dave = await instance.createUser('dave', { scopes: ['read:notifications'] });
    const socket = await openSocket(instance.url, dave.token, { query: { stream: 'user' } });
    expect(await socket.next((r) => r.error !== undefined)).toMatchObject({ status: 403 });
    socket.send({ type: 'subscribe', stream: 'user:notification' });
    const greeting = await post(asAlice, 'hello @dave');
    const { payload } = await socket.next((r) => r.event === 'notification');
    expect(payload).toMatchObject({ type: 'mention', status: { id: greeting.id } });
    await socket.close();
  });

  test('without the scope for notifications the user stream has none', async () => {
    const erin = await instance.createUser('erin', { scopes: ['read:statuses', 'write'] });
    const socket = await openSocket(instance.url, erin.token, { query: { stream: 'user' } });
    await post(asAlice, 'hello @erin');
    await instance.idle();
    const marker = await post(clientOf(instance, erin), 'marker');
    await socket.next(about('update', marker.id));
    expect(socket.heard.map((r) => r.event)).toEqual(['update']);
    await socket.close();
  });
});

describe('the end of a connection', () => {
  test('a revoked token', async () => {
    const frank = await instance.createUser('frank');
    const socket = await openSocket(instance.url, frank.token, { query: { stream: 'user' } });
    expect(await revokeTokens(instance.ctx, { userId: frank.user._id })).toBe(1);
    expect(await socket.closed).toBe(1008);
    expect(await refusalOf(startSocket(instance.url, frank.token))).toMatchObject({ status: 401 });
  });

  test('a suspension', async () => {
    const grace = await instance.createUser('grace');
    const socket = await openSocket(instance.url, grace.token, { query: { stream: 'public' } });
    await suspendAccount(instance.ctx, 'test', grace.account);
    expect(await socket.closed).toBe(1008);
  });

  test('a reader that does not read is cut off, and holds nobody up', async () => {
    const slow = await openRaw(instance.url, `/api/v1/streaming?stream=user&access_token=${alice.token}`);
    const quick = await openSocket(instance.url, bob.token, { query: { stream: 'user' } });
    // As much as the kernel takes for a reader that reads nothing, and the server's patience on top.
    const payload = { json: { text: 'x'.repeat(500_000) } };
    const gone = new Promise((resolve) => slow.once('close', resolve));
    const cut = new Promise<void>((resolve) => {
      let count = 0;
      const more = (): void => {
        count += 1;
        instance.ctx.hub.publish({ channels: [`user:${alice.account._id}`], event: 'test', payload });
        if (!slow.destroyed && count < 200) setImmediate(more);
        else resolve();
      };
      more();
    });
    await cut;
    slow.resume();
    await gone;
    const status = await post(asBob, 'not held up');
    await quick.next(about('update', status.id));
    await quick.close();
  });

  test('a stop of the server says goodbye', async () => {
    const other = await startInstance();
    const heidi = await other.createUser('heidi');
    const socket = await openSocket(other.url, heidi.token, { query: { stream: 'user' } });
    const [code] = await Promise.all([socket.closed, other.close()]);
    expect(code).toBe(1001);
  });
});

/** A WebSocket that never reads what it is sent. */
async function openRaw(url: string, path: string): Promise<TcpSocket> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname);
  socket.on('error', () => undefined);
  socket.write(
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '\r\n',
    ].join('\r\n'),
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}
