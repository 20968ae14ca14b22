import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { jsonLimits } from '../../src/policy/json-limits.js';
import { createClient } from '../support/client.js';
import { startInstance, type Instance, type InstanceOverrides } from '../support/instance.js';
import { openSocket, startSocket } from '../streaming/kit.js';
import { createOf, deliver, noteOf, startHost, startScene } from '../attacks/kit.js';

let instance: Instance | null = null;
const start = async (overrides: InstanceOverrides): Promise<Instance> =>
  (instance = await startInstance(overrides));
afterEach(async () => {
  await instance?.close();
  instance = null;
});

test('a body of the client API is as large as the setting allows', async () => {
  const at = await start({ requestBytes: 4096 });
  const { token } = await at.createUser('alice');
  const client = createClient(at.url, token);
  await client.post('/api/v1/statuses', { status: 'x'.repeat(3000) });
  await expect(client.post('/api/v1/statuses', { status: 'x'.repeat(4500) })).rejects.toThrow('413');
});

test('an activity that the inbox takes is processed, however large the setting lets it be', async () => {
  const scene = await startScene({ inboxBytes: 3 << 20 });
  const note = noteOf(scene.alice, { padding: 'x'.repeat(2 << 20) });
  expect(await deliver(scene, createOf(note), { by: scene.alice })).toBe(202);
  expect(await scene.us.ctx.db.statuses.findOne({ uri: note.id })).not.toBeNull();
  await scene.close();
});

test('documents are read as deep and as far as the settings say', async () => {
  const at = await start({ documentDepth: 10, fetchRedirects: 1, documentBytes: 2048 });
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
  const type = { 'content-type': 'application/activity+json' };
  const host = await startHost((req, res) => {
    const [, what, n = '0'] = /^\/(\w+)\/(\d+)/.exec(req.url ?? '') ?? [];
    if (what === 'hop' && n !== '0')
      return void res.writeHead(302, { location: `/hop/${Number(n) - 1}` }).end();
    const id = `${host.origin}${req.url}`;
    const body = what === 'deep' ? { id, x: nested(Number(n)) } : { id, x: 'x'.repeat(Number(n)) };
    res.writeHead(200, type).end(JSON.stringify(body));
  });
  const outcome = async (path: string): Promise<string> =>
    (await at.ctx.documents.load(`${host.origin}${path}`)).outcome;
  expect(await outcome('/deep/8')).toBe('ok');
  expect(await outcome('/deep/10')).toBe('invalid');
  expect(await outcome('/long/1000')).toBe('ok');
  expect(await outcome('/long/3000')).toBe('invalid');
  expect(await outcome('/hop/1')).toBe('ok');
  expect(await outcome('/hop/2')).toBe('refused');
  await host.close();
  expect(jsonLimits(at.settings)).toEqual({ maxBytes: 1 << 20, maxDepth: 10, maxNodes: 20_000 });
});

test('headers that do not come end the connection', async () => {
  const at = await start({ headerSeconds: 1 });
  const { port } = new URL(at.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString()));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(got).toMatch(/^HTTP\/1\.1 408 /);
});

test('requests and uploads are counted as the settings say', async () => {
  const at = await start({ rateLimits: true, testMode: false, requestsPerAddress: 2, requestsPerToken: 4 });
  const { token } = await at.createUser('alice');
  const ask = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const req = request(`${at.url}/api/v2/instance`, { headers }, (res) => {
        res.resume();
        resolve(res.statusCode ?? 0);
      });
      req.on('error', reject);
      req.end();
    });
  const answers = async (times: number, headers: Record<string, string>): Promise<number[]> => {
    const all: number[] = [];
    for (let i = 0; i < times; i++) all.push(await ask(headers));
    return all;
  };
  expect(await answers(3, {})).toEqual([200, 200, 429]);
  expect(await answers(5, { authorization: `Bearer ${token}` })).toEqual([200, 200, 200, 200, 429]);
});

test('an account has so many streaming connections, and another when one has ended', async () => {
  const at = await start({ streamsPerAccount: 2 });
  const [alice, bob] = [await at.createUser('alice'), await at.createUser('bob')];
  const first = await openSocket(at.url, alice.token);
  const second = await openSocket(at.url, alice.token);
  const refused = startSocket(at.url, alice.token);
  const status = await new Promise((resolve) =>
    refused.once('unexpected-response', (_req, res) => resolve(res.statusCode)),
  );
  expect(status).toBe(429);
  const events = await fetch(`${at.url}/api/v1/streaming/user`, {
    headers: { authorization: `Bearer ${alice.token}` },
  });
  expect(events.status).toBe(429);
  const other = await openSocket(at.url, bob.token);
  await first.close();
  const third = await openSocket(at.url, alice.token);
  for (const ear of [second, third, other]) await ear.close();
});
