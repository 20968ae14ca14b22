import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/program.js';
import { loadSettings } from '../../src/config/load.js';
import { createContext, type Context } from '../../src/context.js';
import { silentLogger } from '../../src/log.js';
import { createServerProcess, type ServerProcess } from '../crash/server-process.js';
import { createClient, type Client } from '../support/client.js';
import { freePort } from '../support/instance.js';

/** An instance whose server is a process of its own: to be killed, starved and started again. */
export interface Stage {
  data: string;
  env: NodeJS.ProcessEnv;
  url: string;
  server: ServerProcess;
  alice: Client;
  token: string;
  aliceUri: string;
  /** Runs one command line beside the server. */
  landfall(...args: string[]): Promise<{ code: number; text: string }>;
  /** Looks into the data while no server runs, or beside it. */
  inside<T>(look: (ctx: Context) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const token = 'process-token-of-alice';

/** With alice, whose token is known. `prefix`: see createServerProcess. */
export async function setUpStage(
  more: NodeJS.ProcessEnv = {},
  prefix: readonly string[] = [],
): Promise<Stage> {
  const data = await mkdtemp(join(tmpdir(), 'landfall-process-'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const env = {
    LANDFALL_URL: url,
    LANDFALL_PORT: String(port),
    LANDFALL_DATA: data,
    LANDFALL_FEDERATE_LOOPBACK: 'true',
    LANDFALL_TEST_MODE: 'true',
    LANDFALL_LOG_LEVEL: 'error',
    ...more,
  };
  const landfall: Stage['landfall'] = async (...args) => {
    const lines: string[] = [];
    const print = (text: string): void => void lines.push(text);
    const code = await runCli(args, { env, out: print, err: print, stdin: async () => '' });
    return { code, text: lines.join('\n') };
  };
  const server = createServerProcess(env, url, prefix);
  const stage: Stage = {
    data,
    env,
    url,
    server,
    alice: createClient(url, token),
    token,
    aliceUri: `${url}/users/alice`,
    landfall,
    inside: async (look) => {
      const ctx = await createContext(loadSettings(env), { mode: 'command', log: silentLogger });
      return look(ctx).finally(() => ctx.close());
    },
    close: async () => {
      await server.kill();
      await rm(data, { recursive: true, force: true });
    },
  };
  await provision(stage);
  return stage;
}

async function provision({ data, landfall }: Stage): Promise<void> {
  const path = join(data, 'provision.json');
  const scopes = 'read write follow';
  const app = { client_id: 'process-client', client_secret: 'process-client-secret' };
  const provisions = {
    accounts: [{ username: 'alice', email: 'alice@mail.example' }],
    apps: [{ name: 'Process', ...app, redirect_uris: ['urn:ietf:wg:oauth:2.0:oob'], scopes }],
    tokens: [{ account: 'alice', client_id: app.client_id, token, scopes }],
  };
  await writeFile(path, JSON.stringify(provisions));
  const { code, text } = await landfall('provision', path);
  if (code !== 0) throw new Error(text);
}

/** A disk of 32 MB that holds the data folder, and can be filled and emptied from outside. */
export interface SmallDisk {
  prefix: string[];
  fill(stage: Stage): void;
  empty(stage: Stage): void;
}

const mostBytes = 64 * 1024 * 1024;

/** A file system in memory, seen by the server alone; where that is not allowed, a limit on the size of its files. */
export function createSmallDisk(): SmallDisk {
  if (spawnSync('unshare', ['-Urm', 'true']).status === 0) {
    const script =
      'd="$LANDFALL_DATA"; mkdir -p "$d.seed" && cp -a "$d/." "$d.seed/" && mount -t tmpfs -o size=32m tmpfs "$d" && cp -a "$d.seed/." "$d/" && rm -rf "$d.seed" && exec "$@"';
    const ballast = ({ server, data }: Stage): string => `/proc/${server.pid}/root${data}/ballast`;
    return {
      prefix: ['unshare', '-Urm', 'sh', '-c', script, 'sh'],
      fill: (stage) => fillUp(ballast(stage)),
      empty: (stage) => rmSync(ballast(stage)),
    };
  }
  const setLimit = ({ server: { pid } }: Stage, limit: string): void =>
    void spawnSync('prlimit', ['--pid', String(pid), `--fsize=${limit}`]);
  return {
    prefix: [],
    fill: (stage) => setLimit(stage, '1:unlimited'),
    empty: (stage) => setLimit(stage, 'unlimited:unlimited'),
  };
}

function fillUp(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (let size = 65_536; size >= 512; size /= 2) {
      const block = Buffer.alloc(size);
      try {
        for (let written = 0; written < mostBytes; written += size) writeSync(handle, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
}
