import Database from 'libsql/promise';
import type { Logger } from '../../log.js';
import type { Writer } from './writer.js';

/**
 * Moves what is in the write-ahead log into the database file, on a thread and over a connection of its own. Left to SQLite
 * it would happen inside of some COMMIT, and hold up the event loop for tens of milliseconds each time.
 */
export interface Checkpoints {
  /** Something was committed. */
  wrote(): void;
  /** Resolves when none is under way; there will be no more. */
  close(): Promise<void>;
}

const everyMs = 500;
/** Pages in the log from which on it is to begin anew, as soon as all of it is moved. */
const longLog = 6000;
/** So few pages are moved in an instant. */
const few = 500;
const mostPasses = 4;

interface Pass {
  /** Pages in the log, and how many of them are in the file. */
  log: number;
  checkpointed: number;
}

export function createCheckpoints(
  path: string,
  hold: Writer['hold'],
  log: Pick<Logger, 'warn'>,
): Checkpoints {
  let connection: Database | null = null;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let closed = false;

  const pass = async (): Promise<Pass> => {
    if (!connection) {
      connection = new Database(path, {});
      await connection.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -500');
    }
    const [row] = (await (await connection.prepare('PRAGMA wal_checkpoint(PASSIVE)')).all([])) as Pass[];
    return row ?? { log: 0, checkpointed: 0 };
  };
  /** The log can begin anew only when no page comes while the last are moved: then writes wait for that instant. */
  const move = async (): Promise<void> => {
    let before = 0;
    for (let count = 0; count < mostPasses; count++) {
      const { log: pages } = await pass();
      if (pages < longLog) return;
      if (pages - before < few) break;
      before = pages;
    }
    await hold(pass);
  };
  const run = async (): Promise<void> => {
    timer = null;
    try {
      await move();
    } catch (error) {
      // Another process is at it, or the disk is full: the log only gets longer, and the next round tries again.
      log.warn({ err: error }, 'the write-ahead log could not be moved into the database');
    }
    running = null;
    if (again) schedule();
  };
  const schedule = (): void => {
    again = running !== null;
    if (closed || timer || running) return;
    timer = setTimeout(() => (running = run()), everyMs).unref();
  };

  return {
    wrote: schedule,
    close: async () => {
      closed = true;
      if (timer) clearTimeout(timer);
      await running;
      connection?.close();
    },
  };
}
