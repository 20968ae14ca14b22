import type { Filter, Sort } from '../port.js';
import { bind, type Bound, type Term } from './bind.js';
import type { Column, Index } from './keys.js';
import { conjunction, type Predicate } from './match.js';
import type { Table } from './tables.js';

/** A search of one index: rows where `where` holds, in the order of `order`. */
export interface Branch {
  index: Index;
  /** Conditions on the index's columns, all of which hold. */
  terms: readonly Term[];
  /** Leading columns that are bound by equality, a list or a range. 0 means that every row is read. */
  depth: number;
  /** All columns of a unique index are bound by equality or a list: each combination is one document at most. */
  pinned: boolean;
  /** The conditions say all that the filter says. */
  exact: boolean;
  /** A document can show up more than once. */
  repeats: boolean;
  /** Reading the index forwards (1) or backwards (-1) gives the sort asked for; 0 when it does not. */
  natural: 1 | -1 | 0;
  /** The sort in SQL, when all its fields are regular columns of this index. */
  orderBy: readonly OrderTerm[] | null;
  /** Columns that are not fixed by equality, in index order. */
  free: readonly Column[];
  score: number;
}

export interface OrderTerm {
  sql: string;
  direction: 1 | -1;
}

export interface Plan {
  branches: readonly Branch[];
  kind: 'index' | 'scan';
}

export interface Wanted {
  filter: Filter;
  sort?: Sort | undefined;
  limit?: number | undefined;
}

const maxBranches = 64;
const idColumn: Column = { path: '_id', parts: ['_id'], sql: 'id', direction: 1 };

/** Chooses how to find what is wanted: one index, or several whose results are joined (for `$or` and `$in`). */
export function makePlan(table: Table, wanted: Wanted): Plan {
  const { predicates, ors } = conjunction(wanted.filter);
  const sort = Object.entries(wanted.sort ?? {});
  const whole = best(table, predicates, sort);
  if (ors.length > 0) whole.exact = false;
  if (ors.length === 1 && whole.score < 5000) {
    const union = unite(table, { predicates, or: ors[0] ?? [], sort, than: whole });
    if (union) return union;
  }
  const spread = wanted.limit !== undefined && sort.length > 0 ? spreadLists(whole, predicates, sort) : null;
  if (spread) return { branches: spread, kind: 'index' };
  const reads =
    whole.depth > 0 ||
    (predicates.length === 0 && ors.length === 0 && sort.length > 0 && whole.natural !== 0);
  return { branches: [whole], kind: reads ? 'index' : 'scan' };
}

type SortFields = readonly (readonly [string, 1 | -1])[];
type Candidate = { -readonly [K in keyof Branch]: Branch[K] };

function best(table: Table, predicates: readonly Predicate[], sort: SortFields): Candidate {
  let chosen = candidate(table.primary, predicates, sort);
  for (const index of table.indexes) {
    if (index.sparse && !impliesPresence(index, predicates)) continue;
    if (index.only && !impliesOneOf(index.only, predicates)) continue;
    const other = candidate(index, predicates, sort);
    if (other.score > chosen.score) chosen = other;
  }
  return chosen;
}

/** A sparse index lacks the documents in which a field is missing or null: it serves only filters that exclude them. */
function impliesPresence(index: Index, predicates: readonly Predicate[]): boolean {
  return index.columns.every((column, position) => {
    if (column.path === '_id') return true;
    return predicates.some(({ path, op, value }) => {
      if (path !== column.path) return false;
      if (op === 'eq') return value !== null;
      if (op === 'in') return !(value as readonly unknown[]).includes(null);
      if (op === 'ne') return value === null && (index.irregular & (1 << position)) === 0;
      return op === 'gt' || op === 'gte' || op === 'lt' || op === 'lte';
    });
  });
}

/** An index of some values serves only filters that ask for some of these. */
function impliesOneOf(
  { field, values }: NonNullable<Index['only']>,
  predicates: readonly Predicate[],
): boolean {
  const has = (value: unknown): boolean => values.includes(value as string);
  return predicates.some(({ path, op, value }) => {
    if (path !== field) return false;
    return op === 'eq' ? has(value) : op === 'in' && (value as readonly unknown[]).every(has);
  });
}

