import { BulkWriteError, type WriteFailure } from '../errors.js';
import { checkDocument, checkFilter, checkSort, checkUpdate, checkUpsert } from '../operators.js';
import type { BulkOperation, Collection, Document, Filter, Sort, Update, UpdateResult } from '../port.js';
import { toUpserted } from './apply-update.js';
import type { Connection } from './connection.js';
import { deleteDocument, insertDocument, updateDocument } from './documents.js';
import { compile } from './match.js';
import type { Table } from './tables.js';
import { findPrepared, shapeOf } from './prepared.js';
import { answer, ask, cursor, type Engine } from './reading.js';
import { count, drain, search, searchIds, type Chunked } from './search.js';
import { tidyStep, type Steps } from './writer.js';

/** In a write, reading is cut into steps as well, so that one transaction stays short. */
function* inSteps<T>(chunks: Chunked<T>): Steps<T> {
  for (;;) {
    const next = yield* tidyStep(() => chunks.next());
    if (next.done) return next.value;
  }
}

interface Change {
  filter: Filter;
  update: Update;
  upsert?: boolean | undefined;
  sort?: Sort | undefined;
  /** Keep what was before the change: only some callers want it, and a copy costs. */
  keep?: boolean;
}

type Changed<T> = { was: 'there' | 'absent'; before: T | null; after: T | null; modified: boolean };

/** Finds one document and changes it, or inserts what an upsert makes: one step, so nothing comes in between. */
function change<T extends Document>(
  { db }: Engine,
  table: Table,
  request: Change,
  protect: () => void,
): Changed<T> {
  const { filter, update, sort } = request;
  const query = { filter, sort, limit: 1 };
  const shape = shapeOf(filter, table.literals);
  const [found] =
    (shape && findPrepared<T>(db, table, { query, shape })) ?? drain(search<T>(db, table, query));
  if (found) {
    const before = request.keep ? structuredClone(found) : null;
    const modified = updateDocument(db, table, found, { update, protect });
    return { was: 'there', before, after: found, modified };
  }
  if (!request.upsert) return { was: 'absent', before: null, after: null, modified: false };
  const created = toUpserted(filter, update);
  insertDocument(db, table, created);
  return { was: 'absent', before: null, after: created as unknown as T, modified: false };
}

