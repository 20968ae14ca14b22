import { parentPort, workerData } from 'node:worker_threads';
import type { CollectionSpec } from '../port.js';
import { connectAgain, halfCacheKiB } from './connection.js';
import { toFailure, type Failure } from './failures.js';
import { createNotebook, type Noted } from './notices.js';
import { createScribe } from './scribe.js';
import { noMemory, toTable } from './tables.js';
import { createWatch } from './watch.js';
import { readWritten, type Written } from './writers.js';
import type { Write } from './writes.js';

/** The thread of remote-scribe.ts: a connection of its own, and a scribe that is told what to write by messages. */
export interface ThreadData {
  path: string;
  specs: Readonly<Record<string, CollectionSpec>>;
  token: string;
}

/** Writes as JSON, in order; null asks to end. */
export interface ToThread {
  writes: [sequence: number, write: string | null][];
}

export type FromThread =
  | { noted: Noted }
  | { warning: string; failure: Failure }
  | {
      done: [sequence: number, value: unknown][];
      failed: [sequence: number, why: Failure][];
      broken: Failure | null;
    };

const port = parentPort;
if (!port) throw new Error('this is a thread');
const { path, specs, token } = workerData as ThreadData;
const tell = (message: FromThread): void => port.postMessage(message);

const notebook = createNotebook();
const tables = new Map(
  Object.entries(specs).map(([name, spec]) => [
    name,
    toTable(name, spec, { ...noMemory(), notices: notebook.of(name, spec) }),
  ]),
);
const db = connectAgain(path, halfCacheKiB);
const watch = createWatch({ db, tables: [...tables.values()], own: null, onForeign: () => {} });
let written: Written = { others: '', own: 0 };
const onBegun = (): void => void (written = readWritten(db, token));
const onOver = (committed: boolean): void => {
  const noted = notebook.take({ committed, written });
  if (noted) tell({ noted });
};
const warn = ({ err }: Record<string, unknown>, warning: string): void =>
  tell({ warning, failure: toFailure(err) });
/** Larger transactions write fewer pages; nobody waits for this thread's own time. */
const gatherMs = 4;
const scribe = createScribe({ db, tables, path, token, watch, onBegun, onOver, gatherMs, log: { warn } });

let done: [number, unknown][] = [];
let failed: [number, Failure][] = [];
/** Those that end together are told together, and before the next transaction begins. */
function flush(): void {
  const failure = scribe.failure();
  tell({ done, failed, broken: failure && toFailure(failure.error) });
  [done, failed] = [[], []];
}
const soon = (): void => {
  if (done.length + failed.length === 0) process.nextTick(flush);
};

async function end(): Promise<void> {
  await scribe.close();
  db.close();
}

/** @param text null: asks to end */
async function work(sequence: number, text: string | null): Promise<void> {
  try {
    const value = text === null ? await end() : await scribe.write(JSON.parse(text) as Write);
    soon();
    done.push([sequence, value]);
  } catch (error) {
    soon();
    failed.push([sequence, toFailure(error)]);
  }
}

port.on('message', ({ writes }: ToThread) => {
  for (const [sequence, text] of writes) void work(sequence, text);
});
