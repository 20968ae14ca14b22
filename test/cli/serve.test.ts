import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext } from '../../src/context.js';
import { findLocalAccount } from '../../src/domain/accounts.js';
import { silentLogger } from '../../src/log.js';
import { sendActivity } from '../../src/outbox/send.js';
import { freePort } from '../support/instance.js';
import { until } from '../support/until.js';
import { createCli, type Cli } from './support.js';

/** A process starts from its sources, which takes longer where others work. */
jest.setTimeout(900_000);

const root = join(import.meta.dirname, '..', '..');
let cli: Cli;
let url: string;
let children: ChildProcess[] = [];

beforeEach(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  cli = await createCli({
    LANDFALL_URL: url,
    LANDFALL_PORT: String(port),
    LANDFALL_FEDERATE_LOOPBACK: 'true',
    LANDFALL_TEST_MODE: 'true',
    LANDFALL_DRAIN_SECONDS: '120',
  });
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  children = [];
  await cli.remove();
});

interface Server {
  child: ChildProcess;
  /** All it has said so far, on both streams. */
  said(): string;
  /** Resolves when it has said this. */
  says(text: string): Promise<void>;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

/** `landfall serve` from the sources, in a process of its own. */
function serve(env: NodeJS.ProcessEnv = {}): Server {
  const loader = join(root, 'test/support/typescript.mjs');
  const child = spawn(process.execPath, ['--import', loader, join(root, 'src/cli/main.ts'), 'serve'], {
    env: { ...process.env, ...cli.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const look of watchers) look();
    });
  return {
    child,
    said: () => text,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => void (text.includes(wanted) && resolve());
        watchers.add(look);
        child.once('exit', () => reject(new Error(`it ended and said only:\n${text}`)));
        look();
      }),
    ended: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals),
  };
}

describe('serve', () => {
  test('says what it is, where it listens and how to make an owner, and stops in order', async () => {
    const server = serve();
    await server.says('Ready');
    expect(server.said()).toContain(url);
    expect(server.said()).toContain(cli.data);
    expect(server.said()).toContain('landfall account create NAME --role owner');
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'UP' });
    expect((await cli.run(['account', 'create', 'alice', '--role', 'owner'])).code).toBe(0);
    expect(
      (await fetch(`${url}/users/alice`, { headers: { accept: 'application/activity+json' } })).status,
    ).toBe(200);
    const doctor = (await cli.run(['doctor', '--json'])).json<{
      checks: { name: string; result: string }[];
    }>();
    expect(doctor.checks.filter((c) => c.result !== 'ok')).toEqual([]);
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(server.said()).toContain('Stopped.');

    const again = serve();
    await again.says('Ready');
    expect(again.said()).not.toContain('owner account');
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
  });

  test('the second signal ends it at once', async () => {
    const server = serve();
    await server.says('Ready');
    // A request that never ends holds the orderly stop up.
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /api/v1/statuses HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n');
    await fetch(`${url}/health`);
    server.child.kill('SIGINT');
    await server.says('stopping');
    server.child.kill('SIGINT');
    expect(await server.ended).toBe(130);
    socket.destroy();
  });

  test('a start that is impossible ends with 1 and says why', async () => {
    const first = serve();
    await first.says('Ready');
    const second = serve({ LANDFALL_PORT: String(await freePort()) });
    expect(await second.ended).toBe(1);
    expect(second.said()).toContain(`Another server (process ${first.child.pid})`);
    first.child.kill('SIGTERM');
    await first.ended;
  });

  test('killed while deliveries are under way, it sends them after the next start, each once', async () => {
    const got: string[] = [];
    let answers = false;
    const peer = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        got.push((JSON.parse(Buffer.concat(chunks).toString()) as { id: string }).id);
        if (answers) res.writeHead(202).end();
      });
    });
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    const inbox = `http://127.0.0.1:${(peer.address() as AddressInfo).port}/inbox`;
    await cli.run(['account', 'create', 'alice']);

    const first = serve();
    await first.says('Ready');
    const ids = await queueDeliveries(inbox, 20);
    await until(() => got.length > 0);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const queued = (await cli.run(['queue', '--json'])).json<{
      deliveries: { waiting: number; leased: number };
    }>();
    expect(queued.deliveries.waiting).toBe(20);
    expect(queued.deliveries.leased).toBeGreaterThan(0);

    answers = true;
    got.length = 0;
    const second = serve();
    await second.says('Ready');
    await until(() => got.length >= 20);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(got).toEqual(ids);
    const after = (await cli.run(['queue', '--json'])).json<{ deliveries: { waiting: number } }>();
    expect(after.deliveries.waiting).toBe(0);
    peer.closeAllConnections();
    peer.close();
  });
});

/** Writes deliveries beside the running server, as a command would. @returns the activities' ids, in order */
async function queueDeliveries(inbox: string, count: number): Promise<string[]> {
  const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
  const account = await findLocalAccount(ctx, 'alice');
  const ids = Array.from({ length: count }, (_, i) => `${account!.uri}/activities/test-${i}`);
  for (const id of ids) {
    const activity = { id, type: 'Update', actor: account!.uri, object: account!.uri };
    await sendActivity(ctx, { activity, account: account!, inboxes: [inbox], public: true });
  }
  await ctx.close();
  return ids;
}
