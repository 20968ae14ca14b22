import Database from 'libsql';
import { identity, rowsOf, type Key } from '../../src/store/embedded/keys.js';
import { toTable } from '../../src/store/embedded/tables.js';
import type { Specs } from './engines.js';

const toKey = (value: unknown): Key =>
  typeof value === 'number' || typeof value === 'string' ? value : Buffer.from(value as ArrayBuffer);
const nameOf = (id: string, keys: readonly Key[]): string => [id, ...keys.map(identity)].join(' | ');

/** Compares each index of an embedded database file with what its documents demand; says what differs. */
export function findInconsistencies(file: string, specs: Specs): string[] {
  const db = new Database(file);
  const rows = (sql: string): unknown[][] => db.prepare(sql).raw().all() as unknown[][];
  const problems = rows('PRAGMA integrity_check')
    .flat()
    .filter((line) => line !== 'ok') as string[];
  for (const [name, spec] of Object.entries(specs)) {
    const { table, indexes } = toTable(name, spec);
    const docs = rows(`SELECT id, doc FROM ${table}`).map(([id, doc]) => ({
      id: id as string,
      doc: JSON.parse(doc as string) as unknown,
    }));
    for (const index of indexes) {
      const columns = index.stored.map(({ sql }) => `, ${sql}`).join('');
      const there = rows(`SELECT id${columns} FROM ${index.table}`).map(([id, ...keys]) =>
        nameOf(id as string, keys.map(toKey)),
      );
      const wanted = docs.flatMap(({ id, doc }) => rowsOf(index, doc).rows.map((keys) => nameOf(id, keys)));
      const [has, wants] = [new Set(there), new Set(wanted)];
      for (const row of wants) if (!has.has(row)) problems.push(`${index.table} lacks ${row}`);
      for (const row of has) if (!wants.has(row)) problems.push(`${index.table} has too much: ${row}`);
      if (there.length !== has.size) problems.push(`${index.table} has rows twice`);
    }
  }
  db.close();
  return problems;
}
