import type { Document, Filter, Scalar } from '../port.js';
import type { DocumentCache } from './cache.js';
import type { Connection } from './connection.js';
import type { Key } from './keys.js';
import { compile } from './match.js';
import { makePlan, rowOrder, type Branch } from './plan.js';
import { documentsOf } from './read.js';
import type { Table } from './tables.js';
import { drain, type Query } from './search.js';
import { isPlainObject } from './values.js';

/**
 * Queries whose SQL is worked out once for all of their shape: the same paths, operators, types of values and order.
 * Working out how to search costs more than the search itself, and a server asks the same few hundred questions.
 */
export interface Shape {
  text: string;
  /** What differs from query to query, in the order of the filter. */
  values: readonly (string | number)[];
}

/** SQL with parameters that are either fixed or taken from the query. Null: this shape has to be searched in steps. */
export type Prepared = {
  /** Reads documents. */
  sql: string;
  /** Reads their ids only. */
  idSql: string;
  params: readonly (Key | Slot)[];
  /** Finds one document at most, by a unique key; the rest of the filter is asked of it. */
  pinned: boolean;
} | null;

class Slot {
  constructor(readonly at: number) {}
}

/** A page that is read at once; more than this is read in steps, so that nobody else waits. */
const maxRows = 128;
const maxList = 16;
const maxShapes = 1000;
const operators = new Set(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin']);

type Slots = (string | number)[];

function shapeOfValue(value: unknown, slots: Slots): string | null {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') slots.push(value);
  else if (typeof value === 'number' && Number.isFinite(value)) slots.push(value);
  else return null;
  return typeof value;
}

function shapeOfCondition(condition: object, slots: Slots): string | null {
  let text = '';
  for (const [operator, value] of Object.entries(condition)) {
    if (!operators.has(operator)) return null;
    const list = Array.isArray(value);
    if (list !== (operator === '$in' || operator === '$nin')) return null;
    if (list && (value.length === 0 || value.length > maxList || !value.every((v) => typeof v === 'string')))
      return null;
    if (list) slots.push(...(value as string[]));
    const kind = list ? String(value.length) : shapeOfValue(value, slots);
    if (kind === null) return null;
    text += `\0${operator}\0${kind}`;
  }
  return text === '' ? null : text;
}

/**
 * The shape of a filter without `$or` and `$and`; null for what has none, or may not be a filter at all. Texts at
 * `literals` are part of the shape.
 */
export function shapeOf(filter: Filter, literals: ReadonlySet<string>): Shape | null {
  if (!isPlainObject(filter)) return null;
  const slots: Slots = [];
  let text = '';
  for (const [path, value] of Object.entries(filter)) {
    if (path.startsWith('$')) return null;
    if (literals.has(path) && typeof value !== 'boolean') {
      if (typeof value !== 'string') return null;
      text += `\n${path}\0${value}`;
      continue;
    }
    const kind = isPlainObject(value) ? shapeOfCondition(value, slots) : shapeOfValue(value, slots);
    if (kind === null) return null;
    text += `\n${path}\0=${kind}`;
  }
  return { text, values: slots };
}

/** A query that can be prepared, with its shape. */
export interface Asked {
  query: Query;
  shape: Shape;
}

/** The documents of a query of this shape; null when it must be searched in steps. */
export function findPrepared<T extends Document>(db: Connection, table: Table, asked: Asked): T[] | null {
  const prepared = prepare(table, asked);
  const texts = prepared && firstColumn(db, prepared.sql, { prepared, asked });
  return (
    texts &&
    matching(
      prepared,
      asked,
      texts.map((text) => JSON.parse(text) as T),
    )
  );
}

/** As `findPrepared`, of a hot collection: only ids are read, and documents that are not at hand. */
export function findPreparedKept<T extends Document>(
  db: Connection,
  { table, cache }: { table: Table; cache: DocumentCache },
  asked: Asked,
): T[] | null {
  const prepared = prepare(table, asked);
  if (!prepared) return null;
  const find = (): string[] | null => firstColumn(db, prepared.idSql, { prepared, asked });
  const ids = table.answers ? table.answers.of(prepared.idSql, asked, find) : find();
  return ids && matching(prepared, asked, drain(documentsOf(db, table, cache, ids)) as T[]);
}

const matching = <T>({ pinned }: NonNullable<Prepared>, { query }: Asked, found: T[]): T[] =>
  pinned ? found.filter(compile(query.filter)) : found;

/** Null when there are more rows than are read at once. */
function firstColumn(
  db: Connection,
  sql: string,
  { prepared, asked }: { prepared: NonNullable<Prepared>; asked: Asked },
): string[] | null {
  const { limit = 0 } = asked.query;
  const params = bound(prepared, asked.shape);
  if (prepared.pinned || limit === 1) {
    const row = db.get(sql, [...params, 1]);
    return row ? [row[0] as string] : [];
  }
  const whole = limit > 0 && limit <= maxRows;
  const rows = db.all(sql, [...params, whole ? limit : maxRows + 1]);
  return !whole && rows.length > maxRows ? null : rows.map(([value]) => value as string);
}

const bound = ({ params }: NonNullable<Prepared>, { values }: Shape): Key[] =>
  params.map((p) => (p instanceof Slot ? (values[p.at] ?? '') : p));

function prepare(table: Table, { query, shape }: Asked): Prepared {
  const { sort, limit } = query;
  if (query.skip) return null;
  const order = sort ? Object.entries(sort).join() : '';
  // Columns that have met an array since are read in another way.
  const bits = table.indexes.reduce((sum, index) => sum + index.irregular, 0);
  const key = `${bits} ${limit ? 1 : 0} ${order}${shape.text}`;
  const known = table.prepared.get(key);
  if (known !== undefined) return known;
  if (table.prepared.size >= maxShapes) table.prepared.clear();
  const made = build(table, query, shape);
  table.prepared.set(key, made);
  return made;
}

/** Plans a query with marks in place of its values, and looks where the marks end up. */
function build(table: Table, { filter, sort, limit }: Query, { values }: Shape): Prepared {
  const marks = new Map<unknown, Slot>();
  const mark = (): ((value: unknown) => unknown) => {
    let at = 0;
    return (value) => {
      if (typeof value !== 'string' && typeof value !== 'number') return value;
      const sign = typeof value === 'string' ? `\u0001${at}` : 1e300 + at * 1e290;
      marks.set(sign, new Slot(at++));
      return sign;
    };
  };
  const marked = replaceValues(filter, table.literals, mark());
  if (marks.size !== values.length) return null;
  const plan = makePlan(table, { filter: marked, sort, limit: limit ? 1 : undefined });
  const [branch] = plan.branches;
  if (!branch || plan.branches.length > 1) return null;
  const pinned = branch.index.unique && branch.free.length === 0 && !branch.repeats;
  if (!pinned && (!branch.exact || branch.repeats || branch.natural === 0)) return null;
  const params = branch.terms.flatMap((term) => term.params.map((p) => marks.get(p) ?? p));
  const sql = { sql: toSql(table, branch, 'doc'), idSql: toSql(table, branch, 'id') };
  return { ...sql, params, pinned: pinned && !branch.exact };
}

function replaceValues(
  filter: Filter,
  literals: ReadonlySet<string>,
  replace: (value: unknown) => unknown,
): Filter {
  const condition = (value: object): object =>
    Object.fromEntries(
      Object.entries(value).map(([operator, operand]) => [
        operator,
        Array.isArray(operand) ? operand.map(replace) : replace(operand),
      ]),
    );
  return Object.fromEntries(
    Object.entries(filter).map(([path, value]) => {
      if (literals.has(path)) return [path, value];
      const compound = typeof value === 'object' && value !== null;
      return [path, compound ? condition(value) : (replace(value) as Scalar)];
    }),
  ) as Filter;
}

function toSql(table: Table, { index, terms, natural, free }: Branch, column: 'doc' | 'id'): string {
  const alone = column === 'id' || index === table.primary;
  const qualify = (sql: string): string => (alone ? sql : sql.replace(/\b(k\d+|id)\b/g, 'i.$1'));
  const from = alone
    ? `SELECT ${column} FROM ${index.table}`
    : `SELECT c.doc FROM ${index.table} AS i CROSS JOIN ${table.table} AS c ON c.id = i.id`;
  const where = terms.length > 0 ? ` WHERE ${terms.map(({ sql }) => qualify(sql)).join(' AND ')}` : '';
  const moving = new Set(free.map(({ sql }) => sql));
  const fixed = new Set(index.columns.filter(({ sql }) => !moving.has(sql)).map(({ sql }) => sql));
  const order = rowOrder(index)
    .filter(({ sql }) => !fixed.has(sql))
    .map(({ sql, direction }) => qualify(sql) + (direction * (natural || 1) > 0 ? '' : ' DESC'));
  return `${from}${where}${order.length > 0 ? ` ORDER BY ${order.join(', ')}` : ''} LIMIT ?`;
}
