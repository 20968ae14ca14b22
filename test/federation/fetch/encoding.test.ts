import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createHttpClient } from '../../../federation/fetch/client.js';
import { startServer, type TestServer } from '../support/servers.js';

const text = Buffer.from('hello, hello, hello');
const bomb = gzipSync(Buffer.alloc(200_000_000), { level: 9 });
/** Gzip members that hold nothing: compressed bytes without end, no decoded ones. */
const nothing = Buffer.concat(Array<Buffer>(60_000).fill(gzipSync(Buffer.alloc(0))));

const answers: Record<string, [coding: string, body: Buffer]> = {
  gzip: ['gzip', gzipSync(text)],
  'x-gzip': ['X-Gzip', gzipSync(text)],
  br: ['br', brotliCompressSync(text)],
  deflate: ['deflate', deflateSync(text)],
  'raw-deflate': ['deflate', deflateRawSync(text)],
  identity: ['identity', text],
  empty: ['gzip', Buffer.alloc(0)],
  'cut-off': ['gzip', gzipSync(Buffer.alloc(100_000, 'abc')).subarray(0, 40)],
  'no-gzip': ['gzip', text],
  'no-br': ['br', Buffer.alloc(100, 0xff)],
  chain: ['gzip, gzip', gzipSync(gzipSync(text))],
  unknown: ['zstd', text],
  long: [Array(1000).fill('gzip').join(', '), text],
  bomb: ['gzip', bomb],
  'br-bomb': ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
  nothing: ['gzip', nothing],
};

const clock = { now: () => new Date() };
const http = createHttpClient({ allowLoopback: true, userAgent: 'test', clock });
let server: TestServer;

beforeAll(async () => {
  server = await startServer((request, response) => {
    const [coding, body] = answers[(request.url ?? '').slice(1)] ?? ['', text];
    const status = request.headers['x-status'] ?? '200';
    response.writeHead(Number(status), { 'content-encoding': coding }).end(body);
  });
});
afterAll(async () => {
  await http.close();
  await server.close();
});

const ask = (name: string, headers = {}) =>
  http.request({ method: 'GET', url: `${server.origin}/${name}`, maxBytes: 1_000_000, headers });

describe('content codings', () => {
  test.each(['gzip', 'x-gzip', 'br', 'deflate', 'raw-deflate', 'identity'])('%s is undone', async (name) => {
    const outcome = await ask(name);
    expect(outcome.outcome === 'response' ? outcome.body.toString() : outcome).toBe(text.toString());
  });

  test('an empty body needs no decoder', async () => {
    expect(await ask('empty')).toMatchObject({ outcome: 'response', body: Buffer.alloc(0) });
  });

  test.each(['cut-off', 'no-gzip', 'no-br', 'chain', 'unknown', 'long'])(
    '%s is an encoding failure',
    async (name) => {
      expect(await ask(name)).toMatchObject({ outcome: 'failed', reason: 'encoding' });
    },
  );

  test.each(['bomb', 'br-bomb', 'nothing'])(
    'BODY_GZIP: %s stops at the limit, memory stays flat',
    async (name) => {
      const before = process.memoryUsage();
      expect(await ask(name)).toMatchObject({ outcome: 'failed', reason: 'too-large' });
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(50_000_000);
    },
  );

  test('a bomb in an error page is cut', async () => {
    const outcome = await ask('bomb', { 'x-status': '500' });
    expect(outcome).toMatchObject({ outcome: 'response', status: 500 });
    expect(outcome.outcome === 'response' && outcome.body.length).toBe(16 * 1024);
  });

  test('the connection pool survives all of this', async () => {
    for (const name of ['bomb', 'no-gzip', 'gzip', 'br-bomb', 'chain', 'br']) await ask(name);
    expect(await ask('gzip')).toMatchObject({ outcome: 'response' });
  });
});
