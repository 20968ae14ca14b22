import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { end } from './child.js';
import { nowMs, sleep } from './measure.js';

/** The server under test: a real process on a data folder of its own. */
export interface Instance {
  data: string;
  url: string;
  host: string;
  port: number;
  env: Record<string, string>;
  pid(): number;
  /** @returns ms from the start of the process to its first 200 */
  start(): Promise<number>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface InstanceOptions {
  data: string;
  /** Another port than a free one: data that was seeded before keeps its origin. */
  port?: number;
  /** Flags of node, e.g. `--cpu-prof`. */
  execArgv?: string[];
  /** Default: the embedded engine. */
  databaseUrl?: string | undefined;
}

export async function createInstance({ data, execArgv = [], ...rest }: InstanceOptions): Promise<Instance> {
  const port = rest.port ?? (await freePort());
  const host = `localhost:${port}`;
  const url = `http://${host}`;
  const env: Record<string, string> = {
    LANDFALL_URL: url,
    LANDFALL_PORT: String(port),
    LANDFALL_BIND: '127.0.0.1',
    LANDFALL_DATA: data,
    LANDFALL_FEDERATE_LOOPBACK: 'true',
    LANDFALL_RATE_LIMITS: 'false',
    LANDFALL_LOG_LEVEL: 'error',
    ...(rest.databaseUrl !== undefined && { LANDFALL_DATABASE_URL: rest.databaseUrl }),
  };
  let child: ChildProcess | null = null;
  return {
    data,
    url,
    host,
    port,
    env,
    pid: () => child?.pid ?? 0,
    async start() {
      const began = nowMs();
      child = spawn(process.execPath, [...execArgv, cli, 'serve'], {
        env: { ...foreignEnv(), NODE_ENV: 'production', ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      await ready(url, child);
      return nowMs() - began;
    },
    stop: () => (child ? end(child, 'SIGTERM', 30_000) : Promise.resolve()),
    kill: () => (child ? end(child, 'SIGKILL') : Promise.resolve()),
  };
}

/** The environment without settings: what this shell has set for another instance means nothing here. */
const foreignEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LANDFALL_')));

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = nowMs() + 60_000; nowMs() < deadline;) {
    if (child.exitCode !== null) throw new Error('the server under test did not start');
    const response = await fetch(`${url}/health`).catch(() => null);
    if (response?.ok) return;
    await sleep(10);
  }
  throw new Error('the server under test did not answer');
}

export async function freePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === null) throw new Error('there is no free port');
  return port;
}

/** A free port that the system gives to nobody by itself: kept data has it in its URLs, and is used again later. */
export async function lastingPort(): Promise<number> {
  for (let i = 0; i < 50; i++) {
    const port = await tryPort(20_000 + Math.floor(Math.random() * 10_000));
    if (port !== null) return port;
  }
  throw new Error('there is no free port between 20000 and 30000');
}

function tryPort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(null));
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
