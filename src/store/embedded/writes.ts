import { BulkWriteError, type WriteFailure } from '../errors.js';
import type { Document, Filter, Sort, Update, UpdateResult } from '../port.js';
import { toUpserted } from './apply-update.js';
import type { Connection } from './connection.js';
import { deleteDocument, insertDocument, updateDocument } from './documents.js';
import { compile } from './match.js';
import { findPrepared, shapeOf } from './prepared.js';
import { drain, search, searchIds, type Chunked } from './search.js';
import type { Table } from './tables.js';
import { putText, removeText } from './text-index.js';
import { tidyStep, type Steps } from './writer.js';

/** A write as plain data, checked before (operators.ts): it may be for a writer in another thread. */
export type Write = { collection: string } & (
  | { kind: 'insert'; document: Document }
  | { kind: 'update'; filter: Filter; update: Update; upsert?: boolean | undefined }
  | (Change & { kind: 'findAndUpdate'; returnDocument: 'before' | 'after' })
  | { kind: 'updateMany'; filter: Filter; update: Update }
  | { kind: 'remove' | 'removeMany'; filter: Filter }
  | { kind: 'bulk'; writes: readonly Write[]; ordered: boolean }
  /** `collection` is the name of a text index. `row`: an id in decimal. */
  | { kind: 'putText'; row: string; terms: string }
  | { kind: 'removeText'; row: string }
);

interface Change {
  filter: Filter;
  update: Update;
  upsert?: boolean | undefined;
  sort?: Sort | undefined;
}

/** Where writes happen. */
export interface Desk {
  db: Connection;
  tables: ReadonlyMap<string, Table>;
  /** Text indexes that are there for sure. */
  texts: Set<string>;
}

/** What a write does, step by step. Its result is plain data: what the port promises of the method (port.ts). */
export function toSteps(desk: Desk, write: Write): Steps<unknown> {
  const { db, tables } = desk;
  if (write.kind === 'putText') return putText(db, desk.texts, write);
  if (write.kind === 'removeText') return removeText(db, write);
  const table = tables.get(write.collection);
  if (!table) throw new Error(`the collection '${write.collection}' is not declared`);
  switch (write.kind) {
    case 'insert':
      return tidyStep(() => insertDocument(db, table, write.document));
    case 'update':
      return tidyStep((protect) => resultOf(change(db, table, write, protect)));
    case 'findAndUpdate': {
      const keep = write.returnDocument === 'before';
      return tidyStep((protect) => change(db, table, { ...write, keep }, protect)[write.returnDocument]);
    }
    case 'updateMany':
      return changeMany(db, table, write);
    case 'remove':
      return tidyStep(() => remove(db, table, write.filter));
    case 'removeMany':
      return removeMany(db, table, write.filter);
    case 'bulk':
      return performAll(desk, write);
  }
}

/** In a write, reading is cut into steps as well, so that one transaction stays short. */
function* inSteps<T>(chunks: Chunked<T>): Steps<T> {
  for (;;) {
    const next = yield* tidyStep(() => chunks.next());
    if (next.done) return next.value;
  }
}

/** `before` only when it is to be kept: a copy costs, and few want it. */
type Changed = {
  was: 'there' | 'absent';
  before: Document | null;
  after: Document | null;
  modified: boolean;
};

/** Finds one document and changes it, or inserts what an upsert makes: one step, so nothing comes in between. */
function change(
  db: Connection,
  table: Table,
  request: Change & { keep?: boolean },
  protect: () => void,
): Changed {
  const { filter, update, sort } = request;
  const query = { filter, sort, limit: 1 };
  const shape = shapeOf(filter, table.literals);
  const [found] =
    (shape && findPrepared<Document>(db, table, { query, shape })) ??
    drain(search<Document>(db, table, query));
  if (found) {
    const before = request.keep ? structuredClone(found) : null;
    const modified = updateDocument(db, table, found, { update, protect });
    return { was: 'there', before, after: found, modified };
  }
  if (!request.upsert) return { was: 'absent', before: null, after: null, modified: false };
  const created = toUpserted(filter, update);
  insertDocument(db, table, created);
  return { was: 'absent', before: null, after: created, modified: false };
}

const resultOf = ({ was, after, modified }: Changed): UpdateResult => ({
  matchedCount: was === 'there' ? 1 : 0,
  modifiedCount: modified ? 1 : 0,
  upsertedCount: was === 'absent' && after ? 1 : 0,
});

/**
 * All documents that match, each in a step of its own. Their ids come first, so that one which a change moves within
 * the index is not met twice; other writes may have come in between, so each is tested again.
 */
function* each(
  db: Connection,
  table: Table,
  { filter, act }: { filter: Filter; act: (document: Document, protect: () => void) => void },
): Steps<number> {
  const matches = compile(filter);
  let met = 0;
  for (const id of yield* inSteps(searchIds(db, table, filter))) {
    met += yield* tidyStep((protect) => {
      const text = db.get(table.sql.byId, [id])?.[0];
      const document = typeof text === 'string' ? (JSON.parse(text) as Document) : null;
      if (!document || !matches(document)) return 0;
      act(document, protect);
      return 1;
    });
  }
  return met;
}

function* changeMany(db: Connection, table: Table, { filter, update }: Change): Steps<UpdateResult> {
  let modifiedCount = 0;
  const act = (document: Document, protect: () => void): void => {
    if (updateDocument(db, table, document, { update, protect })) modifiedCount += 1;
  };
  const matchedCount = yield* each(db, table, { filter, act });
  return { matchedCount, modifiedCount, upsertedCount: 0 };
}

function remove(db: Connection, table: Table, filter: Filter): { deletedCount: number } {
  const [found] = drain(search(db, table, { filter, limit: 1 }));
  if (found) deleteDocument(db, table, found);
  return { deletedCount: found ? 1 : 0 };
}

function* removeMany(db: Connection, table: Table, filter: Filter): Steps<{ deletedCount: number }> {
  const act = (document: Document): void => deleteDocument(db, table, document);
  return { deletedCount: yield* each(db, table, { filter, act }) };
}

function* performAll(
  desk: Desk,
  { writes, ordered }: { writes: readonly Write[]; ordered: boolean },
): Steps<{ ok: number }> {
  const failures: WriteFailure[] = [];
  for (const [index, write] of writes.entries()) {
    try {
      yield* toSteps(desk, write);
    } catch (error) {
      failures.push({ index, error });
      if (ordered) break;
    }
  }
  if (failures.length > 0) throw new BulkWriteError(failures);
  return { ok: 1 };
}
