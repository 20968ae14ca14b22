import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createServerProcess } from '../crash/server-process.js';
import { loadSettings } from '../../src/config/load.js';
import { createContext } from '../../src/context.js';
import { createAccount } from '../../src/domain/accounts.js';
import { silentLogger } from '../../src/log.js';
import { sharp } from '../../src/media/decoder.js';
import { createClient } from '../support/client.js';
import { cpuTime } from '../support/cpu.js';
import { freePort, startInstance, type Instance } from '../support/instance.js';
import { until } from '../support/until.js';
import { createOf, noteOf, post, raw, startScene, unchanged, type Answer } from './kit.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'landfall-attack-'));
  closing.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function instance(overrides: Parameters<typeof startInstance>[0] = {}): Promise<Instance> {
  const us = await startInstance(overrides);
  closing.push(us.close);
  return us;
}

test('#294 UNHANDLED', async () => {
  const s = await startScene();
  closing.push(s.close);
  const { ctx } = s.us;
  const { accounts } = ctx.db;
  const findOne = accounts.findOne.bind(accounts);
  // Something breaks in the middle of a request, and of a job: the one fails, the next is served.
  accounts.findOne = () => Promise.reject(new Error('the database hiccups'));
  const failed = await raw(s, { method: 'GET', path: '/users/bob' });
  expect([failed.status, failed.body]).toEqual([500, expect.not.stringContaining('hiccups')]);
  const taken = await post(s, s.alice, createOf(noteOf(s.alice, { id: `${s.peer.origin}/notes/kept` })));
  expect([202, 401, 500, 503]).toContain(taken.status);
  accounts.findOne = findOne;
  expect((await raw(s, { method: 'GET', path: '/users/bob' })).status).toBe(200);
  // Sockets that end badly, before and after an answer began, and half an upgrade.
  const { port } = new URL(s.us.url);
  for (const bytes of [
    'POST /inbox HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{',
    'POST /api/v2/media HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\nContent-Length: 9999\r\n\r\n--a\r\n',
    'GET /api/v1/streaming/public HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /api/v1/streaming HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: !\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\u0000\u0001',
    '\u0016\u0003\u0001\u0000\u0005',
  ]) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
    socket.resetAndDestroy();
  }
  expect((await raw(s, { method: 'GET', path: '/health' })).status).toBe(200);
  await s.us.idle();
});

