import { rm } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fired } from '../load.js';
import type { Plan } from '../fediverse.js';
import type { Person, Seen } from '../seed.js';
import { startChild, type Child } from './child.js';
import { createInstance, type Instance } from './instance.js';
import { cpuMs, until } from './measure.js';
import type { There } from './there.js';
import type { Volley } from './wire.js';
import { followerCount } from './world.js';

export interface StageOptions {
  quick: boolean;
  /** Where keys and large data are kept between runs. */
  cache: string;
  /** Flags of node for the server under test. */
  execArgv: string[];
  /** A MongoDB-protocol server on which the server under test keeps everything; null: the embedded engine. */
  mongodb: string | null;
  say(text: string): void;
}

/** One verdict of a row. */
export interface Check {
  what: string;
  goal: string;
  figure: string;
  /** Against the limit that was measured in the same run. */
  ratio: number | null;
  /** Null: told without a goal, or not measurable here. */
  pass: boolean | null;
  /** What it would be where the goal was set. Absent: the goal is a ratio, or holds everywhere. */
  there?: There | undefined;
}

/** A small community that is up: an author with a thousand followers elsewhere, and a reader. */
export interface Community {
  instance: Instance;
  author: Person;
  /** Follows the warm senders. */
  reader: Person;
  /** Numbers of the actors that the server knows with their keys. */
  warm: number[];
}

/** Everything the rows share; what none of them asks for is never started. */
export interface Stage extends StageOptions {
  keysFile: string;
  /** How often each figure is taken; the median counts. */
  rounds: number;
  fediverse: Child;
  /** Of the fake fediverse. */
  port: number;
  load: Child;
  limits: Child;
  seed: Child;
  community(): Promise<Community>;
  plan(plan: Partial<Plan>): Promise<void>;
  fire(volley: Volley): Promise<Fired>;
  look(reader: string | null): Promise<Seen>;
  /** Opens a store for the seed process. */
  open(instance: Instance): Promise<void>;
  folder(name: string): string;
  close(): Promise<void>;
}

const warmActors = 200;
const here = new URL('../', import.meta.url);

export async function setStage(options: StageOptions): Promise<Stage> {
  const keysFile = join(options.cache, 'keys.json');
  const names = ['fediverse.js', 'load.js', 'limits.js', 'seed.js'];
  const [fediverse, load, limits, seed] = (await Promise.all(
    names.map((name) => startChild(new URL(name, here))),
  )) as [Child, Child, Child, Child];
  const root = mkdtempSync(join(tmpdir(), 'landfall-bench-'));
  await limits.call('start', keysFile);
  const port = await fediverse.call<number>('start', { keysFile });
  let made: Promise<Community> | null = null;
  const stage: Stage = {
    ...options,
    keysFile,
    rounds: options.quick ? 2 : 3,
    fediverse,
    port,
    load,
    limits,
    seed,
    community: () => (made ??= makeCommunity(stage)),
    plan: (plan) => fediverse.call('plan', { latencyMs: 0, modes: {}, documentMs: 0, ...plan }),
    fire: (volley) => load.call('fire', volley),
    look: (reader) => seed.call('look', reader),
    open: (instance) => seed.call('open', { env: instance.env, keysFile, port }),
    folder: (name) => join(root, name),
    close: async () => {
      await (await made)?.instance.stop();
      await Promise.all([fediverse, load, limits, seed].map((child) => child.stop()));
      await rm(root, { recursive: true, force: true });
    },
  };
  return stage;
}

/** A database of this run on the MongoDB-protocol server; undefined: the embedded engine. */
export function freshDatabase({ mongodb }: Pick<StageOptions, 'mongodb'>, name: string): string | undefined {
  if (mongodb === null) return undefined;
  const url = new URL(mongodb);
  url.pathname = `/bench_${name}_${process.pid}`;
  return url.href;
}

async function makeCommunity(stage: Stage): Promise<Community> {
  stage.say('seeding a community with 1,000 followers elsewhere');
  const instance = await createInstance({
    data: stage.folder('community'),
    execArgv: stage.execArgv,
    databaseUrl: freshDatabase(stage, 'community'),
  });
  await stage.open(instance);
  const { seed } = stage;
  const author = await seed.call<Person>('person', 'author');
  const reader = await seed.call<Person>('person', 'reader');
  const ids = await seed.call<string[]>('actors', { from: 0, to: followerCount });
  await seed.call('follows', { followers: ids, targets: [author.id] });
  await seed.call('follows', { followers: [reader.id], targets: ids.slice(0, warmActors) });
  await stage.fediverse.call('author', author.publicPem);
  await instance.start();
  return { instance, author, reader, warm: Array.from({ length: warmActors }, (_, i) => i) };
}

/** Posts a public status by the client API. @returns ms until the answer */
export async function post({ url }: Instance, token: string, text: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/statuses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ status: text }),
  });
  if (!response.ok) throw new Error(`the status was refused: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** Resolves when nothing waits in the server's queues (deliveries to the dead may). */
export async function settled(
  stage: Stage,
  timeoutMs = 60_000,
  which: 'all' | 'pending' = 'all',
): Promise<Seen> {
  let seen = await stage.look(null);
  await until(async () => {
    seen = await stage.look(null);
    return seen.pending === 0 && (which === 'pending' || seen.deliveries === 0);
  }, timeoutMs);
  return seen;
}

/** CPU time that `work` takes of a process, in core-ms; NaN where it cannot be read. */
export async function cpuOf<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; coreMs: number }> {
  const before = cpuMs(pid) ?? Number.NaN;
  const result = await work();
  return { result, coreMs: (cpuMs(pid) ?? Number.NaN) - before };
}
