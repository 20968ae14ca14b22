import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { StartError } from '../../errors.js';
import { applicationId, formatVersion, judgeFile, type FileKind } from './header.js';
import type { Key } from './keys.js';

const maxStatements = 500;
/** Of a connection that reads and writes, and of each where one reads and another writes. */
export const wholeCacheKiB = 32_000;
export const halfCacheKiB = 16_000;

type Param = Key | Buffer;

/** A connection with a cache of prepared statements. All calls are synchronous. */
export interface Connection {
  exec(sql: string): void;
  run(sql: string, params?: readonly Param[]): void;
  /** The first row as an array of columns; undefined when there is none. */
  get(sql: string, params?: readonly Param[]): unknown[] | undefined;
  all(sql: string, params?: readonly Param[]): unknown[][];
  /** Changes when another connection, of this or another process, has committed. */
  dataVersion(): number;
  close(): void;
}

/** True when the file is locked by another process, which passes. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY') || codeOf(error).startsWith('SQLITE_LOCKED');
}

export function isConstraint(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_CONSTRAINT');
}

function codeOf(error: unknown): string {
  const known =
    typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return known ? (error.code as string) : '';
}

/**
 * Opens or creates a database file (`:memory:` for one that is never written). `cacheKiB`: of its pages, kept in memory.
 * Throws StartError, and changes nothing, when the file is damaged or belongs to something else.
 */
export function connect(path: string, cacheKiB = wholeCacheKiB): Connection {
  try {
    const memory = path === ':memory:';
    // Created by hand, so that private posts are not readable by other users of the machine.
    if (!memory) closeSync(openSync(path, 'a', 0o600));
    const kind = memory ? 'new' : judgeFile(path);
    if (kind !== 'new' && kind !== 'ours') throw new StartError(`The database ${path} ${refusals[kind]}`);
    return open(path, { cacheKiB, isNew: kind === 'new' });
  } catch (error) {
    throw toStartError(error, path);
  }
}

/**
 * A further connection of a process that has the file open. It looks at nothing but through SQLite: closing a file drops all
 * locks that the process has on it (POSIX), and another process that closes the database would then take it for unused
 * and remove the log, with whatever is written to it from then on.
 */
export function connectAgain(path: string, cacheKiB: number): Connection {
  try {
    return open(path, { cacheKiB, isNew: false });
  } catch (error) {
    throw toStartError(error, path);
  }
}

function open(path: string, { cacheKiB, isNew }: { cacheKiB: number; isNew: boolean }): Connection {
  const db = new Database(path);
  try {
    db.exec('PRAGMA busy_timeout = 5000');
    // Reads the schema, which shows damage that the header does not.
    db.exec('SELECT count(*) FROM sqlite_master');
    if (isNew) db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`);
    // The writer syncs the log itself (sync.ts), and moves it into the file (checkpoints.ts): SQLite only if it must.
    if (path !== ':memory:')
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 30000');
    // Waiting any longer would hold up everything else in this process; the writer tries again later instead.
    db.exec(`PRAGMA busy_timeout = 20; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${cacheKiB}`);
    return wrap(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

const refusals: Record<Exclude<FileKind, 'new' | 'ours'>, string> = {
  damaged:
    'is damaged. Nothing was changed. Restore it from a backup, or move it and its -wal and -shm files away to start ' +
    'empty; the command `sqlite3 FILE .recover` may save what is left.',
  foreign: 'belongs to another program. Choose another data folder (LANDFALL_DATA).',
  newer: 'was made by a newer version of Landfall. Start that version, or restore a backup.',
};

function toStartError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new StartError(`The database ${path} ${refusals.damaged}`);
  }
  if (/^(SQLITE_(CANTOPEN|READONLY|PERM)|EACCES|EPERM|EROFS|ENOENT|EISDIR|ENOTDIR)/.test(code)) {
    return new StartError(
      `The database ${path} cannot be opened for writing (${code}). Check that the folder exists and its owner.`,
    );
  }
  if (isBusy(error)) {
    return new StartError(
      `The database ${path} is locked by another process (${code}). Stop it, then start again.`,
    );
  }
  return error;
}

function wrap(db: Database.Database): Connection {
  // A statement that was read to its end is not reset by the driver: read otherwise the next time, it would keep its old
  // parameters. So each way has statements of its own.
  const runs = createStatements(db, false);
  const gets = createStatements(db, true);
  const alls = createStatements(db, true);
  const version = gets.prepare('PRAGMA data_version');
  return {
    exec: (sql) => void db.exec(sql),
    run: (sql, params = []) => void runs.prepare(sql).run(params as Param[]),
    get: (sql, params = []) => gets.prepare(sql).get(params as Param[]) as unknown[] | undefined,
    all: (sql, params = []) => alls.prepare(sql).all(params as Param[]) as unknown[][],
    dataVersion: () => Number((version.get([]) as unknown[])[0]),
    close: () => {
      for (const { clear } of [runs, gets, alls]) clear();
      emptyLog(db);
      db.close();
    },
  };
}

interface Statements {
  prepare(sql: string): Database.Statement;
  clear(): void;
}

/** `raw`: rows as arrays, cheaper than objects; only readers can be told so. */
function createStatements(db: Database.Database, raw: boolean): Statements {
  const statements = new Map<string, Database.Statement>();
  return {
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known) return known;
      if (statements.size >= maxStatements) {
        const oldest = statements.keys().next().value;
        if (oldest !== undefined) statements.delete(oldest);
      }
      const statement = db.prepare(sql);
      if (raw) statement.raw();
      statements.set(sql, statement);
      return statement;
    },
    clear: () => statements.clear(),
  };
}

/**
 * Moves the write-ahead log into the file, so that the file alone is the whole database. The driver closes the file
 * only when its statements are collected, so SQLite's own tidying up at the last close comes too late.
 */
function emptyLog(db: Database.Database): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    // Another process is reading: the log stays, and the next start goes on from it.
    if (!isBusy(error)) throw error;
  }
}
