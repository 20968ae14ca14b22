import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const loader = fileURLToPath(new URL('../support/typescript.mjs', import.meta.url));
const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** `landfall serve` in a process of its own, on loopback, that can be killed at any moment and started again. */
export interface ServerProcess {
  url: string;
  readonly pid: number;
  /** Starts it; resolves once it answers. */
  start(): Promise<void>;
  /** Starts it and does not wait. */
  spawn(): void;
  /** SIGKILL: nothing is tidied up. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM: what runs is finished. @returns the exit code */
  stop(): Promise<number | null>;
  /** Sends a signal and does not wait. */
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code once it has ended by itself. */
  ended(): Promise<number | null>;
  /** The end of its log. */
  said(): string;
}

/** `prefix`: a command that starts what follows it, in the same process. */
export function createServerProcess(
  env: NodeJS.ProcessEnv,
  url: string,
  prefix: readonly string[] = [],
): ServerProcess {
  let child: ChildProcess | null = null;
  let said = '';

  const begin = (): void => {
    const [command = '', ...args] = [...prefix, process.execPath, '--import', loader, cli, 'serve'];
    const started = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    child = started;
  };

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = child;
    child = null;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    await exited;
    return ending.exitCode;
  }

  return {
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    spawn: begin,
    async start() {
      begin();
      const deadline = Date.now() + 120_000;
      while (!(await isReady(url))) {
        if (child === null || child.exitCode !== null || Date.now() > deadline)
          throw new Error(`The server did not start: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    signal: (name) => void child?.kill(name),
    async ended() {
      if (child && child.exitCode === null) await once(child, 'exit');
      return child?.exitCode ?? null;
    },
    said: () => said,
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  );
