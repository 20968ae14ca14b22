import { checkDocument, checkFilter, checkSort, checkUpdate, checkUpsert } from '../operators.js';
import type { BulkOperation, Collection, Document } from '../port.js';
import { answer, ask, cursor, type Engine } from './reading.js';
import { count } from './search.js';
import type { Table } from './tables.js';

function check(operation: BulkOperation<Document>): BulkOperation<Document> {
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

const toInserts = (documents: readonly Document[]): BulkOperation<Document>[] =>
  documents.map((document) => ({ insertOne: { document } }));

/** The port's collection over one table. Filters and updates are checked before anything happens. */
export function createCollection<T extends Document>(engine: Engine, table: Table): Collection<T> {
  const { scribe } = engine;
  const collection = table.name;
  const bulk = async (operations: readonly BulkOperation<Document>[], ordered: boolean): Promise<unknown> =>
    scribe.write({ collection, kind: 'bulk', operations: operations.map(check), ordered });
  return {
    insertOne: async (document) =>
      scribe.write({ collection, kind: 'insert', document: checkDocument(document) }),
    insertMany: (documents, { ordered = true } = {}) => bulk(toInserts(documents), ordered),
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
      return scribe.write({ collection, kind: 'update', filter, update: clean, upsert });
    },
    updateMany: async (filter, update) => {
      checkFilter(filter);
      return scribe.write({ collection, kind: 'updateMany', filter, update: checkUpdate(update) });
    },
    findOneAndUpdate: async (filter, update, { upsert, sort, returnDocument = 'before' } = {}) => {
      checkFilter(filter);
      if (sort) checkSort(sort);
      const clean = checkUpdate(update);
      if (upsert) checkUpsert(filter, clean);
      const change = { filter, update: clean, upsert, sort, returnDocument };
      return scribe.write({ collection, kind: 'findAndUpdate', ...change });
    },
    deleteOne: async (filter) => {
      checkFilter(filter);
      return scribe.write({ collection, kind: 'remove', filter });
    },
    deleteMany: async (filter) => {
      checkFilter(filter);
      return scribe.write({ collection, kind: 'removeMany', filter });
    },
    countDocuments: async (filter, { limit = 0 } = {}) => {
      checkFilter(filter);
      return engine.read(() => count(engine.db, table, filter, limit));
    },
    bulkWrite: async (operations, { ordered = true } = {}) =>
      bulk(operations as readonly BulkOperation<Document>[], ordered),
  };
}
