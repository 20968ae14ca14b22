import { afterEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import {
  attemptDelivery,
  type DeliveryInput,
  type RequestSigner,
} from '../../../federation/delivery/attempt.js';
import { createHttpClient } from '../../../federation/fetch/client.js';
import type { SigningKey } from '../../../federation/ports.js';
import { signCavage } from '../../../federation/signature/cavage.js';
import { signRfc9421 } from '../../../federation/signature/rfc9421.js';
import { bodyOf, startServer } from '../support/servers.js';

const now = new Date('2026-01-01T00:00:00Z');
const clock = { now: () => now };
const http = createHttpClient({ allowLoopback: true, userAgent: 'test', clock });
const rsa: SigningKey = {
  keyId: 'https://us.example/users/bob#main-key',
  algorithm: 'rsa-sha256',
  privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
const ed25519: SigningKey = {
  keyId: 'https://us.example/users/bob#ed25519-key',
  algorithm: 'ed25519',
  privateKey: generateKeyPairSync('ed25519').privateKey,
};
const body = '{"id":"https://us.example/a/1","content":"<ü>"}';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of closing.splice(0)) await thing.close();
});

/** Stands for a signer where its text does not matter. */
const marked =
  (name: string): RequestSigner =>
  ({ key }) => ({ signature: `${name} ${key.algorithm}`, 'content-type': 'application/activity+json' });
const sign = { cavage: marked('cavage'), rfc9421: marked('rfc9421') };

async function deliver(handler: RequestListener, input: Partial<DeliveryInput> = {}) {
  const server = await startServer(handler);
  closing.push(server);
  const result = await attemptDelivery(
    { inbox: `${server.origin}/inbox`, body, keys: [ed25519, rsa], dialect: 'cavage', ...input },
    { http, sign, clock, timeoutMs: 60_000 },
  );
  return { result, server, signatures: server.requests.map((request) => request.headers['signature']) };
}