function candidate(index: Index, predicates: readonly Predicate[], sort: SortFields): Candidate {
  const terms: Term[] = [];
  const said = new Set<Predicate>();
  const fixed = new Set<string>();
  const free: Column[] = [];
  let depth = 0;
  let open = true;
  let score = 0;
  let repeats = false;
  let lists = 0;
  index.columns.forEach((column, position) => {
    const regular = (index.irregular & (1 << position)) === 0;
    const bound = bind(column, predicates, regular);
    terms.push(...bound.terms);
    for (const predicate of bound.said) said.add(predicate);
    if (bound.kind === 'equal') fixed.add(column.sql);
    else {
      free.push(column);
      repeats ||= !regular;
    }
    if (open && bound.kind !== 'none') {
      depth += 1;
      score += weights[bound.kind];
      if (bound.kind === 'list') lists += 1;
    }
    open &&= bound.kind === 'equal' || bound.kind === 'list';
  });
  const pinned = index.unique && depth === index.columns.length && open;
  if (pinned) score += lists > 0 ? 5000 : 10_000;
  const natural = naturalOrder(index, sort, fixed);
  const orderBy = orderTerms(index, sort);
  const exact = predicates.every((predicate) => said.has(predicate));
  if (sort.length > 0 && natural !== 0) score += depth > 0 ? 70 : 1;
  if (depth > 0) score += (exact ? 15 : 0) + (orderBy && sort.length > 0 ? 5 : 0);
  return { index, terms, depth, pinned, exact, repeats, natural, orderBy, free, score };
}

const weights: Record<Exclude<Bound['kind'], 'none'>, number> = { equal: 100, list: 60, range: 40 };

const isRegular = (index: Index, position: number): boolean => (index.irregular & (1 << position)) === 0;

/** The columns in the order of the index's rows; `_id` breaks ties. */
export function rowOrder(index: Index): readonly Column[] {
  return index.unique || index.columns.at(-1)?.sql === 'id' ? index.columns : [...index.columns, idColumn];
}

function naturalOrder(index: Index, sort: SortFields, fixed: ReadonlySet<string>): 1 | -1 | 0 {
  const columns = rowOrder(index);
  let direction: 1 | -1 | 0 = 0;
  let at = 0;
  for (const [path, wanted] of sort) {
    const known = index.columns.findIndex((column) => column.path === path);
    const fixedField = known >= 0 && fixed.has(index.columns[known]?.sql ?? '') && isRegular(index, known);
    if (fixedField) continue;
    while (fixed.has(columns[at]?.sql ?? '')) at += 1;
    const column = columns[at];
    // Past the last column every row is told apart already: further sort fields change nothing.
    if (!column) break;
    if (column.path !== path || (at < index.columns.length && !isRegular(index, at))) return 0;
    const reading = column.direction === wanted ? 1 : -1;
    if (direction !== 0 && direction !== reading) return 0;
    direction = reading;
    at += 1;
  }
  return direction === 0 ? 1 : direction;
}

function orderTerms(index: Index, sort: SortFields): OrderTerm[] | null {
  const terms: OrderTerm[] = [];
  for (const [path, direction] of sort) {
    const position = index.columns.findIndex((column) => column.path === path);
    if (path === '_id') terms.push({ sql: 'id', direction });
    else if (position < 0 || !isRegular(index, position)) return null;
    else terms.push({ sql: (index.columns[position] as Column).sql, direction });
  }
  return terms;
}

/** `$or`: each alternative, with the rest of the filter, by an index of its own. */
function unite(
  table: Table,
  {
    predicates,
    or,
    sort,
    than,
  }: { predicates: readonly Predicate[]; or: readonly Filter[]; sort: SortFields; than: Branch },
): Plan | null {
  if (or.length > maxBranches) return null;
  const branches: Branch[] = [];
  for (const alternative of or) {
    const part = conjunction(alternative);
    const branch = best(table, [...predicates, ...part.predicates], sort);
    if (part.ors.length > 0) branch.exact = false;
    // An alternative without an index of its own means reading everything; the whole filter may still have one.
    if (branch.depth === 0) return null;
    branches.push(branch);
  }
  const allExact = branches.every((branch) => branch.exact);
  const better = allExact || branches.every((branch) => branch.score > than.score) || than.depth === 0;
  return better ? { branches, kind: 'index' } : null;
}

/**
 * A short `$in` before the sort: one branch per value, each of which gives the sort by itself, so that a page needs only
 * a page of each.
 */
function spreadLists(
  whole: Branch,
  predicates: readonly Predicate[],
  sort: SortFields,
): readonly Branch[] | null {
  if (whole.natural !== 0 || !whole.exact || whole.repeats || whole.depth === 0) return null;
  const list = predicates.find(
    ({ path, op }) => op === 'in' && whole.index.columns.some((c) => c.path === path),
  );
  if (!list) return null;
  const values = [...new Set(list.value as readonly (string | number)[])];
  if (values.length === 0 || values.length > maxBranches) return null;
  const others = predicates.filter((predicate) => predicate !== list);
  const branches = values.map((value) =>
    candidate(whole.index, [...others, { path: list.path, op: 'eq', value }], sort),
  );
  return branches.every((b) => b.natural !== 0 && b.exact && b.orderBy) ? branches : null;
}
