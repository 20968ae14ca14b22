import type { IndexSpec } from '../port.js';
import { InvalidWrite } from '../errors.js';
import { isPlainObject, valuesAt } from './values.js';

/** A key column as SQLite keeps it. Booleans are blobs, because the driver has none and they must differ from 1. */
export type Key = number | string | Buffer;

/** Null and missing: below every finite number, and never SQL NULL, so that rows compare and unique keys collide. */
export const nullKey = -Infinity;
const falseKey = Buffer.from([0x80, 0]);
const trueKey = Buffer.from([0x80, 1]);
/** The least text and the least blob: type brackets of range conditions. */
export const leastText = '';
export const leastBlob = Buffer.alloc(0);

/** More rows than this for one document in one index is refused. */
const maxRows = 2000;

export function toKey(value: unknown): Key {
  if (value === null || value === undefined) return nullKey;
  if (typeof value === 'number' || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? trueKey : falseKey;
  // Objects sort after strings and before booleans; filters cannot name them, but unique indexes can meet them.
  return Buffer.concat([
    Buffer.from([Array.isArray(value) ? 0x20 : 0x10]),
    Buffer.from(JSON.stringify(value)),
  ]);
}

export interface Column {
  path: string;
  parts: readonly string[];
  /** Name in SQL: `k0`, `k1`, …, or `id` for a trailing `_id`. */
  sql: string;
  direction: 1 | -1;
}

/** An index as the planner and the writer know it. The collection itself counts as the index on `_id`. */
export interface Index {
  table: string;
  columns: readonly Column[];
  /** The columns kept beside the id. */
  stored: readonly Column[];
  unique: boolean;
  sparse: boolean;
  /** See IndexSpec. */
  only: IndexSpec['only'] | null;
  /** What has no row under a first key is not in the collection (absence.ts). */
  provesAbsence: boolean;
  spec: IndexSpec;
  /** One row: key columns, then the id. */
  sql: { insert: string; remove: string };
  /** Bit n: some document had an array or an object at column n, so that its rows neither sort nor count exactly. */
  irregular: number;
}

export interface Rows {
  rows: Key[][];
  /** Bits as in `Index.irregular`. */
  irregular: number;
}

/** The rows (key columns, without the id) that `document` has in `index`. Throws InvalidWrite for parallel arrays. */
export function rowsOf(index: Index, document: unknown): Rows {
  if (index.only && !isAmong(index.only, document)) return noRows;
  return plainRow(index, document) ?? expandedRows(index, document);
}

const noRows: Rows = { rows: [], irregular: 0 };

/** An array counts by its elements, as in filters. */
function isAmong({ field, values }: NonNullable<Index['only']>, document: unknown): boolean {
  const value = (document as Record<string, unknown>)[field];
  const has = (one: unknown): boolean => values.includes(one as string);
  return Array.isArray(value) ? value.some(has) : has(value);
}

/** The one row of a document that has nothing but scalars on the index's paths, as nearly all have; null for others. */
function plainRow({ stored, sparse }: Index, document: unknown): Rows | null {
  const row: Key[] = [];
  let skipped = false;
  for (const { parts } of stored) {
    let value = document;
    for (const part of parts) {
      if (typeof value !== 'object' || value === null) value = undefined;
      else if (Array.isArray(value)) return null;
      else value = Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
    }
    if (typeof value === 'object' && value !== null) return null;
    skipped ||= sparse && (value === null || value === undefined);
    row.push(toKey(value));
  }
  return skipped ? noRows : { rows: [row], irregular: 0 };
}

function expandedRows(index: Index, document: unknown): Rows {
  let rows: Key[][] = [[]];
  let irregular = 0;
  const arrays: string[] = [];
  let skipped = false;
  for (const [position, column] of index.stored.entries()) {
    const found = valuesAt(document, column.parts);
    if (found.array) arrays.push(column.parts[0] ?? '');
    if (found.array || found.values.some(isPlainObject)) irregular |= 1 << position;
    if (index.sparse && !found.values.some((value) => value !== null && value !== undefined)) skipped = true;
    const keys = distinct(found.values.map(toKey));
    if (keys.length === 0) keys.push(nullKey);
    rows =
      keys.length === 1
        ? rows.map((row) => [...row, ...keys])
        : rows.flatMap((row) => keys.map((k) => [...row, k]));
    if (rows.length > maxRows) throw new InvalidWrite(2, 'an indexed array is too long');
  }
  // MongoDB refuses them too (CannotIndexParallelArrays).
  if (new Set(arrays).size > 1)
    throw new InvalidWrite(171, `cannot index parallel arrays ${arrays.join(', ')}`);
  return { rows: skipped ? [] : rows, irregular };
}

function distinct(keys: Key[]): Key[] {
  if (keys.length < 2) return keys;
  return [...new Map(keys.map((key) => [identity(key), key])).values()];
}

/** A text that two keys share only when they are equal. */
export function identity(key: Key): string {
  if (typeof key === 'string') return `s${key}`;
  return typeof key === 'number' ? `n${key === 0 ? 0 : key}` : `b${key.toString('latin1')}`;
}
