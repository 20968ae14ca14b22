import { createHash } from 'node:crypto';
import type { CollectionSpec, IndexSpec } from '../port.js';
import { createAbsence, type Absence } from './absence.js';
import type { Answers } from './answers.js';
import type { DocumentCache } from './cache.js';
import type { Column, Index } from './keys.js';
import { toNotices, type Notices } from './notices.js';
import type { Prepared } from './prepared.js';

/** A collection as planner and writer know it. */
export interface Table {
  name: string;
  /** Quoted name in SQL. */
  table: string;
  /** The collection itself, as the index on `_id`. */
  primary: Index;
  indexes: readonly Index[];
  /** Name in SQL of the unique index on this one field, by its path. */
  uniques: ReadonlyMap<string, string>;
  sql: { insert: string; update: string; remove: string; byId: string };
  /** Null: its documents are read from the file each time. */
  cache: DocumentCache | null;
  absence: Absence;
  answers: Answers | null;
  /** What writes tell those three. */
  notices: Notices;
  /** See prepared.ts: by the shape of the query. */
  prepared: Map<string, Prepared>;
  /** Fields whose very value decides which index serves. */
  literals: ReadonlySet<string>;
  /** Shapes of filters that were checked and found good. */
  checked: Set<string>;
}

/** What is remembered between reads, and how it learns of writes. */
export type Memory = Pick<Table, 'cache' | 'absence' | 'answers' | 'notices'>;

/** Remembers nothing. */
export function noMemory(): Memory {
  const memory = { cache: null, absence: createAbsence(), answers: null };
  return { ...memory, notices: toNotices(memory) };
}

/** Raised when the meaning of stored keys changes: every index is then built anew. */
const keyVersion = 1;

function toIndex(collection: string, spec: IndexSpec): Index {
  const entries = Object.entries(spec.keys);
  const all: Column[] = entries.map(([path, direction], i) => ({
    path,
    parts: path.split('.'),
    direction,
    sql: path === '_id' && i === entries.length - 1 && !spec.unique ? 'id' : `k${i}`,
  }));
  if (spec.only && (spec.unique || !(spec.only.field in spec.keys)))
    throw new Error(`an index of '${collection}' cannot be for some values of '${spec.only.field}' only`);
  const parts = [entries, spec.unique ?? false, spec.sparse ?? false, keyVersion];
  const text = JSON.stringify(spec.only ? [...parts, spec.only] : parts);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  const name = `"ix_${collection}_${hash}"`;
  const stored = all.filter((column) => column.sql !== 'id');
  // Sparse indexes and those of some values lack documents, and an index on `_id` is the collection itself.
  const whole = !spec.sparse && !spec.only && all[0]?.sql === 'k0';
  return {
    table: name,
    columns: all,
    stored,
    sql: rowSql(name, stored),
    unique: spec.unique ?? false,
    sparse: spec.sparse ?? false,
    only: spec.only ?? null,
    provesAbsence: whole && all.length > 1,
    spec,
    irregular: 0,
  };
}

/** What a declaration means in tables. Throws when a name cannot be one in SQL. */
export function toTable(name: string, spec: CollectionSpec, memory: Memory = noMemory()): Table {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,60}$/.test(name))
    throw new Error(`'${name}' cannot be the name of a collection`);
  const table = `"c_${name}"`;
  const id: Column = { path: '_id', parts: ['_id'], sql: 'id', direction: 1 };
  const keys: IndexSpec = { keys: { _id: 1 }, unique: true };
  const primary: Index = {
    table,
    columns: [id],
    stored: [],
    sql: rowSql(table, []),
    unique: true,
    sparse: false,
    only: null,
    provesAbsence: false,
    spec: keys,
    irregular: 0,
  };
  const sql = {
    insert: `INSERT INTO ${table} (id, doc) VALUES (?, ?)`,
    update: `UPDATE ${table} SET doc = ? WHERE id = ?`,
    remove: `DELETE FROM ${table} WHERE id = ?`,
    byId: `SELECT doc FROM ${table} WHERE id = ?`,
  };
  const indexes = spec.indexes.map((index) => toIndex(name, index));
  const uniques = new Map<string, string>();
  for (const { unique, columns, table: its } of indexes)
    if (unique && columns.length === 1 && columns[0]) uniques.set(columns[0].path, its);
  const literals = new Set(indexes.flatMap(({ only }) => only?.field ?? []));
  const shapes = { prepared: new Map(), checked: new Set<string>(), literals };
  return { name, table, primary, indexes, uniques, sql, ...shapes, ...memory };
}

function rowSql(table: string, stored: readonly Column[]): Index['sql'] {
  const names = [...stored.map(({ sql }) => sql), 'id'];
  return {
    insert: `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    remove: `DELETE FROM ${table} WHERE ${names.map((name) => `${name} = ?`).join(' AND ')}`,
  };
}
