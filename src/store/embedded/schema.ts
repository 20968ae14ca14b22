import type { Logger } from '../../log.js';
import { StartError } from '../../errors.js';
import { DuplicateKeyError } from '../errors.js';
import { isConstraint, type Connection } from './connection.js';
import { rowsOf, type Column, type Index, type Key } from './keys.js';
import type { Table } from './tables.js';
import { areWritersDue, noteCommit, resetWriters } from './writers.js';

const chunk = 500;

function createIndexTable(db: Connection, index: Index): void {
  const last = index.columns.at(-1);
  const order = (column: Column): string => `${column.sql}${column.direction === -1 ? ' DESC' : ''}`;
  const key = index.stored.map(order);
  if (!index.unique) key.push(last?.sql === 'id' ? order(last) : 'id');
  const columns = [...index.stored.map(({ sql }) => sql), 'id TEXT'].join(', ');
  db.exec(`CREATE TABLE ${index.table} (${columns}, PRIMARY KEY (${key.join(', ')})) WITHOUT ROWID`);
}
/** Adds the rows of one document. Throws DuplicateKeyError. */
export function insertRows(
  db: Connection,
  collection: string,
  index: Index,
  row: { id: string; rows: Key[][] },
): void {
  for (const keys of row.rows) {
    try {
      db.run(index.sql.insert, [...keys, row.id]);
    } catch (error) {
      if (isConstraint(error)) throw new DuplicateKeyError(collection, index.spec.keys);
      throw error;
    }
  }
}

/** Fills a new index from the documents, a chunk at a time. */
function fill(db: Connection, table: Table, index: Index): void {
  const { name } = table;
  const sql = `SELECT id, doc FROM ${table.table} WHERE id > ? ORDER BY id LIMIT ${chunk}`;
  let irregular = 0;
  for (let after = ''; ;) {
    const found = db.all(sql, [after]) as [string, string][];
    for (const [id, doc] of found) {
      const { rows, irregular: bits } = rowsOf(index, JSON.parse(doc));
      try {
        insertRows(db, name, index, { id, rows });
      } catch (error) {
        throw error instanceof DuplicateKeyError ? toRefusal(db, { name, index, id, rows }) : error;
      }
      irregular |= bits;
    }
    after = found.at(-1)?.[0] ?? '';
    if (found.length < chunk) break;
  }
  setIrregular(db, table, index, irregular);
}

/** Says which documents a new unique index cannot hold together. Nothing of it was built. */
function toRefusal(
  db: Connection,
  { name, index, id, rows }: { name: string; index: Index; id: string; rows: Key[][] },
): StartError {
  const where = index.stored.map(({ sql }) => `${sql} = ?`).join(' AND ');
  const others = rows.flatMap(
    (keys) => db.get(`SELECT id FROM ${index.table} WHERE ${where}`, keys)?.[0] ?? [],
  );
  const fields = Object.keys(index.spec.keys).join(', ');
  return new StartError(
    `The database holds two documents of '${name}' with the same ${fields}: ${[...others, id].join(' and ')}. ` +
      'This version allows only one. Nothing was changed: start the version before, remove one of them, and start again.',
  );
}

/** Records, in this transaction, that columns of an index are no longer regular. */
export function setIrregular(db: Connection, table: Table, index: Index, bits: number): void {
  if ((index.irregular | bits) === index.irregular) return;
  db.run('UPDATE landfall_indexes SET irregular = irregular | ? WHERE name = ?', [bits, index.table]);
  index.irregular |= bits;
  table.notices.irregular(index, bits);
}

type IndexRow = [name: string, collection: string, irregular: number];

/**
 * Reads which indexes the file has, and marks irregular columns. `missing`: declared but not there. `foreign`: there,
 * of a declared collection, but not declared, so that writing without it would spoil it.
 */
export function inspect(db: Connection, tables: readonly Table[]): { missing: Index[]; foreign: string[] } {
  const meta = db.get("SELECT 1 FROM sqlite_master WHERE name = 'landfall_indexes'");
  const rows = meta ? (db.all('SELECT name, collection, irregular FROM landfall_indexes') as IndexRow[]) : [];
  const known = new Map(rows.map((row) => [row[0], row]));
  const ours = new Set<string>();
  const missing: Index[] = [];
  for (const index of tables.flatMap((table) => [table.primary, ...table.indexes])) {
    ours.add(index.table);
    const row = known.get(index.table);
    if (row) index.irregular = row[2];
    else missing.push(index);
  }
  const names = new Set(tables.map(({ name }) => name));
  const foreign = rows
    .filter(([name, collection]) => names.has(collection) && !ours.has(name))
    .map(([name]) => name);
  return { missing, foreign };
}

/**
 * Creates what is missing and drops what is no longer declared; instant when there is nothing to do. Each index is
 * built in its own transaction, in the name of `token` (writers.ts). Throws DuplicateKeyError when the documents break a
 * new unique index.
 */
export function migrateTables(
  db: Connection,
  tables: readonly Table[],
  { log, token }: { log: Logger; token: string },
): void {
  if (areWritersDue(db)) inTransaction(db, () => resetWriters(db));
  const { missing, foreign } = inspect(db, tables);
  if (missing.length === 0 && foreign.length === 0) return;
  inTransaction(db, () => {
    noteCommit(db, token);
    db.exec(
      'CREATE TABLE IF NOT EXISTS landfall_indexes ' +
        '(name TEXT PRIMARY KEY, collection TEXT NOT NULL, keys TEXT NOT NULL, irregular INTEGER NOT NULL)',
    );
    for (const name of inspect(db, tables).foreign) {
      db.exec(`DROP TABLE IF EXISTS ${name}`);
      db.run('DELETE FROM landfall_indexes WHERE name = ?', [name]);
    }
  });
  for (const table of tables) {
    for (const index of [table.primary, ...table.indexes]) {
      if (missing.includes(index)) inTransaction(db, () => build(db, { table, index, log, token }));
    }
  }
}

function build(
  db: Connection,
  { table, index, log, token }: { table: Table; index: Index; log: Logger; token: string },
): void {
  // Another process may have built it while this one waited for the lock.
  if (db.get('SELECT 1 FROM landfall_indexes WHERE name = ?', [index.table])) return;
  noteCommit(db, token);
  const keys = Object.keys(index.spec.keys).join(' ');
  db.run('INSERT INTO landfall_indexes (name, collection, keys, irregular) VALUES (?, ?, ?, 0)', [
    index.table,
    table.name,
    keys,
  ]);
  if (index === table.primary)
    db.exec(`CREATE TABLE IF NOT EXISTS ${table.table} (id TEXT PRIMARY KEY, doc TEXT NOT NULL)`);
  else {
    createIndexTable(db, index);
    log.debug({ collection: table.name, index: keys }, 'building index');
    fill(db, table, index);
  }
}

function inTransaction(db: Connection, work: () => void): void {
  // Nothing else runs in this process while it starts, so waiting is allowed here.
  db.exec('PRAGMA busy_timeout = 30000');
  try {
    db.run('BEGIN IMMEDIATE');
    try {
      work();
      db.run('COMMIT');
    } catch (error) {
      db.run('ROLLBACK');
      throw error;
    }
  } finally {
    db.exec('PRAGMA busy_timeout = 20');
  }
}
