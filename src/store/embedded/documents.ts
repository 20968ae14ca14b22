import { DuplicateKeyError } from '../errors.js';
import type { Document, Update } from '../port.js';
import { applyUpdate } from './apply-update.js';
import { isConstraint, type Connection } from './connection.js';
import { identity, rowsOf, type Index, type Key } from './keys.js';
import { deleteRowSql, insertRows, setIrregular, type Table } from './schema.js';

/** Writes one document and its index rows, inside the transaction of the caller. Throws DuplicateKeyError. */
export function insertDocument(db: Connection, table: Table, document: Document): void {
  const { _id: id } = document;
  try {
    db.run(`INSERT INTO ${table.table} (id, doc) VALUES (?, ?)`, [id, JSON.stringify(document)]);
  } catch (error) {
    if (isConstraint(error)) throw new DuplicateKeyError(table.name, { _id: 1 });
    throw error;
  }
  for (const index of table.indexes) {
    const { rows, irregular } = rowsOf(index, document);
    if (irregular !== 0) setIrregular(db, index, irregular);
    insertRows(db, table.name, index, { id, rows });
  }
}

const deleteRows = (db: Connection, index: Index, id: string, rows: readonly Key[][]): void => {
  const sql = deleteRowSql(index);
  for (const row of rows) db.run(sql, [...row, id]);
};

export function deleteDocument(db: Connection, table: Table, document: Document): void {
  db.run(`DELETE FROM ${table.table} WHERE id = ?`, [document._id]);
  for (const index of table.indexes) deleteRows(db, index, document._id, rowsOf(index, document).rows);
}

const touches = (index: Index, paths: readonly string[]): boolean =>
  index.stored.some(({ path }) =>
    paths.some(
      (changed) => changed === path || path.startsWith(`${changed}.`) || changed.startsWith(`${path}.`),
    ),
  );

const nameOf = (row: readonly Key[]): string => JSON.stringify(row.map(identity));

/**
 * Applies a checked update to `document` in place and stores it. Returns false when it changed nothing.
 * Throws InvalidWrite and DuplicateKeyError; the caller's savepoint undoes what was begun.
 */
export function updateDocument(db: Connection, table: Table, document: Document, update: Update): boolean {
  const { $setOnInsert: _, ...rest } = update;
  const paths = Object.values(rest).flatMap((fields) => Object.keys(fields as object));
  const before = table.indexes
    .filter((index) => touches(index, paths))
    .map((index) => ({ index, rows: rowsOf(index, document).rows }));
  if (applyUpdate(document, rest).length === 0) return false;
  db.run(`UPDATE ${table.table} SET doc = ? WHERE id = ?`, [JSON.stringify(document), document._id]);
  for (const { index, rows: old } of before) {
    const { rows, irregular } = rowsOf(index, document);
    if (irregular !== 0) setIrregular(db, index, irregular);
    const had = new Set(old.map(nameOf));
    const has = new Set(rows.map(nameOf));
    deleteRows(
      db,
      index,
      document._id,
      old.filter((row) => !has.has(nameOf(row))),
    );
    insertRows(db, table.name, index, {
      id: document._id,
      rows: rows.filter((row) => !had.has(nameOf(row))),
    });
  }
  return true;
}
