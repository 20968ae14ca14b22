import { parseQuery, toTerms } from '../text-terms.js';
import type { TextIndex } from '../port.js';
import type { Connection } from './connection.js';
import type { Engine } from './reading.js';
import { step, tidyStep, type Steps } from './writer.js';

const toInteger = (id: string): string => {
  // The row number is the id itself, so that "newest first" is the order of the index.
  if (!/^\d{1,18}$/.test(id)) throw new TypeError('ids of a text index are decimal, of at most 18 digits');
  return id;
};

const tableOf = (name: string): string => `"x_${name}"`;
const exists = (db: Connection, name: string): boolean =>
  db.get('SELECT 1 FROM sqlite_master WHERE name = ?', [`x_${name}`]) !== undefined;

/** Replaces the words of one row. The first creates the table. `known`: those that are there for sure. */
export function putText(
  db: Connection,
  known: Set<string>,
  { collection: name, row, terms }: { collection: string; row: string; terms: string },
): Steps<void> {
  const create =
    `CREATE VIRTUAL TABLE IF NOT EXISTS ${tableOf(name)} USING ` +
    `fts5(text, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2")`;
  // Asked between transactions: one that creates it may still be rolled back.
  const there = known.has(name) || exists(db, name);
  if (there) known.add(name);
  // A savepoint costs as much as a row, and only creating the table can fail half-way.
  const careful = there ? tidyStep : step;
  return careful(() => {
    if (!there) db.exec(create);
    db.run(`INSERT OR REPLACE INTO ${tableOf(name)} (rowid, text) VALUES (CAST(? AS INTEGER), ?)`, [
      row,
      terms,
    ]);
  });
}

export function removeText(
  db: Connection,
  { collection: name, row }: { collection: string; row: string },
): Steps<void> {
  return step(() => {
    if (exists(db, name)) db.run(`DELETE FROM ${tableOf(name)} WHERE rowid = CAST(? AS INTEGER)`, [row]);
  });
}

/** Full text search over SQLite's FTS5. Keeps no copy of the text, only its words. */
export function createTextIndex({ db, scribe, lookUp }: Engine, name: string): TextIndex {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name))
    throw new Error(`'${name}' cannot be the name of a text index`);
  const collection = name;
  const table = tableOf(name);
  return {
    put: async (id, text) =>
      scribe.write({ collection, kind: 'putText', row: toInteger(id), terms: toTerms(text).join(' ') }),
    remove: async (id) => scribe.write({ collection, kind: 'removeText', row: toInteger(id) }),
    search: async (query, { limit, before }) => {
      const phrases = parseQuery(query);
      if (phrases.length === 0) return [];
      // Every phrase is quoted, so that nothing a person types is taken for FTS5 syntax.
      const match = phrases.map((words) => `"${words.join(' ').replaceAll('"', '""')}"`).join(' AND ');
      const older = before === undefined ? '' : ' AND rowid < CAST(? AS INTEGER)';
      const params = [match, ...(before === undefined ? [] : [toInteger(before)]), limit];
      return lookUp(() => {
        if (!exists(db, name)) return [];
        const sql = `SELECT CAST(rowid AS TEXT) FROM ${table} WHERE ${table} MATCH ?${older} ORDER BY rowid DESC LIMIT ?`;
        return db.all(sql, params).map(([id]) => id as string);
      });
    },
  };
}
