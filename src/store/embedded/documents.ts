import { DuplicateKeyError } from '../errors.js';
import type { Document, Update } from '../port.js';
import { applyUpdate } from './apply-update.js';
import { isConstraint, type Connection } from './connection.js';
import { identity, rowsOf, type Index, type Key } from './keys.js';
import { insertRows, setIrregular } from './schema.js';
import type { Table } from './tables.js';

/**
 * Writes one document and its index rows, inside the transaction of the caller. Throws DuplicateKeyError and leaves
 * nothing behind then.
 */
export function insertDocument(db: Connection, table: Table, document: Document): void {
  const { _id: id } = document;
  table.notices.rowsMove();
  const prepared = table.indexes.map((index) => ({ index, ...rowsOf(index, document) }));
  try {
    db.run(table.sql.insert, [id, JSON.stringify(document)]);
  } catch (error) {
    if (isConstraint(error)) throw new DuplicateKeyError(table.name, { _id: 1 });
    throw error;
  }
  const written: { index: Index; row: Key[] }[] = [];
  try {
    for (const { index, rows, irregular } of prepared) {
      if (irregular !== 0) setIrregular(db, table, index, irregular);
      for (const row of rows) {
        table.notices.row(index, row[0]);
        insertRows(db, table.name, index, { id, rows: [row] });
        written.push({ index, row });
      }
    }
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    for (const { index, row } of written) deleteRows(db, index, id, [row]);
    db.run(table.sql.remove, [id]);
    throw error;
  }
}

const deleteRows = (db: Connection, index: Index, id: string, rows: readonly Key[][]): void => {
  for (const row of rows) db.run(index.sql.remove, [...row, id]);
};

export function deleteDocument(db: Connection, table: Table, document: Document): void {
  table.notices.changes(document._id);
  table.notices.rowsMove();
  db.run(table.sql.remove, [document._id]);
  for (const index of table.indexes) {
    const { rows } = rowsOf(index, document);
    for (const [first] of rows) table.notices.row(index, first);
    deleteRows(db, index, document._id, rows);
  }
}

const touches = (index: Index, paths: readonly string[]): boolean =>
  index.stored.some(({ path }) =>
    paths.some(
      (changed) => changed === path || path.startsWith(`${changed}.`) || changed.startsWith(`${path}.`),
    ),
  );

const nameOf = (row: readonly Key[]): string => JSON.stringify(row.map(identity));

export interface Edit {
  update: Update;
  /** Called before anything is written that could fail half-way: from there on the caller can undo. */
  protect: () => void;
}

/**
 * Applies a checked update to `document` in place and stores it. Returns false when it changed nothing.
 * Throws InvalidWrite before anything is written, and DuplicateKeyError after `protect` was called.
 */
export function updateDocument(
  db: Connection,
  table: Table,
  document: Document,
  { update, protect }: Edit,
): boolean {
  const { $setOnInsert: _, ...rest } = update;
  const paths = Object.values(rest).flatMap((fields) => Object.keys(fields as object));
  const before = table.indexes
    .filter((index) => touches(index, paths))
    .map((index) => ({ index, rows: rowsOf(index, document).rows }));
  if (applyUpdate(document, rest).length === 0) return false;
  const after = before.map(({ index, rows: old }) => ({ index, old, ...rowsOf(index, document) }));
  if (after.length > 0) table.notices.rowsMove();
  // Before what may be undone: it may say too much, never too little.
  for (const { index, irregular } of after) if (irregular !== 0) setIrregular(db, table, index, irregular);
  if (after.some(({ index }) => index.unique)) protect();
  const wanted = table.notices.changes(document._id);
  const text = JSON.stringify(document);
  db.run(table.sql.update, [text, document._id]);
  for (const { index, old, rows } of after) {
    const had = new Set(old.map(nameOf));
    const has = new Set(rows.map(nameOf));
    deleteRows(
      db,
      index,
      document._id,
      old.filter((row) => !has.has(nameOf(row))),
    );
    const added = rows.filter((row) => !had.has(nameOf(row)));
    for (const [first] of added) table.notices.row(index, first);
    insertRows(db, table.name, index, { id: document._id, rows: added });
  }
  if (wanted) table.notices.changed(document._id, text);
  return true;
}
