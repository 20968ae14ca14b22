import { checkFilter, checkSort } from '../operators.js';
import type { Cursor, Document, Filter } from '../port.js';
import type { Connection } from './connection.js';
import { findPrepared, shapeOf, type Shape } from './prepared.js';
import type { Table } from './schema.js';
import { read } from './read.js';
import type { Chunked, Query } from './search.js';
import type { Writer } from './writer.js';

/** What a collection needs of the opened store. */
export interface Engine {
  db: Connection;
  writer: Writer;
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
  const shape = shapeOf(filter);
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
  const found = shape && (await engine.lookUp(() => findPrepared<T>(engine.db, table, { query, shape })));
  return found ?? engine.read(() => read<T>(engine.db, table, query));
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
