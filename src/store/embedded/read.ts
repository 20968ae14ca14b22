import type { Document, Filter } from '../port.js';
import type { DocumentCache } from './cache.js';
import type { Connection } from './connection.js';
import { fetch, idsOf, maxChunk } from './ids.js';
import { makePlan, type Plan } from './plan.js';
import { search, type Chunked, type Query } from './search.js';
import type { Table } from './tables.js';
import { comparator } from './values.js';

/** Larger answers are read from the file, past the cache, which they would only flush. */
const maxKept = 500;
/** Ids that are looked up in memory in one go. */
const maxAtHand = 128;

/**
 * As `search`, for readers outside of transactions: documents of hot collections come from memory where they were read
 * lately, and only their ids are looked for. Never use it to change what it returns.
 */
export function* read<T extends Document>(db: Connection, table: Table, query: Query): Chunked<T[]> {
  const { cache, absence, indexes } = table;
  const found = yield* cache ? readKept<T>(db, { table, cache }, query) : search<T>(db, table, query);
  if (found.length === 0) absence.learn(db, indexes, query.filter);
  return found;
}

function* readKept<T extends Document>(
  db: Connection,
  { table, cache }: { table: Table; cache: DocumentCache },
  query: Query,
): Chunked<T[]> {
  const { filter, sort, skip = 0 } = query;
  const end = query.limit ? skip + query.limit : null;
  const named = namedIds(filter);
  if (named && named.length <= maxKept) {
    const found = (yield* documentsOf(db, table, cache, named)) as T[];
    if (sort) found.sort(comparator(sort));
    return skip > 0 || end !== null ? found.slice(skip, end ?? undefined) : found;
  }
  const plan = makePlan(table, { filter, sort, limit: end ?? undefined });
  if (!isFew(plan, end, sort !== undefined)) return yield* search<T>(db, table, query);
  const ids = idsOf(db, plan.branches, { ordered: sort !== undefined, skip, limit: query.limit || null });
  if (ids.length > maxKept) return yield* search<T>(db, table, query);
  const found = (yield* documentsOf(db, table, cache, ids)) as T[];
  const unique = uniqueValue(table, filter);
  if (unique && found[0]) cache.name(unique.index, unique.value, found[0]._id);
  return found;
}

export interface UniqueValue {
  index: string;
  path: string;
  value: string;
}

/** What a filter asks for when it is one text at one field, which no two documents share. */
export function uniqueValue({ uniques }: Table, filter: Filter): UniqueValue | null {
  let found: UniqueValue | null = null;
  for (const path in filter) {
    const value = filter[path];
    const index: string | undefined = found || typeof value !== 'string' ? undefined : uniques.get(path);
    if (index === undefined) return null;
    found = { index, path, value: value as string };
  }
  return found;
}

/** The document that was found by this value before, as long as it is kept and still has it: then it is the only one. */
function byUniqueValue(table: Table, cache: DocumentCache, filter: Filter): Document | null {
  const unique = uniqueValue(table, filter);
  const id = unique && cache.named(unique.index, unique.value);
  const kept = id ? cache.get(id) : undefined;
  return kept && unique && (kept as unknown as Record<string, unknown>)[unique.path] === unique.value
    ? kept
    : null;
}

/** The whole answer where it is at hand: by a unique value, or by ids. Null: it has to be looked for. */
export function atHand(
  table: Table,
  cache: DocumentCache,
  { filter, sort, skip, limit }: Query,
): Document[] | null {
  if (skip) return null;
  const known = byUniqueValue(table, cache, filter);
  if (known) return [known];
  const named = sort ? null : namedIds(filter);
  if (!named || named.length > maxAtHand) return null;
  const found: Document[] = [];
  for (const id of limit ? named.slice(0, limit) : named) {
    const kept = cache.get(id);
    if (!kept) return null;
    found.push(kept);
  }
  return found;
}

/** The ids in a filter that asks for nothing else, as the index would give them: each once, ascending. */
export function namedIds(filter: Filter): string[] | null {
  const { _id: wanted, ...others } = filter;
  if (Object.keys(others).length > 0) return null;
  if (typeof wanted === 'string') return [wanted];
  if (typeof wanted !== 'object' || wanted === null || !('$in' in wanted)) return null;
  const { $in: list, ...more } = wanted;
  if (Object.keys(more).length > 0 || !list?.every((id) => typeof id === 'string')) return null;
  return [...new Set(list as readonly string[])].sort();
}

/** Whether the indexes alone say which documents these are, and there cannot be many. */
function isFew({ branches }: Plan, end: number | null, sorted: boolean): boolean {
  if (!branches.every((branch) => branch.exact && branch.depth > 0)) return false;
  if (sorted && !branches.every((branch) => branch.orderBy !== null)) return false;
  return end === null ? branches.every((branch) => branch.pinned) : end <= maxKept;
}

export function* documentsOf(
  db: Connection,
  table: Table,
  cache: DocumentCache,
  ids: readonly string[],
): Chunked<Document[]> {
  const found = new Map<string, Document>();
  const missing: string[] = [];
  for (const id of ids) {
    const kept = cache.get(id);
    if (kept) found.set(id, kept);
    else missing.push(id);
  }
  for (const rows of fetch(db, table, missing, maxChunk)) {
    for (const [id, text] of rows) found.set(id, cache.keep(text));
    // One is read as part of the same breath.
    if (missing.length > 1) yield;
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
