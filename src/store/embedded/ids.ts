import type { Connection } from './connection.js';
import type { Key } from './keys.js';
import type { Branch } from './plan.js';
import type { Table } from './tables.js';

/** Documents in two steps: the ids from the indexes, then what is called so. */

export type Rows = readonly (readonly [id: string, doc: string])[];

export const maxChunk = 64;

export function whereOf(terms: readonly { sql: string }[]): string {
  return terms.length > 0 ? ` WHERE ${terms.map(({ sql }) => sql).join(' AND ')}` : '';
}

interface Slice {
  ordered: boolean;
  /** How many of the first are passed over, inside SQLite. Default: none. */
  skip?: number;
  /** How many after those; null: all. */
  limit: number | null;
}

/** The ids of all branches in SQL, ordered there when `ordered`. */
export function idsOf(
  db: Connection,
  branches: readonly Branch[],
  { ordered, skip = 0, limit }: Slice,
): string[] {
  const params: Key[] = [];
  const direction = (up: number): string => (up === 1 ? '' : ' DESC');
  const sorted = ordered && (branches[0]?.orderBy?.length ?? 0) > 0;
  const selects = branches.map(({ index, terms, orderBy, repeats }) => {
    const keys = sorted ? (orderBy ?? []) : [];
    const names = keys.map(({ sql }, i) => `, ${sql} AS s${i}`).join('');
    params.push(...terms.flatMap(({ params: own }) => own));
    // Of several branches, the first of each may all be among the first of them together.
    const several = branches.length > 1 && limit !== null;
    if (several) params.push(skip + limit);
    const order =
      keys.length > 0 ? ` ORDER BY ${keys.map((key) => key.sql + direction(key.direction)).join(', ')}` : '';
    return `SELECT${repeats ? ' DISTINCT' : ''} id${names} FROM ${index.table}${whereOf(terms)}${order}${several ? ' LIMIT ?' : ''}`;
  });
  const cut = skip > 0 || limit !== null;
  if (cut) params.push(limit ?? -1, skip);
  const tail = cut ? ' LIMIT ? OFFSET ?' : '';
  if (selects.length === 1) return db.all(`${selects[0] ?? ''}${tail}`, params).map(([id]) => id as string);
  const outer = sorted
    ? (branches[0]?.orderBy ?? []).map((key, i) => `s${i}${direction(key.direction)}`)
    : [];
  const order = outer.length > 0 ? ` ORDER BY ${outer.join(', ')}` : '';
  const union = selects.map((select) => `SELECT * FROM (${select})`).join(' UNION ');
  return db.all(`${union}${order}${tail}`, params).map(([id]) => id as string);
}

function documentsById(db: Connection, { table, sql }: Table, ids: readonly string[]): [string, string][] {
  if (ids.length > 1) {
    const list = `SELECT id, doc FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`;
    return db.all(list, [JSON.stringify(ids)]) as [string, string][];
  }
  const [id = ''] = ids;
  const text = db.get(sql.byId, [id])?.[0];
  return typeof text === 'string' ? [[id, text]] : [];
}

/** Documents of ids, in their order, a chunk at a time; those that are gone meanwhile are left out. */
export function* fetch(
  db: Connection,
  table: Table,
  ids: readonly string[],
  first: number,
): Generator<Rows, void, undefined> {
  for (let at = 0, size = first; at < ids.length; at += size, size = Math.min(size * 2, maxChunk)) {
    const part = ids.slice(at, at + size);
    const found = new Map(documentsById(db, table, part));
    yield part.flatMap((id) => {
      const doc = found.get(id);
      return doc === undefined ? [] : [[id, doc] as const];
    });
  }
}
