import { randomUUID } from 'node:crypto';
import { silentLogger, type Logger } from '../../log.js';
import { createTurns } from '../../turns.js';
import { checkFilter, checkSort } from '../operators.js';
import type { Collection, CollectionSpec, Document, Store } from '../port.js';
import { createAbsence } from './absence.js';
import { createAnswers } from './answers.js';
import { createCaches } from './cache.js';
import { createCollection } from './collection.js';
import { connect, halfCacheKiB, isBusy, wholeCacheKiB, type Connection } from './connection.js';
import { createTeller, toNotices, type Noted } from './notices.js';
import { makePlan } from './plan.js';
import type { Engine } from './reading.js';
import { createRemoteScribe } from './remote-scribe.js';
import { migrateTables } from './schema.js';
import type { Scribe, ScribeDeps } from './scribe.js';
import type { Chunked } from './search.js';
import { toTable, type Memory, type Table } from './tables.js';
import { createTextIndex } from './text-index.js';
import { createWatch } from './watch.js';

export interface EmbeddedOptions {
  /** A file, created when missing, or `:memory:`. */
  path: string;
  specs: Readonly<Record<string, CollectionSpec>>;
  log?: Logger;
  /** Writes in a thread of its own, for a server. `execArgv`: arguments for node, where they differ from this process's. */
  thread?: { execArgv?: readonly string[] };
}

/** Reading goes on this long before others get their turn. */
const sliceMs = 2;

/** Whatever takes longer than a slice goes on in turn with all others of its kind: their slices never add up. */
function createSlicing(): <T>(work: () => Chunked<T>) => Promise<T> {
  const myTurn = createTurns();
  return async (work) => {
    let deadline = performance.now() + sliceMs;
    const chunks = work();
    for (;;) {
      const next = chunks.next();
      if (next.done) return next.value;
      if (performance.now() < deadline) continue;
      await myTurn();
      deadline = performance.now() + sliceMs;
    }
  };
}

/** A checkpoint of another process can lock a reader out for an instant. */
async function patiently<T>(read: () => T | Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!isBusy(error) || attempt === 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** As `patiently`, without waiting where there is nothing to wait for: a request asks for twenty things. */
function atOnce<T>(read: () => T): Promise<T> {
  try {
    return Promise.resolve(read());
  } catch (error) {
    return isBusy(error) ? patiently(read) : Promise.reject(error as Error);
  }
}

interface Tables {
  tables: ReadonlyMap<string, Table>;
  /** A transaction of this thread is over. */
  settle(committed: boolean): void;
  /** One of another thread is. */
  hear(noted: Noted, isLatest: boolean): void;
  /** Another process has written: nothing that is remembered is sure. */
  forget(): void;
}

function createTables(specs: EmbeddedOptions['specs']): Tables {
  const [caches, absence] = [createCaches(), createAbsence()];
  const memoryOf = (name: string, { hot, steady }: CollectionSpec): Memory => {
    const cache = hot ? caches.of(name) : null;
    const memory = { cache, absence, answers: hot && steady ? createAnswers() : null };
    return { ...memory, notices: toNotices(memory) };
  };
  const tables = new Map(
    Object.entries(specs).map(([name, spec]) => [name, toTable(name, spec, memoryOf(name, spec))]),
  );
  const forget = (): void => {
    caches.clear();
    absence.clear();
    for (const { answers } of tables.values()) answers?.clear();
  };
  const tell = createTeller(tables);
  const hear: Tables['hear'] = (noted, isLatest) => {
    tell(noted, isLatest);
    caches.settle(noted.committed);
  };
  return { tables, settle: caches.settle, hear, forget };
}

function ping(db: Connection, scribe: Scribe): void {
  db.get('SELECT 1');
  const failure = scribe.failure();
  if (failure) throw new Error('the disk failed: start this process anew', { cause: failure.error });
}

/** What writes is not loaded where a thread does it. */
async function scribeHere(deps: ScribeDeps): Promise<Scribe> {
  const { createScribe } = await import('./scribe.js');
  return createScribe(deps);
}

/**
 * Opens the embedded engine. Call `migrate()` before anything else; it is instant when nothing changed.
 * Throws StartError when the file is damaged, foreign, or locked.
 */
export async function openEmbeddedStore(options: EmbeddedOptions): Promise<Store> {
  const { path, specs, thread, log = silentLogger } = options;
  const db = connect(path, thread ? halfCacheKiB : wholeCacheKiB);
  const token = randomUUID();
  const { tables, settle, hear, forget } = createTables(specs);
  const own = thread ? token : null;
  const watch = createWatch({ db, tables: [...tables.values()], own, onForeign: forget });
  const demanding =
    <T>(work: () => T) =>
    (): T => {
      watch.demandRecent();
      return work();
    };
  const onNoted = (noted: Noted): void => hear(noted, watch.isLatest(noted.written));
  const scribe = thread
    ? createRemoteScribe({ path, specs, token, onNoted, onNews: watch.release, log, ...thread })
    : await scribeHere({ db, tables, path, token, watch, onOver: settle, log });
  const sliced = createSlicing();
  const engine: Engine = {
    db,
    scribe,
    read: async (work) => patiently(() => sliced(demanding(work))),
    lookUp: (work) => atOnce(demanding(work)),
  };
  const tableOf = (name: string): Table => {
    const table = tables.get(name);
    if (!table) throw new Error(`the collection '${name}' is not declared`);
    return table;
  };
  let closing: Promise<void> | null = null;
  return {
    engine: 'embedded',
    collection: <T extends Document>(name: string): Collection<T> =>
      createCollection<T>(engine, tableOf(name)),
    textIndex: (name) => createTextIndex(engine, name),
    migrate: async () => {
      watch.release();
      migrateTables(db, [...tables.values()], { log, token });
    },
    ping: async () => ping(db, scribe),
    // One statement: it holds up this process, which is a command's, and keeps the log of the server from being emptied.
    backup: async (file) => {
      watch.release();
      db.run('VACUUM INTO ?', [file]);
    },
    explain: async (name, filter, sort) => {
      checkFilter(filter);
      if (sort) checkSort(sort);
      return engine.lookUp(() => makePlan(tableOf(name), { filter, sort }).kind);
    },
    close: () => {
      closing ??= (async () => {
        await scribe.close();
        watch.release();
        db.close();
      })();
      return closing;
    },
  };
}