test('#294 UNHANDLED, #320 CLI_RUNNING', async () => {
  const port = await freePort();
  const data = await folder();
  const url = `http://localhost:${port}`;
  const env = {
    LANDFALL_DATA: data,
    LANDFALL_URL: url,
    LANDFALL_PORT: String(port),
    LANDFALL_TEST_MODE: 'true',
    LANDFALL_FEDERATE_LOOPBACK: 'true',
    LANDFALL_LOG_LEVEL: 'error',
    // A promise of nobody rejects when the test says so.
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent('process.on("SIGUSR2",()=>{Promise.reject(new Error("a stray promise"))})')}`,
  };
  const ctx = await createContext(loadSettings(env), { mode: 'command', log: silentLogger });
  const { account } = await createAccount(ctx, { username: 'bob', email: null });
  await ctx.close();
  const server = createServerProcess(env, url);
  closing.push(server.kill);
  await server.start();
  server.signal('SIGUSR2');
  expect(await server.ended()).toBe(1);
  expect(server.said()).toMatch(/"msg":"an error that nobody caught/);
  expect(server.said()).toContain('a stray promise');
  await server.start();
  expect((await fetch(`${url}/users/bob`, { headers: { accept: 'application/activity+json' } })).status).toBe(
    200,
  );

  // A command that is killed half-way, beside the server: what it began can be done again, and is done once.
  const peek = await createContext(loadSettings(env), { mode: 'command', log: silentLogger });
  closing.push(peek.close);
  const root = join(import.meta.dirname, '..', '..');
  const args = ['--import', join(root, 'test/support/typescript.mjs'), join(root, 'src/cli/main.ts')];
  const command = (...given: string[]) =>
    spawn(process.execPath, [...args, ...given], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const dry = command('account', 'delete', 'bob', '--dry-run');
  expect((await once(dry, 'exit'))[0]).toBe(0);
  expect(await peek.db.audit.countDocuments({})).toBe(0);
  const killed = command('account', 'delete', 'bob');
  const gone = once(killed, 'exit');
  // Killed as soon as the act is on record, however far it came.
  while (killed.exitCode === null && (await peek.db.audit.countDocuments({})) === 0)
    await new Promise((resolve) => setImmediate(resolve));
  killed.kill('SIGKILL');
  await gone;
  const again = command('account', 'delete', 'bob');
  expect([0, 1]).toContain((await once(again, 'exit'))[0]);
  await until(async () => {
    const left = await peek.db.jobs.countDocuments({});
    return left === 0 && (await peek.db.accounts.findOne({ _id: account._id }))?.deletedAt;
  }, 'bob is gone, and nothing is left to do');
  expect(await peek.db.accounts.findOne({ _id: account._id })).toMatchObject({
    deletedAt: expect.any(String),
    displayName: '',
  });
  expect(await peek.db.users.countDocuments({})).toBe(0);
  expect(await peek.db.tombstones.countDocuments({ uri: account.uri })).toBe(1);
  expect((await fetch(`${url}/users/bob`, { headers: { accept: 'application/activity+json' } })).status).toBe(
    410,
  );
  const acts = await peek.db.audit.countDocuments({});
  expect((await once(command('account', 'delete', 'bob'), 'exit'))[0]).toBe(0);
  expect(await peek.db.audit.countDocuments({})).toBe(acts);
  expect(await server.stop()).toBe(0);
}, 900_000);

test('#295 LOOP_BLOCK', async () => {
  const us = await instance();
  const { token } = await us.createUser('bob', { password: 'correct horse battery' });
  const done: string[] = [];
  const noted = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const result = await work;
    done.push(name);
    return result;
  };
  const body = new FormData();
  const pixels = { width: 5000, height: 5000, channels: 3, background: '#123456' } as const;
  const picture = await sharp({ create: pixels }).jpeg().toBuffer();
  body.set('file', new Blob([new Uint8Array(picture)], { type: 'image/jpeg' }), 'a.jpg');
  // Hashing and decoding go on elsewhere: whoever comes in between is answered before they end.
  const heavy = [
    ...Array.from({ length: 20 }, (_, i) =>
      noted('hash', us.ctx.passwords.verify('$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$YWJj', `x${i}`)),
    ),
    noted('picture', createClient(us.url, token).post('/api/v2/media', body)),
  ];
  await noted('health', fetch(`${us.url}/health`));
  await Promise.all(heavy);
  expect(done.indexOf('health')).toBeLessThan(done.lastIndexOf('picture'));
  expect(done.filter((name) => name === 'picture')).toHaveLength(1);
});

test('#295 LOOP_BLOCK, #161 REDOS', async () => {
  const s = await startScene();
  closing.push(s.close);
  const used = cpuTime();
  await unchanged(s, async () => {
    for (const content of [
      '<'.repeat(100_000),
      '<a '.repeat(30_000),
      '<b>'.repeat(30_000),
      '&'.repeat(900_000),
    ])
      await post(s, s.mallory, createOf(noteOf(s.mallory, { content })));
    for (let i = 0; i < 200; i++)
      await post(s, s.mallory, createOf(noteOf(s.mallory)), { digest: `SHA-256=${'A'.repeat(43)}=` });
  });
  for (const content of ['<'.repeat(100_000), '<a '.repeat(30_000), '<b>'.repeat(30_000)])
    await post(s, s.alice, createOf(noteOf(s.alice, { content })));
  await s.us.idle();
  // Far from what it costs; quadratic work on any of these takes minutes.
  expect(used()).toBeLessThan(20_000);
});

test('#299 RANDOM', async () => {
  const us = await instance({ random: () => 0.5 });
  const secrets = new Set<string>();
  for (let i = 0; i < 500; i++) secrets.add(us.ctx.randomToken());
  expect(secrets.size).toBe(500);
  const lines: [string, string][] = [['Content-Type', 'application/json']];
  const seen = new Map<string, Set<string>>();
  const note = (kind: string, value: string): void =>
    void seen.set(kind, (seen.get(kind) ?? new Set()).add(value));
  const { token, user } = await us.createUser('bob');
  const bob = createClient(us.url, token);
  for (let i = 0; i < 20; i++) {
    const made = await raw(
      { us },
      {
        path: '/api/v1/apps',
        lines,
        body: JSON.stringify({ client_name: `x${i}`, redirect_uris: 'urn:ietf:wg:oauth:2.0:oob' }),
      },
    );
    const app = JSON.parse(made.body) as { client_id: string; client_secret: string };
    note('client secret', app.client_secret);
    const granted = await raw(
      { us },
      { path: '/oauth/token', lines, body: JSON.stringify({ grant_type: 'client_credentials', ...app }) },
    );
    note('token', (JSON.parse(granted.body) as { access_token: string }).access_token);
    const hidden = await bob.post<{ uri: string }>('/api/v1/statuses', {
      status: `hidden ${i}`,
      visibility: 'direct',
    });
    note('address of a direct post', /-([\w-]+)$/.exec(hidden.uri)?.[1] ?? '');
  }
  for (const [kind, values] of seen) {
    expect([kind, values.size]).toEqual([kind, 20]);
    // base64url: 22 characters hold 128 bits.
    for (const value of values) expect([kind, /^[\w-]{22,}$/.test(value)]).toEqual([kind, true]);
  }
  expect(seen.size).toBe(3);
  expect(user.passwordHash ?? '').not.toBe('correct horse battery');
});

test('#300 TRUST_PROTO', async () => {
  const port = await freePort();
  const us = await instance({
    port,
    url: 'https://social.example',
    federateLoopback: false,
    testMode: false,
    trustProxy: 'loopback',
  });
  await us.createUser('bob', { password: 'correct horse battery' });
  const at = { us: { ...us, url: `http://127.0.0.1:${port}` } };
  const ask = (path: string, lines: [string, string][], accept: string): Promise<Answer> =>
    raw(at, { method: 'GET', path, lines: [['Host', 'social.example'], ['Accept', accept], ...lines] });
  const forms: [string, string][][] = [
    [],
    [['X-Forwarded-Proto', 'https']],
    [['X-Forwarded-Proto', 'http']],
    [
      ['X-Forwarded-Proto', 'javascript'],
      ['X-Forwarded-For', '203.0.113.1'],
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Port', '80'],
      ['Forwarded', 'proto=http;host=evil.example'],
    ],
  ];
  for (const [path, accept] of [
    ['/users/bob', 'application/activity+json'],
    ['/users/bob/outbox?page=true', 'application/activity+json'],
    ['/.well-known/webfinger?resource=acct:bob@social.example', 'application/json'],
    ['/.well-known/host-meta', 'application/xrd+xml'],
    ['/.well-known/nodeinfo', 'application/json'],
    ['/api/v2/instance', 'application/json'],
    ['/@bob', 'text/html'],
    ['/oauth/authorize?client_id=x', 'text/html'],
  ] as const) {
    const answers = await Promise.all(forms.map((lines) => ask(path, lines, accept)));
    const [first] = answers;
    for (const { body, status, headers } of answers) {
      expect([path, status]).toEqual([path, first?.status]);
      expect([
        path,
        /http:\/\/(?!webfinger\.net|ostatus\.org|www\.w3\.org|nodeinfo\.diaspora|docs\.oasis|purl|schema\.org|joinmastodon)/.exec(
          body,
        )?.[0],
      ]).toEqual([path, undefined]);
      expect([path, /evil\.example/.test(body + JSON.stringify(headers))]).toEqual([path, false]);
      for (const cookie of [headers['set-cookie'] ?? []].flat())
        expect([path, cookie]).toEqual([
          path,
          expect.stringMatching(/^__Host-.*; HttpOnly; Secure; SameSite=Lax/),
        ]);
    }
  }
  const form = await ask('/oauth/authorize?client_id=x', [], 'text/html');
  expect(form.headers['strict-transport-security']).toMatch(/max-age=\d{8}/);
});

