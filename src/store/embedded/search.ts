import type { Document, Filter, Sort } from '../port.js';
import type { Connection } from './connection.js';
import { fetch, idsOf, maxChunk, whereOf, type Rows } from './ids.js';
import type { Key } from './keys.js';
import { compile, type Test } from './match.js';
import { makePlan, rowOrder, type Branch, type Plan } from './plan.js';
import type { Table } from './tables.js';
import { comparator } from './values.js';

export interface Query {
  filter: Filter;
  sort?: Sort | undefined;
  skip?: number | undefined;
  /** 0 or absent: no limit. */
  limit?: number | undefined;
}

/**
 * Work that can be interrupted: every `next()` takes a few milliseconds at most and holds no cursor open, so that
 * writes may come in between.
 */
export type Chunked<T> = Generator<undefined, T, undefined>;

/** Does it all at once. */
export function drain<T>(chunks: Chunked<T>): T {
  for (let next = chunks.next(); ; next = chunks.next()) if (next.done) return next.value;
}

const minChunk = 32;

interface Source {
  chunks: Generator<Rows, void, undefined>;
  ordered: boolean;
  exact: boolean;
  repeats: boolean;
  /** How many of the first it leaves out, of those that the query passes over. */
  passed: number;
}

/** Reads one branch in index order, a chunk at a time; each chunk starts behind the last row of the one before. */
function* walk(
  db: Connection,
  table: Table,
  branch: Branch,
  first: number,
): Generator<Rows, void, undefined> {
  const { index, natural } = branch;
  const fixed = new Set(
    index.columns.filter((column) => !branch.free.includes(column)).map(({ sql }) => sql),
  );
  const columns = rowOrder(index)
    .filter(({ sql }) => !fixed.has(sql))
    .map(({ sql, direction }) => ({ sql, up: direction * (natural || 1) > 0 }));
  const order = columns.map(({ sql, up }) => `${sql}${up ? '' : ' DESC'}`);
  const names = columns.map(({ sql }) => sql);
  const join =
    index === table.primary
      ? `SELECT id, doc FROM ${table.table}`
      : `SELECT i.id, c.doc${names.map((n) => `, i.${n}`).join('')} FROM ${index.table} AS i CROSS JOIN ${table.table} AS c ON c.id = i.id`;
  const qualify = (sql: string): string =>
    index === table.primary ? sql : sql.replace(/\b(k\d+|id)\b/g, 'i.$1');
  let after: Key[] | null = null;
  for (let size = first; ; size = Math.min(size * 2, maxChunk)) {
    const lead = columns[0];
    const superseded = lead?.up ? 'low' : 'high';
    const terms = branch.terms.filter((t) => !after || t.column !== lead?.sql || t.side !== superseded);
    const params = terms.flatMap(({ params: own }) => own);
    const conditions = terms.map(({ sql }) => ({ sql: qualify(sql) }));
    if (after) {
      const { sql, params: more } = behind(columns, after);
      conditions.push({ sql: qualify(sql) });
      params.push(...more);
    }
    const tail = order.length > 0 ? ` ORDER BY ${order.map(qualify).join(', ')}` : '';
    const rows = db.all(`${join}${whereOf(conditions)}${tail} LIMIT ?`, [...params, size]);
    if (rows.length > 0) yield rows as unknown as Rows;
    const last = rows.at(-1);
    if (rows.length < size || !last || columns.length === 0) return;
    after = (index === table.primary ? last.slice(0, 1) : last.slice(2)).map(fromColumn);
  }
}

/** Blobs come back as ArrayBuffer. */
function fromColumn(value: unknown): Key {
  return value instanceof Object ? Buffer.from(value as ArrayBuffer) : (value as Key);
}

function behind(
  columns: readonly { sql: string; up: boolean }[],
  after: readonly Key[],
): { sql: string; params: Key[] } {
  const lead = columns[0]?.up;
  if (columns.every(({ up }) => up === lead)) {
    const names = columns.map(({ sql }) => sql).join(', ');
    const marks = columns.map(() => '?').join(', ');
    return { sql: `(${names}) ${lead ? '>' : '<'} (${marks})`, params: [...after] };
  }
  const params: Key[] = [];
  const steps = columns.map(({ sql, up }, i) => {
    params.push(...after.slice(0, i + 1));
    const equal = columns.slice(0, i).map((column) => `${column.sql} = ?`);
    return `(${[...equal, `${sql} ${up ? '>' : '<'} ?`].join(' AND ')})`;
  });
  return { sql: `(${steps.join(' OR ')})`, params };
}

