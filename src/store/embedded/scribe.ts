import type { Logger } from '../../log.js';
import { createCheckpoints } from './checkpoints.js';
import type { Connection } from './connection.js';
import { openLog } from './sync.js';
import type { Table } from './tables.js';
import { createWriter, type Around } from './writer.js';
import type { Watch } from './watch.js';
import { noteCommit } from './writers.js';
import { toSteps, type Desk, type Write } from './writes.js';

/** Takes down what it is told, one transaction after the other: here, or in a thread of its own (remote-scribe.ts). */
export interface Scribe {
  /** Resolves, with what the port promises of the method, once it is on the disk. */
  write<T>(write: Write): Promise<T>;
  /** Why nothing can be written until this process is started anew; null: all is well. */
  failure(): { error: unknown } | null;
  /** Resolves when everything told so far is written; later writes are refused. */
  close(): Promise<void>;
}

export interface ScribeDeps {
  db: Connection;
  tables: ReadonlyMap<string, Table>;
  /** Of the database file. */
  path: string;
  /** See writers.ts. */
  token: string;
  watch: Watch;
  /** A transaction has begun. */
  onBegun?: () => void;
  /** It is over. */
  onOver: (committed: boolean) => void;
  /** See `createWriter`. */
  gatherMs?: number;
  log: Pick<Logger, 'warn'>;
}

/** A scribe in this thread, over this connection. */
export function createScribe(deps: ScribeDeps): Scribe {
  const { db, tables, path, token, watch, onBegun, onOver, gatherMs, log } = deps;
  const wal = openLog(path);
  const around: Around = {
    before: () => {
      watch.demandCurrent();
      noteCommit(db, token);
      onBegun?.();
    },
    after: (committed) => {
      if (!committed) watch.doubt();
      onOver(committed);
      checkpoints?.wrote();
    },
  };
  const writer = createWriter(db, around, wal.sync, gatherMs);
  const checkpoints = path === ':memory:' ? null : createCheckpoints(path, writer.hold, log);
  const desk: Desk = { db, tables, texts: new Set() };
  return {
    write: async <T>(write: Write) => writer.write(toSteps(desk, write)) as Promise<T>,
    failure: () => writer.failure(),
    close: async () => {
      await writer.close();
      await checkpoints?.close();
      wal.close();
    },
  };
}