const resultOf = ({ was, after, modified }: Changed<Document>): UpdateResult => ({
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

function* changeMany({ db }: Engine, table: Table, { filter, update }: Change): Steps<UpdateResult> {
  let modifiedCount = 0;
  const act = (document: Document, protect: () => void): void => {
    if (updateDocument(db, table, document, { update, protect })) modifiedCount += 1;
  };
  const matchedCount = yield* each(db, table, { filter, act });
  return { matchedCount, modifiedCount, upsertedCount: 0 };
}

function remove({ db }: Engine, table: Table, filter: Filter): { deletedCount: number } {
  const [found] = drain(search(db, table, { filter, limit: 1 }));
  if (found) deleteDocument(db, table, found);
  return { deletedCount: found ? 1 : 0 };
}

function* removeMany({ db }: Engine, table: Table, filter: Filter): Steps<{ deletedCount: number }> {
  const act = (document: Document): void => deleteDocument(db, table, document);
  return { deletedCount: yield* each(db, table, { filter, act }) };
}

type Checked<T extends Document> = BulkOperation<T>;

function check<T extends Document>(operation: BulkOperation<T>): Checked<T> {
  if ('insertOne' in operation)
    return { insertOne: { document: checkDocument(operation.insertOne.document) } };
  if ('deleteOne' in operation) checkFilter(operation.deleteOne.filter);
  if ('deleteMany' in operation) checkFilter(operation.deleteMany.filter);
  if ('updateMany' in operation) {
    const { filter, update } = operation.updateMany;
    checkFilter(filter);
    return { updateMany: { filter, update: checkUpdate(update) } };
  }
  if ('updateOne' in operation) {
    const { filter, update, upsert } = operation.updateOne;
    checkFilter(filter);
    const clean = checkUpdate(update);
    if (upsert) checkUpsert(filter, clean);
    return { updateOne: { filter, update: clean, ...(upsert && { upsert }) } };
  }
  return operation;
}

function* perform<T extends Document>(engine: Engine, table: Table, operation: Checked<T>): Steps<unknown> {
  if ('insertOne' in operation) {
    return yield* tidyStep(() => insertDocument(engine.db, table, operation.insertOne.document));
  }
  if ('updateOne' in operation)
    return yield* tidyStep((protect) => change(engine, table, operation.updateOne, protect));
  if ('deleteOne' in operation)
    return yield* tidyStep(() => remove(engine, table, operation.deleteOne.filter));
  if ('deleteMany' in operation) return yield* removeMany(engine, table, operation.deleteMany.filter);
  return yield* changeMany(engine, table, operation.updateMany);
}

function* performAll<T extends Document>(
  engine: Engine,
  table: Table,
  { operations, ordered }: { operations: readonly Checked<T>[]; ordered: boolean },
): Steps<{ ok: number }> {
  const failures: WriteFailure[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      yield* perform(engine, table, operation);
    } catch (error) {
      failures.push({ index, error });
      if (ordered) break;
    }
  }
  if (failures.length > 0) throw new BulkWriteError(failures);
  return { ok: 1 };
}

const toInserts = <T extends Document>(documents: readonly T[]): BulkOperation<T>[] =>
  documents.map((document) => ({ insertOne: { document } }));

/** The port's collection over one table. Filters and updates are checked before anything happens. */
export function createCollection<T extends Document>(engine: Engine, table: Table): Collection<T> {
  const { writer } = engine;
  const write = <R>(run: (protect: () => void) => R): Promise<R> => writer.write(tidyStep(run));
  const writeAll = async (operations: readonly BulkOperation<T>[], ordered: boolean): Promise<unknown> =>
    writer.write(performAll(engine, table, { operations: operations.map(check), ordered }));
  return {
    insertOne: async (document) => {
      const clean = checkDocument(document);
      return write(() => insertDocument(engine.db, table, clean));
    },
    insertMany: (documents, { ordered = true } = {}) => writeAll(toInserts(documents), ordered),
    findOne: async (filter, { sort } = {}) => {
      const { shape } = ask(table, filter);
      if (sort) checkSort(sort);
      const [found] = await answer<T>(engine, table, { query: { filter, sort, limit: 1 }, shape });
      return found ?? null;
    },
    find: (filter) => cursor(engine, table, ask(table, filter)),
    updateOne: async (filter, update, { upsert } = {}) => {
      checkFilter(filter);
      const clean = checkUpdate(update);
      if (upsert) checkUpsert(filter, clean);
      return write((protect) => resultOf(change(engine, table, { filter, update: clean, upsert }, protect)));
    },
    updateMany: async (filter, update) => {
      checkFilter(filter);
      return writer.write(changeMany(engine, table, { filter, update: checkUpdate(update) }));
    },
    findOneAndUpdate: async (filter, update, { upsert, sort, returnDocument = 'before' } = {}) => {
      checkFilter(filter);
      if (sort) checkSort(sort);
      const clean = checkUpdate(update);
      if (upsert) checkUpsert(filter, clean);
      const keep = returnDocument === 'before';
      const found = await write((protect) =>
        change<T>(engine, table, { filter, update: clean, upsert, sort, keep }, protect),
      );
      return found[returnDocument];
    },
    deleteOne: async (filter) => {
      checkFilter(filter);
      return write(() => remove(engine, table, filter));
    },
    deleteMany: async (filter) => {
      checkFilter(filter);
      return writer.write(removeMany(engine, table, filter));
    },
    countDocuments: async (filter, { limit = 0 } = {}) => {
      checkFilter(filter);
      return engine.read(() => count(engine.db, table, filter, limit));
    },
    bulkWrite: async (operations, { ordered = true } = {}) => writeAll(operations, ordered),
  };
}
