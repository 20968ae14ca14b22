import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli, type ExitCode } from '../../src/cli/program.js';

export interface Outcome {
  code: ExitCode;
  out: string;
  err: string;
  /** What was printed, as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface Cli {
  data: string;
  env: NodeJS.ProcessEnv;
  /** Runs one command line as an operator would type it. */
  run(args: readonly string[], stdin?: string): Promise<Outcome>;
  remove(): Promise<void>;
}

/** The command line on a data folder of its own, in this process. */
export async function createCli(env: NodeJS.ProcessEnv = {}): Promise<Cli> {
  const data = await mkdtemp(join(tmpdir(), 'landfall-cli-'));
  const full = {
    LANDFALL_DATA: data,
    LANDFALL_URL: 'http://localhost:4999',
    LANDFALL_LOG_LEVEL: 'silent',
    ...env,
  };
  return {
    data,
    env: full,
    run: async (args, stdin = '') => {
      const lines: { out: string[]; err: string[] } = { out: [], err: [] };
      const code = await runCli(args, {
        env: full,
        out: (text) => void lines.out.push(text),
        err: (text) => void lines.err.push(text),
        stdin: async () => stdin,
      });
      const out = lines.out.join('\n');
      return { code, out, err: lines.err.join('\n'), json: <T>() => JSON.parse(out) as T };
    },
    remove: () => rm(data, { recursive: true, force: true }),
  };
}
