import { parseQuery, toTerms } from '../text-terms.js';
import type { TextIndex } from '../port.js';
import type { Engine } from './reading.js';
import { step, tidyStep } from './writer.js';

const toInteger = (id: string): string => {
  // The row number is the id itself, so that "newest first" is the order of the index.
  if (!/^\d{1,18}$/.test(id)) throw new TypeError('ids of a text index are decimal, of at most 18 digits');
  return id;
};

/** Full text search over SQLite's FTS5. Keeps no copy of the text, only its words. */
export function createTextIndex({ db, writer, lookUp }: Engine, name: string): TextIndex {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name))
    throw new Error(`'${name}' cannot be the name of a text index`);
  const table = `"x_${name}"`;
  const exists = (): boolean =>
    db.get('SELECT 1 FROM sqlite_master WHERE name = ?', [`x_${name}`]) !== undefined;
  const create =
    `CREATE VIRTUAL TABLE IF NOT EXISTS ${table} USING ` +
    `fts5(text, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2")`;
  // Known only once it is committed: a transaction that creates it may still be rolled back.
  let known = false;
  return {
    put: async (id, text) => {
      const row = toInteger(id);
      known ||= exists();
      const terms = toTerms(text).join(' ');
      // A savepoint costs as much as a row, and only creating the table can fail half-way.
      const careful = known ? tidyStep : step;
      await writer.write(
        careful(() => {
          if (!known && !exists()) db.exec(create);
          db.run(`INSERT OR REPLACE INTO ${table} (rowid, text) VALUES (CAST(? AS INTEGER), ?)`, [
            row,
            terms,
          ]);
        }),
      );
    },
    remove: async (id) => {
      const row = toInteger(id);
      await writer.write(
        step(() => {
          if (exists()) db.run(`DELETE FROM ${table} WHERE rowid = CAST(? AS INTEGER)`, [row]);
        }),
      );
    },
    search: async (query, { limit, before }) => {
      const phrases = parseQuery(query);
      if (phrases.length === 0) return [];
      // Every phrase is quoted, so that nothing a person types is taken for FTS5 syntax.
      const match = phrases.map((words) => `"${words.join(' ').replaceAll('"', '""')}"`).join(' AND ');
      const older = before === undefined ? '' : ' AND rowid < CAST(? AS INTEGER)';
      const params = [match, ...(before === undefined ? [] : [toInteger(before)]), limit];
      return lookUp(() => {
        if (!exists()) return [];
        const sql = `SELECT CAST(rowid AS TEXT) FROM ${table} WHERE ${table} MATCH ?${older} ORDER BY rowid DESC LIMIT ?`;
        return db.all(sql, params).map(([id]) => id as string);
      });
    },
  };
}
