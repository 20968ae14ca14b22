import type { Logger } from '../../log.js';
import { createTurns } from '../../turns.js';
import { checkFilter, checkSort } from '../operators.js';
import type { Collection, CollectionSpec, Document, Store } from '../port.js';
import { createAbsence } from './absence.js';
import { createAnswers } from './answers.js';
import { createCaches } from './cache.js';
import { createCheckpoints } from './checkpoints.js';
import { createCollection } from './collection.js';
import { connect, isBusy, type Connection } from './connection.js';
import { makePlan } from './plan.js';
import type { Engine } from './reading.js';
import { inspect, migrateTables } from './schema.js';
import type { Chunked } from './search.js';
import { openLog } from './sync.js';
import { toTable, type Memory, type Table } from './tables.js';
import { createTextIndex } from './text-index.js';
import { createWriter, type Writer } from './writer.js';

export interface EmbeddedOptions {
  /** A file, created when missing, or `:memory:`. */
  path: string;
  specs: Readonly<Record<string, CollectionSpec>>;
  log?: Logger;
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

/**
 * Notices what other processes did: `onForeign` is called when one has written anything at all; its indexes may have new
 * irregular columns, or be another set.
 */
function createWatch(
  db: Connection,
  tables: readonly Table[],
  onForeign: () => void,
): { demandRecent: () => void; demandCurrent: () => void } {
  let version = -1;
  let state: 'current' | 'unmigrated' | 'foreign' = 'unmigrated';
  let looked = false;
  const refresh = (): void => {
    const now = db.dataVersion();
    if (now === version && state === 'current') return;
    if (now !== version) onForeign();
    version = now;
    const { missing, foreign } = inspect(db, tables);
    state = missing.length > 0 ? 'unmigrated' : foreign.length > 0 ? 'foreign' : 'current';
  };
  const demandCurrent = (): void => {
    refresh();
    check();
  };
  const check = (): void => {
    if (state === 'unmigrated')
      throw new Error('the database lacks collections or indexes: call migrate() first');
    if (state === 'foreign') {
      throw new Error('the database was changed by another version of Landfall: restart this one');
    }
  };
  /** For reading: another look in the same turn of the event loop would only repeat it. */
  const demandRecent = (): void => {
    if (!looked) {
      refresh();
      looked = true;
      setImmediate(() => void (looked = false));
    }
    check();
  };
  return { demandRecent, demandCurrent };
}

interface Tables {
  tables: ReadonlyMap<string, Table>;
  /** A transaction is over. */
  settle(committed: boolean): void;
  /** Another process has written: nothing that is remembered is sure. */
  forget(): void;
}

function createTables(specs: EmbeddedOptions['specs']): Tables {
  const [caches, absence] = [createCaches(), createAbsence()];
  const memoryOf = (name: string, { hot, steady }: CollectionSpec): Memory => ({
    cache: hot ? caches.of(name) : null,
    absence,
    answers: hot && steady ? createAnswers() : null,
  });
  const tables = new Map(
    Object.entries(specs).map(([name, spec]) => [name, toTable(name, spec, memoryOf(name, spec))]),
  );
  const forget = (): void => {
    caches.clear();
    absence.clear();
    for (const { answers } of tables.values()) answers?.clear();
  };
  return { tables, settle: caches.settle, forget };
}

function ping(db: Connection, writer: Writer): void {
  db.get('SELECT 1');
  const failure = writer.failure();
  if (failure) throw new Error('the disk failed: start this process anew', { cause: failure.error });
}

/**
 * Opens the embedded engine. Call `migrate()` before anything else; it is instant when nothing changed.
 * Throws StartError when the file is damaged, foreign, or locked.
 */
export async function openEmbeddedStore({ path, specs, log }: EmbeddedOptions): Promise<Store> {
  const silent = (): void => {};
  const logger = log ?? { debug: silent, info: silent, warn: silent, error: silent };
  const db = connect(path);
  const { tables, settle, forget } = createTables(specs);
  const watch = createWatch(db, [...tables.values()], forget);
  const wal = openLog(path);
  const after = (committed: boolean): void => {
    settle(committed);
    checkpoints?.wrote();
  };
  const writer = createWriter(db, { before: watch.demandCurrent, after }, wal.sync);
  const checkpoints = path === ':memory:' ? null : createCheckpoints(path, writer.hold, logger);
  const demanding =
    <T>(work: () => T) =>
    (): T => {
      watch.demandRecent();
      return work();
    };
  const sliced = createSlicing();
  const engine: Engine = {
    db,
    writer,
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
    migrate: async () => migrateTables(db, [...tables.values()], logger),
    ping: async () => ping(db, writer),
    // One statement: it holds up this process, which is a command's, and keeps the log of the server from being emptied.
    backup: async (file) => db.run('VACUUM INTO ?', [file]),
    explain: async (name, filter, sort) => {
      checkFilter(filter);
      if (sort) checkSort(sort);
      return engine.lookUp(() => makePlan(tableOf(name), { filter, sort }).kind);
    },
    close: () => {
      closing ??= (async () => {
        await writer.close();
        await checkpoints?.close();
        wal.close();
        db.close();
      })();
      return closing;
    },
  };
}
