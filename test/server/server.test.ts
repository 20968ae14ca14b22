import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createContext } from '../../src/context.js';
import { findLocalAccount } from '../../src/domain/accounts.js';
import { StartError } from '../../src/errors.js';
import { silentLogger } from '../../src/log.js';
import { startServer } from '../../src/server.js';
import { freePort, startInstance, type Instance } from '../support/instance.js';

let data: string;
let open: Instance[] = [];
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'landfall-server-'));
});
afterEach(async () => {
  for (const instance of open) await instance.close();
  open = [];
  await rm(data, { recursive: true, force: true });
});

async function start(overrides: Parameters<typeof startInstance>[0] = {}): Promise<Instance> {
  const instance = await startInstance({ data, databaseUrl: 'embedded:', ...overrides });
  open.push(instance);
  return instance;
}

describe('start', () => {
  test('a second server on the same data folder is refused, and the first goes on', async () => {
    const first = await start();
    const port = await freePort();
    await expect(startInstance({ data, databaseUrl: 'embedded:', url: first.url, port })).rejects.toThrow(
      StartError,
    );
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  });

  test('a port that is taken is told plainly', async () => {
    const first = await start({ databaseUrl: 'embedded:memory' });
    const again = startInstance({ port: first.settings.port });
    await expect(again).rejects.toThrow(/EADDRINUSE[\s\S]*LANDFALL_PORT/);
  });

  test('what was there stays: accounts, keys, the instance itself', async () => {
    const first = await start();
    const { account } = await first.createUser('alice');
    const keys = await first.ctx.keys.publicKeys(account._id);
    const instance = await first.ctx.db.instance.findOne({});
    await first.close();
    const second = await start({ url: first.url, port: first.settings.port });
    expect((await findLocalAccount(second.ctx, 'alice'))?._id).toBe(account._id);
    expect(await second.ctx.keys.publicKeys(account._id)).toEqual(keys);
    expect((await second.ctx.keys.signingKey(account._id, 'rsa'))?.keyId).toBe(`${account.uri}#main-key`);
    expect(await second.ctx.db.instance.findOne({})).toEqual(instance);
  });

  test('with another secret, the keys say what is wrong', async () => {
    const first = await start();
    const { account } = await first.createUser('alice');
    await first.ctx.keys.publicKeys(account._id);
    await first.close();
    const secret = Buffer.alloc(32, 7).toString('base64url');
    const ctx = await createContext({ ...first.settings, secret }, { mode: 'command', log: silentLogger });
    await expect(ctx.keys.signingKey(account._id, 'rsa')).rejects.toThrow('cannot be unsealed');
    await ctx.close();
  });

  test('a new name keeps the old one as a name that leads here', async () => {
    const first = await start();
    const former = new URL(first.url).host;
    await first.close();
    const second = await start();
    expect(new URL(second.url).host).not.toBe(former);
    expect(second.ctx.names.isOwn(former)).toBe(true);
    const hosts = await second.ctx.db.hosts.find({}).sort({ _id: 1 }).toArray();
    expect(hosts.map((h) => [h.name, h.role])).toEqual([
      [former, 'former'],
      [new URL(second.url).host, 'primary'],
    ]);
  });

  test('a public name is not given up for a local one by mistake', async () => {
    const first = await start();
    await first.ctx.db.hosts.updateMany({}, { $set: { name: 'social.example' } });
    await first.close();
    await expect(start()).rejects.toThrow(/belong to social\.example/);
  });
});

describe('stop', () => {
  test('lets a request that is under way finish, and takes no new one', async () => {
    const instance = await start({ databaseUrl: 'embedded:memory', drainSeconds: 120 });
    const { token } = await instance.createUser('alice');
    const body = JSON.stringify({ status: 'last words' });
    const headers = `POST /api/v1/statuses HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`;
    const socket = connect(instance.settings.port, '127.0.0.1');
    let answer = '';
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        answer += chunk.toString();
      });
      socket.on('close', () => resolve());
    });
    const type = 'Content-Type: application/json\r\n';
    socket.write(`${headers}${type}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    await begun(instance);
    const closed = instance.close();
    open = [];
    await expect(fetch(`${instance.url}/health`)).rejects.toThrow();
    socket.write(body.slice(5));
    await answered;
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('does not wait for ever for a client that never ends', async () => {
    const instance = await start({ databaseUrl: 'embedded:memory', drainSeconds: 1 });
    const socket = connect(instance.settings.port, '127.0.0.1');
    const cut = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write('POST /api/v1/statuses HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n');
    await begun(instance);
    await instance.close();
    open = [];
    await cut;
  });

  test('twice is once', async () => {
    const instance = await start();
    const ctx = instance.ctx;
    const server = { close: () => instance.close() };
    await Promise.all([server.close(), server.close()]);
    open = [];
    await expect(ctx.store.ping()).rejects.toThrow();
  });
});

/** Resolves when the server has read something of a request: its answers come in the order of the connections. */
async function begun(instance: Instance): Promise<void> {
  await fetch(`${instance.url}/health`, { headers: { connection: 'close' } });
}

test('a worker alone says that it is well, and serves nothing else', async () => {
  const instance = await start({ databaseUrl: 'embedded:memory' });
  const settings = { ...instance.settings, role: 'worker' as const, port: await freePort() };
  const server = await startServer(await createContext(settings, { log: silentLogger }));
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect((await fetch(`${server.url}/api/v2/instance`)).status).toBe(404);
  await server.close();
});