const answering =
  (status: number, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('x');

describe('attemptDelivery', () => {
  test('the body arrives byte for byte under a real signature', async () => {
    const seen: { body: string; digest: unknown; signature: unknown; input: unknown }[] = [];
    const server = await startServer((request, response) => {
      bodyOf(request).then(
        (text) => {
          const { digest, signature, 'signature-input': input } = request.headers;
          seen.push({ body: text, digest, signature, input });
          response.writeHead(202).end();
        },
        () => response.destroy(),
      );
    });
    closing.push(server);
    for (const dialect of ['cavage', 'rfc9421'] as const) {
      const result = await attemptDelivery(
        { inbox: `${server.origin}/inbox`, body, keys: [rsa], dialect },
        { http, clock, sign: { cavage: signCavage, rfc9421: signRfc9421 } },
      );
      expect(result).toEqual({
        outcome: 'delivered',
        status: 202,
        reason: 'status 202',
        retryAfterMs: null,
        dialectUsed: dialect,
        hostAlive: true,
      });
    }
    expect(seen.map((request) => request.body)).toEqual([body, body]);
    expect(seen[0]?.digest).toMatch(/^SHA-256=/);
    expect(seen[0]?.signature).toContain('(request-target) host date digest content-type');
    expect(seen[1]?.input).toContain('content-digest');
  });

  test.each([200, 201, 202, 204])('status %d is delivered', async (status) => {
    expect((await deliver(answering(status))).result).toMatchObject({
      outcome: 'delivered',
      status,
      hostAlive: true,
    });
  });

  test.each([
    [404, 'gone', true],
    [410, 'gone', true],
    [408, 'retry', true],
    [429, 'retry', true],
    [500, 'retry', false],
    [502, 'retry', false],
    [503, 'retry', false],
    [504, 'retry', false],
  ])('status %d is %s', async (status, outcome, hostAlive) => {
    expect((await deliver(answering(status))).result).toMatchObject({ outcome, status, hostAlive });
  });

  test.each([301, 302, 400, 403, 405, 406, 413, 415, 422])(
    'Q_CODES: status %d is tried three times',
    async (status) => {
      const outcomes = [];
      for (const attempt of [1, 2, 3, 4])
        outcomes.push((await deliver(answering(status), { attempt })).result.outcome);
      expect(outcomes).toEqual(['retry', 'retry', 'refused', 'refused']);
    },
  );

  test('Q_KNOCK: on 401 the other dialect, in the same attempt', async () => {
    const onlyRfc: RequestListener = (request, response) =>
      response.writeHead(String(request.headers['signature']).startsWith('rfc9421') ? 202 : 401).end();
    const { result, signatures } = await deliver(onlyRfc);
    expect(result).toMatchObject({ outcome: 'delivered', dialectUsed: 'rfc9421' });
    expect(signatures).toEqual(['cavage rsa-sha256', 'rfc9421 rsa-sha256']);
    const second = await deliver(onlyRfc, { dialect: 'rfc9421' });
    expect(second.signatures).toEqual(['rfc9421 rsa-sha256']);
    const neither = await deliver(answering(401), { dialect: 'rfc9421' });
    expect(neither.signatures).toHaveLength(2);
    expect(neither.result).toMatchObject({
      outcome: 'retry',
      status: 401,
      dialectUsed: 'cavage',
      hostAlive: true,
    });
    expect((await deliver(answering(401), { attempt: 3 })).result.outcome).toBe('refused');
  });

  test('keys: RSA wherever there is one, Ed25519 only in RFC 9421, none is final', async () => {
    const only = await deliver(answering(401), { keys: [ed25519], dialect: 'rfc9421' });
    expect(only.signatures).toEqual(['rfc9421 ed25519']);
    const none = await deliver(answering(202), { keys: [ed25519], dialect: 'cavage' });
    expect(none.result).toMatchObject({ outcome: 'refused', reason: 'no-key', status: null });
    expect(none.signatures).toEqual([]);
  });

  test.each([
    ['120', 120_000],
    ['0', 1000],
    ['1000000000000', 86_400_000],
    ['Thu, 01 Jan 2026 00:10:00 GMT', 600_000],
    ['Thu, 31 Dec 2099 00:00:00 GMT', 86_400_000],
    ['Mon, 01 Jan 2024 00:00:00 GMT', 1000],
    ['-5', null],
    ['soon', null],
    ['', null],
  ])('Q_RETRY_AFTER: %j gives %j', async (header, expected) => {
    for (const status of [429, 503]) {
      const { result } = await deliver(answering(status, { 'retry-after': header }));
      expect(result).toMatchObject({ outcome: 'retry', retryAfterMs: expected });
    }
    expect((await deliver(answering(500, { 'retry-after': '120' }))).result.retryAfterMs).toBeNull();
  });

  test('Q_TIMEOUT: no answer, a torn connection, nobody there', async () => {
    const deps = { http, sign, clock, timeoutMs: 100 };
    const silent = await startServer(() => {});
    closing.push(silent);
    const input = { body, keys: [rsa], dialect: 'cavage' } as const;
    expect(await attemptDelivery({ ...input, inbox: silent.origin }, deps)).toMatchObject({
      outcome: 'retry',
      reason: 'timeout',
      status: null,
      hostAlive: false,
    });
    expect((await deliver((request) => request.socket.destroy())).result).toMatchObject({
      outcome: 'retry',
      reason: 'reset',
    });
    const gone = await startServer(() => {});
    await gone.close();
    expect(await attemptDelivery({ ...input, inbox: gone.origin }, deps)).toMatchObject({
      outcome: 'retry',
      reason: 'connect',
    });
  });

  test.each([
    'http://10.0.0.5/inbox',
    'http://169.254.169.254/',
    'ftp://a.example/',
    'https://:',
    'https://a.example:25/',
  ])('SSRF_DELIVERY: %s is a final refusal, and no fault of the host', async (inbox) => {
    const result = await attemptDelivery(
      { inbox, body, keys: [rsa], dialect: 'cavage' },
      { http, sign, clock },
    );
    expect(result).toMatchObject({ outcome: 'refused', status: null, hostAlive: true });
  });

  test('an answer with a large page still is an answer', async () => {
    const { result } = await deliver((_, response) => response.writeHead(202).end('x'.repeat(500_000)));
    expect(result).toMatchObject({ outcome: 'delivered', status: 202 });
  });

  test('a redirect on the same host is followed once and signed anew', async () => {
    const moved: RequestListener = (request, response) => {
      if (request.url === '/inbox') response.writeHead(308, { location: '/new' }).end();
      else response.writeHead(202).end();
    };
    const { result, server, signatures } = await deliver(moved);
    expect(result).toMatchObject({ outcome: 'delivered', dialectUsed: 'cavage' });
    expect(server.seen).toEqual(['/inbox', '/new']);
    expect(signatures).toHaveLength(2);
  });
});
