import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createServer, request } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { groupOf, type Result } from '../../attack/row.js';
import { allRows } from '../../attack/rows/index.js';
import { runRows } from '../../attack/run.js';
import { findTarget } from '../../attack/target.js';
import { createServerProcess } from '../crash/server-process.js';
import { createCli } from '../cli/support.js';
import { startApexPeer } from '../support/apex-peer.js';
import { freePort } from '../support/instance.js';
import { until } from '../support/until.js';

/** `npm run attack`: what it says about a server of ours that is run as in production, and about one that is not safe. */
jest.setTimeout(900_000);

const nginx = '/usr/sbin/nginx';
const closing: (() => Promise<unknown>)[] = [];
let origin: string;
let token: string;

beforeAll(async () => {
  const [port, front] = [await freePort(), await freePort()];
  origin = `http://localhost:${front}`;
  const cli = await createCli({
    NODE_ENV: 'production',
    LANDFALL_URL: origin,
    LANDFALL_PORT: String(port),
    LANDFALL_TRUST_PROXY: 'loopback',
    LANDFALL_FEDERATE_LOOPBACK: 'true',
  });
  closing.push(cli.remove);
  expect((await cli.run(['account', 'create', 'bob'])).code).toBe(0);
  token = (await cli.run(['token', 'create', 'bob', '--json'])).json<{ token: string }>().token;
  const server = createServerProcess(cli.env, `http://localhost:${port}`);
  closing.push(server.kill);
  await server.start();
  closing.push((await startNginx(front, port)) ?? (await startProxy(front, port)));
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

/** The nginx of docs/operating.md, without TLS. @returns how it is ended; null where there is none */
async function startNginx(front: number, port: number): Promise<(() => Promise<void>) | null> {
  const page = await readFile('docs/operating.md', 'utf8');
  const location = /location \/ \{[^}]*\}/.exec(page)?.[0].replace('127.0.0.1:3000', `127.0.0.1:${port}`);
  const folder = await mkdtemp(join(tmpdir(), 'landfall-nginx-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (n) => `${n}_temp_path ${folder}/${n};`,
  );
  const config = `user root; daemon off; pid ${folder}/pid; error_log stderr; events {}
http { access_log off; ${paths.join(' ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server { listen 127.0.0.1:${front}; client_max_body_size 100m; ${location?.replace('$host;', '$http_host;')} } }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  const child = spawn(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const started = await new Promise<ChildProcess | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('spawn', () => resolve(child));
  });
  if (!started) {
    process.stdout.write('\nNo nginx here: a proxy of the test stands in.\n');
    return null;
  }
  await answers();
  return async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
}

async function startProxy(front: number, port: number): Promise<() => Promise<void>> {
  const proxy = createServer((req, res) => {
    const headers = {
      ...req.headers,
      'x-forwarded-for': req.socket.remoteAddress ?? '',
      'x-forwarded-proto': 'http',
    };
    const out = request({ port, host: '127.0.0.1', method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    out.on('error', () => res.destroy());
    res.on('close', () => out.destroy());
    req.pipe(out);
  });
  proxy.headersTimeout = 120_000;
  proxy.requestTimeout = 120_000;
  await new Promise<void>((resolve) => proxy.listen(front, '127.0.0.1', resolve));
  return () =>
    new Promise((resolve) => {
      proxy.close(() => resolve());
      proxy.closeAllConnections();
    });
}

async function answers(): Promise<void> {
  await until(async () => (await fetch(`${origin}/health`).catch(() => null))?.ok, 'nginx answers');
}

const but = (results: readonly Result[], outcome: Result['outcome']) =>
  results.filter((r) => r.outcome === outcome).map((r) => `${r.id} ${r.name}: ${r.reason}`);

test('nothing fails on a server of ours behind a proxy, and every row can be asked', async () => {
  const results = await runRows(allRows, await findTarget({ origin, token }), () => undefined);
  expect(but(results, 'failed')).toEqual([]);
  expect(but(results, 'not applicable')).toEqual([]);
  expect(but(results, 'could not be asked')).toEqual([]);
});

test('it finds what is wrong with a server that checks neither digests nor dates', async () => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
  const apex = await startApexPeer();
  const actor = await apex.createActor('bob');
  const wanted = [1, 3, 4, 11, 26, 197];
  const rows = allRows.filter((row) => wanted.includes(row.id));
  const results = await runRows(rows, await findTarget({ origin: apex.origin, actor }), () => undefined);
  await apex.close();
  expect(Object.fromEntries(results.map((r) => [r.name, r.outcome]))).toEqual({
    SIG_NONE: 'passed',
    SIG_NO_DIGEST_SIGNED: 'failed',
    SIG_BODY_TAMPER: 'failed',
    SIG_DATE_OLD: 'failed',
    KEY_OWNER: 'passed',
    XSS_BASIC: 'not applicable',
  });
});

test('rows bear the numbers, names and groups of the catalogue', async () => {
  const catalogue = JSON.parse(await readFile('test/attacks/coverage.json', 'utf8')) as Omit<
    Result,
    'outcome' | 'reason'
  >[];
  const known = new Map(catalogue.map(({ id, name, group }) => [id, { id, name, group }]));
  for (const { id, name } of allRows) expect({ id, name, group: groupOf(id) }).toEqual(known.get(id));
  expect(new Set(allRows.map((r) => r.id)).size).toBe(allRows.length);
});

test('a server of somebody else is left alone', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const args = ['--import', join(root, 'test/support/typescript.mjs'), join(root, 'attack/main.ts')];
  const run = (...given: string[]) =>
    new Promise<{ code: unknown; err: string }>((resolve) =>
      execFile(process.execPath, [...args, ...given], (error, _out, err) =>
        resolve({ code: error?.code, err }),
      ),
    );
  for (const address of ['https://mastodon.example', 'http://localhost.evil.example', 'ftp://localhost', 'x'])
    expect(await run(address)).toMatchObject({ code: 2 });
  expect((await run('https://192.0.2.1')).err).toContain('--i-own-this-server');
});
