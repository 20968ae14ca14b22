import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Sync } from './settling.js';

const datasync = promisify(fdatasync);

export interface Log {
  sync: Sync;
  close(): void;
}

/**
 * SQLite's write-ahead log, to be synced by hand: a COMMIT only appends to it (`synchronous = NORMAL`), and the sync runs
 * on a thread, so that a slow disk delays the answers to writes but stops nothing else. SQLite itself syncs the log
 * before it moves pages into the database file, and checks sums when it reads the log again, so that at any moment the
 * disk holds a prefix of what was committed, and everything that was acknowledged.
 */
export function openLog(path: string): Log {
  if (path === ':memory:') return { sync: null, close: () => {} };
  let file: number | null = null;
  return {
    // The log is there by the first commit, and stays the same file while the database is open.
    sync: () => datasync((file ??= openSync(`${path}-wal`, 'r+'))),
    close: () => {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
