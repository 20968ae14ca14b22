import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let alice: TestUser;
let asAlice: Client, asBob: Client;
let service: Server;
let origin: string;
const received: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
let answer = 201;

const device = createECDH('prime256v1');
device.generateKeys();
const keys = {
  p256dh: device.getPublicKey().toString('base64url'),
  auth: Buffer.alloc(16, 7).toString('base64url'),
};

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, await instance.createUser('bob'))];
  service = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(parts) });
      res.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await instance.close();
  await new Promise((resolve) => service.close(resolve));
});

const path = '/api/v1/push/subscription';
const subscription = (standard: boolean): object => ({
  subscription: { endpoint: `${origin}/device`, keys, standard },
  data: { alerts: { mention: true, favourite: false }, policy: 'all' },
});

/** RFC 8291 from the receiver's side. */
function decrypt(body: Buffer): Record<string, string> {
  const [salt, sender, sealed] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)];
  const hkdf = (secret: Buffer, salted: Buffer, info: Buffer, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, salted, info, length));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), device.getPublicKey(), sender]);
  const secret = hkdf(device.computeSecret(sender), Buffer.from(keys.auth, 'base64url'), info, 32);
  const key = hkdf(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = hkdf(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return JSON.parse(plain.subarray(0, -1).toString()) as Record<string, string>;
}

describe('a push subscription', () => {
  test('is not there at first, which clients rely on', async () => {
    await refused(asAlice.get(path), 404);
    await refused(asAlice.put(path, { data: {} }), 404);
    expect(await ok(asAlice.delete(path))).toEqual({});
  });

  test('is made with the key of the server, and changed', async () => {
    const made = await ok<{ id: number; server_key: string }>(asAlice.post(path, subscription(true)));
    expectEntity(made, 'WebPushSubscription');
    expect(made).toMatchObject({
      endpoint: `${origin}/device`,
      standard: true,
      alerts: { mention: true, favourite: false, follow: false },
      policy: 'all',
    });
    expect(Number.isSafeInteger(made.id)).toBe(true);
    const { configuration } = await ok<{ configuration: { vapid: { public_key: string } } }>(
      asAlice.get('/api/v2/instance'),
    );
    expect(configuration.vapid.public_key).toBe(made.server_key);
    expect(Buffer.from(made.server_key, 'base64url')).toHaveLength(65);
    expect(await ok(asAlice.get(path))).toEqual(made);
    const form = asAlice
      .put(path)
      .type('form')
      .send('data[alerts][follow]=1&data[alerts][mention]=on&policy=follower');
    expect(await ok(form)).toMatchObject({ alerts: { mention: true, follow: true }, policy: 'follower' });
    await ok(asAlice.put(path, { data: { policy: 'all' } }));
    await refused(asBob.get(path), 404);
  });

  test.each([
    [{ endpoint: 'ftp://x.example/', keys }, 422],
    [{ endpoint: 'https://push.example/', keys: { ...keys, p256dh: 'AAAA' } }, 422],
    [{ endpoint: 'https://push.example/' }, 422],
  ])('is refused when it makes no sense (%#)', async (wrong, status) => {
    await refused(asAlice.post(path, { subscription: wrong }), status);
    await refused(asAlice.post(path, {}), 422);
  });

  test('needs its own scope', async () => {
    const narrow = await instance.createUser('narrow', { scopes: ['read', 'write'] });
    await refused(clientOf(instance, narrow).get(path), 403);
  });
});

describe('pushing', () => {
  test('tells the client what happened, so that only it can read it', async () => {
    received.length = 0;
    const status = await post(asBob, '@alice You have mail');
    await ok(asBob.post(`/api/v1/statuses/${(await post(asAlice, 'x')).id}/favourite`));
    await instance.idle();
    expect(received).toHaveLength(1);
    const [{ headers, body }] = received as [(typeof received)[0]];
    expect(headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '172800' });
    const jwt = /^vapid t=(\S+), k=(\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: 'ES256' });
    expect(decodeJwt(jwt)).toMatchObject({ aud: origin, sub: instance.url });
    const message = decrypt(body);
    expect(message).toMatchObject({
      access_token: alice.token,
      notification_type: 'mention',
      preferred_locale: 'en',
      title: expect.stringContaining('bob'),
      body: '@alice You have mail',
    });
    const told = await ok(asAlice.get(`/api/v1/notifications/${message['notification_id']}`));
    expect(told).toMatchObject({ status: { id: status.id } });
  });

  test('in the older form when the client asks for it', async () => {
    await ok(asAlice.post(path, subscription(false)));
    received.length = 0;
    await post(asBob, '@alice Old style');
    await instance.idle();
    expect(received[0]?.headers).toMatchObject({
      'content-encoding': 'aesgcm',
      encryption: expect.stringMatching(/^salt=/),
      'crypto-key': expect.stringMatching(/^dh=.+;p256ecdsa=/),
      authorization: expect.stringMatching(/^WebPush /),
    });
  });

  test('ends with the device', async () => {
    answer = 410;
    await post(asBob, '@alice Are you there?');
    await instance.idle();
    answer = 201;
    await refused(asAlice.get(path), 404);
  });
});