test('#296 PROTO_DEPS', async () => {
  interface Locked {
    version: string;
    resolved?: string;
    integrity?: string;
  }
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    packages: Record<string, Locked>;
  };
  // The first versions without the holes that are known; those of dependencies of dependencies count as well.
  const fixed: Record<string, string[]> = {
    undici: ['7.29.1', '8.10.2'],
    sharp: ['0.35.5'],
    'sanitize-html': ['2.17.4'],
    multer: ['2.3.0'],
    express: ['4.20.0'],
    cookie: ['0.7.0'],
    'path-to-regexp': ['8.4.0'],
    'body-parser': ['1.20.3'],
    qs: ['6.14.1'],
    ws: ['8.17.1'],
    'tough-cookie': ['4.1.3'],
    'form-data': ['4.0.4'],
  };
  const numbers = (version: string): number[] => version.split('.').map((part) => parseInt(part, 10));
  const isBelow = (a: string, b: string): boolean => {
    const [x, y] = [numbers(a), numbers(b)];
    const i = x.findIndex((n, k) => n !== y[k]);
    return i >= 0 && (x[i] ?? 0) < (y[i] ?? 0);
  };
  const old = Object.entries(packages).flatMap(([path, { version }]) => {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (!Object.hasOwn(fixed, name)) return [];
    const floors = fixed[name] ?? [];
    const floor = floors.find((f) => numbers(f)[0] === numbers(version)[0]) ?? floors[0] ?? '';
    return isBelow(version, floor) ? [`${path} ${version} < ${floor}`] : [];
  });
  expect(old).toEqual([]);
  for (const name of ['undici', 'sharp', 'sanitize-html', 'express', 'qs', 'ws'])
    expect(packages[`node_modules/${name}`]).toBeDefined();
  // Every package is held to its bytes, and none runs anything when it is installed.
  const loose = Object.entries(packages).filter(([path, p]) => path && !p.integrity && !path.endsWith('/'));
  expect(loose.map(([path]) => path)).toEqual([]);
  expect(await readFile('.npmrc', 'utf8')).toMatch(/^ignore-scripts=true$/m);
});
