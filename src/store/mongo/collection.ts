import type {
  AnyBulkWriteOperation,
  Collection as DriverCollection,
  Db,
  Filter as DriverFilter,
  FindCursor,
  UpdateFilter,
} from 'mongodb';
import { checkDocument, checkFilter, checkSort, checkUpdate, checkUpsert } from '../operators.js';
import type {
  BulkOperation,
  Collection,
  Cursor,
  Document,
  Filter,
  Sort,
  Update,
  UpdateResult,
} from '../port.js';

type Plain = Document & Record<string, unknown>;
type Driver = DriverCollection<Plain>;

/** The port's filters and updates are a subset of the driver's, which its types cannot see. */
const toFilter = (filter: Filter): DriverFilter<Plain> => filter as DriverFilter<Plain>;
const toUpdate = (update: Update): UpdateFilter<Plain> => update as UpdateFilter<Plain>;

function cursor<T>(found: FindCursor<Plain>): Cursor<T> {
  return {
    sort: (by) => {
      checkSort(by);
      return cursor(found.sort(by));
    },
    skip: (n) => cursor(found.skip(n)),
    limit: (n) => cursor(found.limit(n)),
    toArray: async () => (await found.toArray()) as T[],
  };
}

function toBulk<T extends Document>(operation: BulkOperation<T>): AnyBulkWriteOperation<Plain> {
  if ('insertOne' in operation) {
    return { insertOne: { document: checkDocument(operation.insertOne.document) as unknown as Plain } };
  }
  if ('deleteOne' in operation) {
    checkFilter(operation.deleteOne.filter);
    return { deleteOne: { filter: toFilter(operation.deleteOne.filter) } };
  }
  if ('deleteMany' in operation) {
    checkFilter(operation.deleteMany.filter);
    return { deleteMany: { filter: toFilter(operation.deleteMany.filter) } };
  }
  if ('updateMany' in operation) {
    const { filter, update } = operation.updateMany;
    checkFilter(filter);
    return { updateMany: { filter: toFilter(filter), update: toUpdate(checkUpdate(update)) } };
  }
  const { filter, update, upsert = false } = operation.updateOne;
  const clean = checkedUpdate(filter, update, upsert);
  return { updateOne: { filter: toFilter(filter), update: toUpdate(clean), upsert } };
}

function checkedUpdate(filter: Filter, update: Update, upsert = false): Update {
  checkFilter(filter);
  const clean = checkUpdate(update);
  if (upsert) checkUpsert(filter, clean);
  return clean;
}

const toResult = (result: UpdateResult): UpdateResult => ({
  matchedCount: result.matchedCount,
  modifiedCount: result.modifiedCount,
  upsertedCount: result.upsertedCount,
});

const sorted = (sort: Sort | undefined): { sort?: Sort } => {
  if (sort) checkSort(sort);
  return sort ? { sort } : {};
};

/** A read that takes longer is of no use to whoever asked, and in the way of all others. */
const maxTimeMS = 20_000;

/** The driver's collection behind the port's checks. */
export function createCollection<T extends Document>(db: Db, name: string): Collection<T> {
  const driver: Driver = db.collection<Plain>(name);
  return {
    insertOne: async (document) => driver.insertOne(checkDocument(document) as unknown as Plain),
    insertMany: async (documents, { ordered = true } = {}) =>
      documents.length === 0
        ? undefined
        : driver.insertMany(
            documents.map((document) => checkDocument(document) as unknown as Plain),
            { ordered },
          ),
    findOne: async (filter, { sort } = {}) => {
      checkFilter(filter);
      return (await driver.findOne(toFilter(filter), { ...sorted(sort), maxTimeMS })) as T | null;
    },
    find: (filter) => {
      checkFilter(filter);
      return cursor<T>(driver.find(toFilter(filter), { maxTimeMS }) as FindCursor<Plain>);
    },
    updateOne: async (filter, update, { upsert = false } = {}) => {
      const clean = checkedUpdate(filter, update, upsert);
      return toResult(await driver.updateOne(toFilter(filter), toUpdate(clean), { upsert }));
    },
    updateMany: async (filter, update) =>
      toResult(await driver.updateMany(toFilter(filter), toUpdate(checkedUpdate(filter, update)))),
    findOneAndUpdate: async (filter, update, { upsert = false, sort, returnDocument = 'before' } = {}) => {
      const clean = checkedUpdate(filter, update, upsert);
      const options = { upsert, returnDocument, ...sorted(sort) };
      return (await driver.findOneAndUpdate(toFilter(filter), toUpdate(clean), options)) as T | null;
    },
    deleteOne: async (filter) => {
      checkFilter(filter);
      return { deletedCount: (await driver.deleteOne(toFilter(filter))).deletedCount };
    },
    deleteMany: async (filter) => {
      checkFilter(filter);
      return { deletedCount: (await driver.deleteMany(toFilter(filter))).deletedCount };
    },
    countDocuments: async (filter, { limit = 0 } = {}) => {
      checkFilter(filter);
      return driver.countDocuments(toFilter(filter), { maxTimeMS, ...(limit > 0 && { limit }) });
    },
    bulkWrite: async (operations, { ordered = true } = {}) =>
      operations.length === 0 ? undefined : driver.bulkWrite(operations.map(toBulk), { ordered }),
  };
}
