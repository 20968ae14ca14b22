import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const cli = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'cli', 'main.js');
const run = promisify(execFile);

/** One real server process on loopback with a data folder of its own. */
export interface Instance {
  name: string;
  url: string;
  /** `localhost:4101`: the domain in handles. */
  domain: string;
  start(): Promise<void>;
  /** SIGKILL: nothing is tidied up. */
  kill(): Promise<void>;
  /** SIGTERM: drains. */
  stop(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Runs `landfall …` on this instance's data and reads its JSON. */
  landfall<T>(...args: string[]): Promise<T>;
  remove(): Promise<void>;
}

export async function createInstance(name: string): Promise<Instance> {
  const port = await freePort();
  const data = await mkdtemp(join(tmpdir(), `landfall-demo-${name}-`));
  const url = `http://localhost:${port}`;
  const env = {
    ...process.env,
    LANDFALL_URL: url,
    LANDFALL_PORT: String(port),
    LANDFALL_DATA: data,
    LANDFALL_FEDERATE_LOOPBACK: 'true',
    LANDFALL_TEST_MODE: 'true',
    LANDFALL_LOG_LEVEL: 'error',
  };
  let child: ChildProcess | null = null;

  async function end(signal: NodeJS.Signals): Promise<void> {
    const process = child;
    child = null;
    if (!process || process.exitCode !== null) return;
    const exited = once(process, 'exit');
    process.kill(signal);
    await exited;
  }

  return {
    name,
    url,
    domain: `localhost:${port}`,
    async start() {
      child = spawn(process.execPath, [cli, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      await ready(url);
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async landfall<T>(...args: string[]) {
      const { stdout } = await run(process.execPath, [cli, ...args, '--json'], { env });
      return JSON.parse(stdout) as T;
    },
    async remove() {
      await end('SIGKILL');
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

async function ready(url: string): Promise<void> {
  await eventually(`${url} answers`, async () => {
    const response = await fetch(`${url}/health`).catch(() => null);
    return response?.ok ? true : null;
  });
}

/** Asks again until the answer is not null. @throws Error after `seconds` */
export async function eventually<T>(what: string, ask: () => Promise<T | null>, seconds = 15): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