interface Page {
  skip: number;
  /** Null: no end. */
  end: number | null;
}

function open(db: Connection, table: Table, plan: Plan, { skip, end: wanted }: Page): Source {
  const [single] = plan.branches;
  const exact = plan.branches.every((branch) => branch.exact);
  const ordered = plan.branches.every((branch) => branch.orderBy !== null);
  // What is passed over is never read where the indexes alone say what it is.
  const passed = exact && ordered ? skip : 0;
  const walks = single && plan.branches.length === 1 && (single.natural !== 0 || !single.orderBy);
  if (walks && passed === 0) {
    const bounded = wanted !== null && single.natural !== 0;
    const first = bounded ? (exact && !single.repeats ? wanted : Math.max(wanted * 2, minChunk)) : maxChunk;
    const chunks = walk(db, table, single, Math.min(first, maxChunk));
    return { chunks, ordered: single.natural !== 0, exact, repeats: single.repeats, passed };
  }
  const limit = exact && ordered && wanted !== null ? wanted - passed : null;
  const ids = idsOf(db, plan.branches, { ordered, skip: passed, limit });
  const first = wanted !== null && ordered ? Math.min(Math.max(wanted, minChunk), maxChunk) : maxChunk;
  return { chunks: fetch(db, table, ids, first), ordered, exact, repeats: false, passed };
}

/** Finds documents; yields between chunks. */
export function* search<T extends Document>(db: Connection, table: Table, query: Query): Chunked<T[]> {
  const { filter, sort, limit } = query;
  const page: Page = { skip: query.skip ?? 0, end: limit ? (query.skip ?? 0) + limit : null };
  const source = open(db, table, makePlan(table, { filter, sort, limit: page.end ?? undefined }), page);
  const skip = page.skip - source.passed;
  const end = page.end === null ? null : page.end - source.passed;
  const test: Test | null = source.exact ? null : compile(filter);
  const compare = source.ordered || !sort ? null : comparator(sort);
  const seen = source.repeats ? new Set<string>() : null;
  let found: T[] = [];
  for (const rows of source.chunks) {
    for (const [id, text] of rows) {
      if (seen?.has(id)) continue;
      seen?.add(id);
      const document = JSON.parse(text) as T;
      if (test && !test(document)) continue;
      found.push(document);
      if (!compare && end !== null && found.length >= end) return found.slice(skip);
    }
    // Keep no more than can still be asked for.
    if (compare && end !== null && found.length > 2 * end + 1000) found = found.sort(compare).slice(0, end);
    yield;
  }
  if (compare) found.sort(compare);
  return skip > 0 || end !== null ? found.slice(skip, end ?? undefined) : found;
}

/** Ids of all matches, for updates and deletes of many. */
export function* searchIds(db: Connection, table: Table, filter: Filter): Chunked<string[]> {
  const plan = makePlan(table, { filter });
  if (plan.branches.every((branch) => branch.exact))
    return idsOf(db, plan.branches, { ordered: false, limit: null });
  const found = yield* search(db, table, { filter });
  return found.map(({ _id }) => _id);
}

/** Counts matches, from the index alone where it says everything. */
export function* count(db: Connection, table: Table, filter: Filter, limit: number): Chunked<number> {
  const plan = makePlan(table, { filter });
  const [branch] = plan.branches;
  if (!branch || !plan.branches.every(({ exact }) => exact)) {
    return (yield* search(db, table, { filter, limit })).length;
  }
  if (plan.branches.length > 1) {
    return idsOf(db, plan.branches, { ordered: false, limit: limit || null }).length;
  }
  const params = branch.terms.flatMap((term) => term.params);
  const from = `FROM ${branch.index.table}${whereOf(branch.terms)}`;
  const distinct = branch.repeats ? 'DISTINCT id' : '1';
  if (limit === 0 && !branch.repeats) return Number(db.get(`SELECT count(*) ${from}`, params)?.[0]);
  const sql = `SELECT count(*) FROM (SELECT ${distinct} ${from}${limit ? ' LIMIT ?' : ''})`;
  return Number(db.get(sql, limit ? [...params, limit] : params)?.[0]);
}
