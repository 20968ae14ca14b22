import { checkDocument, checkFilter, checkSort, checkUpdate, checkUpsert } from '../operators.js';
import type { BulkOperation, Collection, Document } from '../port.js';
import { answer, ask, cursor, type Engine } from './reading.js';
import { count } from './search.js';
import type { Table } from './tables.js';
import type { Write } from './writes.js';

/** Checks an operation, before anything happens. Throws UnsupportedOperator. */
function toWrite(collection: string, operation: BulkOperation<Document>): Write {
  if ('insertOne' in operation)
    return { collection, kind: 'insert', document: checkDocument(operation.insertOne.document) };
  if ('updateOne' in operation) {
    const { filter, update, upsert } = operation.updateOne;
    checkFilter(filter);
    const clean = checkUpdate(update);
    if (upsert) checkUpsert(filter, clean);
    return { collection, kind: 'update', filter, update: clean, upsert };
  }
  if ('updateMany' in operation) {
    const { filter, update } = operation.updateMany;
    checkFilter(filter);
    return { collection, kind: 'updateMany', filter, update: checkUpdate(update) };
  }
  const one = 'deleteOne' in operation;
  const { filter } = one ? operation.deleteOne : operation.deleteMany;
  checkFilter(filter);
  return { collection, kind: one ? 'remove' : 'removeMany', filter };
}

/** The port's collection over one table. Filters and updates are checked before anything happens. */
export function createCollection<T extends Document>(engine: Engine, table: Table): Collection<T> {
  const { scribe } = engine;
  const collection = table.name;
  const perform = async <R>(operation: BulkOperation<Document>): Promise<R> =>
    scribe.write(toWrite(collection, operation));
  const bulk = async (operations: readonly BulkOperation<Document>[], ordered: boolean): Promise<unknown> => {
    const writes = operations.map((operation) => toWrite(collection, operation));
    return scribe.write({ collection, kind: 'bulk', writes, ordered });
  };
  return {
    insertOne: (document) => perform({ insertOne: { document } }),
    insertMany: (documents, { ordered = true } = {}) =>
      bulk(
        documents.map((document) => ({ insertOne: { document } })),
        ordered,
      ),
    findOne: async (filter, { sort } = {}) => {
      const { shape } = ask(table, filter);
      if (sort) checkSort(sort);
      const [found] = await answer<T>(engine, table, { query: { filter, sort, limit: 1 }, shape });
      return found ?? null;
    },
    find: (filter) => cursor(engine, table, ask(table, filter)),
    updateOne: (filter, update, { upsert = false } = {}) =>
      perform({ updateOne: { filter, update, upsert } }),
    updateMany: (filter, update) => perform({ updateMany: { filter, update } }),
    findOneAndUpdate: async (filter, update, { upsert, sort, returnDocument = 'before' } = {}) => {
      checkFilter(filter);
      if (sort) checkSort(sort);
      const clean = checkUpdate(update);
      if (upsert) checkUpsert(filter, clean);
      const change = { filter, update: clean, upsert, sort, returnDocument };
      return scribe.write({ collection, kind: 'findAndUpdate', ...change });
    },
    deleteOne: (filter) => perform({ deleteOne: { filter } }),
    deleteMany: (filter) => perform({ deleteMany: { filter } }),
    countDocuments: async (filter, { limit = 0 } = {}) => {
      checkFilter(filter);
      return engine.read(() => count(engine.db, table, filter, limit));
    },
    bulkWrite: (operations, { ordered = true } = {}) =>
      bulk(operations as readonly BulkOperation<Document>[], ordered),
  };
}
