import { checkFilter, checkSort } from '../operators.js';
import type { Cursor, Document, Filter } from '../port.js';
import type { Connection } from './connection.js';
import { findPrepared, findPreparedKept, shapeOf, type Shape } from './prepared.js';
import type { Table } from './tables.js';
import { atHand, namedIds, read, uniqueValue } from './read.js';
import type { Chunked, Query } from './search.js';
import type { Scribe } from './scribe.js';

/** What a collection needs of the opened store. */
export interface Engine {
  db: Connection;
  scribe: Scribe;
  /** Runs chunks without holding up the event loop. */
  read<T>(work: () => Chunked<T>): Promise<T>;
  /** Reads something small. */
  lookUp<T>(work: () => T): Promise<T>;
}

/** What is asked of a collection. */
export interface Question {
  query: Query;
  /** Null: none of those that can be prepared. */
  shape: Shape | null;
}

const maxChecked = 1000;

/** A filter that may be asked. A shape that was checked before is good with any values. */
export function ask(table: Table, filter: Filter): Question {
  const shape = shapeOf(filter, table.literals);
  if (shape && table.checked.has(shape.text)) return { query: { filter }, shape };
  checkFilter(filter);
  if (shape && table.checked.size < maxChecked) table.checked.add(shape.text);
  return { query: { filter }, shape };
}

/** All at once where the shape allows it and the answer is short, otherwise in steps. */
export async function answer<T extends Document>(
  engine: Engine,
  table: Table,
  { query, shape }: Question,
): Promise<T[]> {
  const found = await engine.lookUp(() => findAtOnce<T>(engine.db, table, { query, shape }));
  return found ?? engine.read(() => read<T>(engine.db, table, query));
}

function findAtOnce<T extends Document>(
  db: Connection,
  table: Table,
  { query, shape }: Question,
): T[] | null {
  const { cache, absence, indexes } = table;
  const known = cache && atHand(table, cache, query);
  if (known) return known as unknown as T[];
  if (absence.proves(indexes, query.filter)) return [];
  // Ids are looked up one by one, in memory first.
  if (!shape || (cache && namedIds(query.filter))) return null;
  const asked = { query, shape };
  const found = cache ? findPreparedKept<T>(db, { table, cache }, asked) : findPrepared<T>(db, table, asked);
  const unique = cache && found?.[0] ? uniqueValue(table, query.filter) : null;
  if (unique) cache?.name(unique.index, unique.value, found?.[0]?._id ?? '');
  if (found?.length === 0) absence.learn(db, indexes, query.filter);
  return found;
}

export function cursor<T extends Document>(
  engine: Engine,
  table: Table,
  { query, shape }: Question,
): Cursor<T> {
  const narrow = (more: Partial<Query>): Cursor<T> =>
    cursor(engine, table, { query: { ...query, ...more }, shape });
  return {
    sort: (sort) => {
      checkSort(sort);
      return narrow({ sort });
    },
    skip: (skip) => narrow({ skip }),
    limit: (limit) => narrow({ limit }),
    toArray: () => answer(engine, table, { query, shape }),
  };
}
