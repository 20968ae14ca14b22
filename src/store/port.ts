/**
 * The storage port: a structural subset of the official MongoDB driver's `Collection`, so that the driver is
 * passed straight through and the embedded engine implements the same words.
 *
 * Promises: single-document atomicity only; every write that resolved is durable (survives kill -9).
 * Values are plain JSON: strings, finite numbers, booleans, null, arrays, objects. `undefined` members are dropped.
 */

export type Scalar = string | number | boolean | null;

export interface Document {
  _id: string;
}

/** Operators allowed in a filter; anything else throws `UnsupportedOperator` on every engine. */
export interface Condition {
  $in?: readonly Scalar[];
  $nin?: readonly Scalar[];
  $eq?: Scalar;
  $ne?: Scalar;
  $gt?: string | number;
  $gte?: string | number;
  $lt?: string | number;
  $lte?: string | number;
  $exists?: boolean;
}

/**
 * Equality (an array field matches when it contains the value), dotted paths, operators, `$and`, `$or`.
 * A member whose value is `undefined` throws `UnsupportedOperator`: left out, it would match every document.
 */
export interface Filter {
  [path: string]: Scalar | Condition | readonly Filter[] | undefined;
}

/** Update operators allowed; values are JSON, `undefined` members are dropped. `$addToSet` also takes `{ $each: […] }`. */
export interface Update {
  $set?: Record<string, unknown>;
  $unset?: Record<string, true | ''>;
  $inc?: Record<string, number>;
  $max?: Record<string, unknown>;
  $addToSet?: Record<string, unknown>;
  $pull?: Record<string, unknown>;
  $setOnInsert?: Record<string, unknown>;
}

export type Sort = Record<string, 1 | -1>;

export interface Cursor<T> {
  sort(by: Sort): Cursor<T>;
  skip(n: number): Cursor<T>;
  limit(n: number): Cursor<T>;
  toArray(): Promise<T[]>;
}

export interface UpdateResult {
  matchedCount: number;
  modifiedCount: number;
  upsertedCount: number;
}

export type BulkOperation<T extends Document> =
  | { insertOne: { document: T } }
  | { updateOne: { filter: Filter; update: Update; upsert?: boolean } }
  | { updateMany: { filter: Filter; update: Update } }
  | { deleteOne: { filter: Filter } }
  | { deleteMany: { filter: Filter } };

export interface Collection<T extends Document> {
  insertOne(document: T): Promise<unknown>;
  /** `ordered: false` goes on after a duplicate key; the error is thrown at the end all the same. */
  insertMany(documents: readonly T[], options?: { ordered?: boolean }): Promise<unknown>;
  findOne(filter: Filter, options?: { sort?: Sort }): Promise<T | null>;
  find(filter: Filter): Cursor<T>;
  updateOne(filter: Filter, update: Update, options?: { upsert?: boolean }): Promise<UpdateResult>;
  updateMany(filter: Filter, update: Update): Promise<UpdateResult>;
  findOneAndUpdate(
    filter: Filter,
    update: Update,
    options?: { upsert?: boolean; sort?: Sort; returnDocument?: 'before' | 'after' },
  ): Promise<T | null>;
  deleteOne(filter: Filter): Promise<{ deletedCount: number }>;
  deleteMany(filter: Filter): Promise<{ deletedCount: number }>;
  countDocuments(filter: Filter, options?: { limit?: number }): Promise<number>;
  bulkWrite(operations: readonly BulkOperation<T>[], options?: { ordered?: boolean }): Promise<unknown>;
}

/** A declared index. Key values: 1 ascending, -1 descending. An array-valued field is indexed per element. */
export interface IndexSpec {
  keys: Record<string, 1 | -1>;
  unique?: boolean;
  /** Only documents in which each of these fields exists and is not null are indexed (and checked for unique). */
  sparse?: boolean;
  /**
   * Only documents whose `field` (one of the keys) has one of these values are indexed: what a queue holds for an instant
   * costs no rows then. Not together with `unique`.
   */
  only?: { field: string; values: readonly (string | boolean)[] };
}

export interface CollectionSpec {
  indexes: readonly IndexSpec[];
  /** The same documents are read again and again: the embedded engine keeps them parsed. */
  hot?: boolean;
  /** Hot, and seldom changed: the embedded engine remembers answers as well, until something is written. */
  steady?: boolean;
}

/** Full text search: its own small port (SQLite FTS5, MongoDB text index). */
export interface TextIndex {
  /** Replaces what is indexed under `id`. `text` is plain text in any language. */
  put(id: string, text: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Ids of matches, newest id first, all terms required, a quoted phrase kept together. `before` pages by id. */
  search(query: string, options: { limit: number; before?: string }): Promise<string[]>;
}

export interface Store {
  readonly engine: 'embedded' | 'mongodb';
  collection<T extends Document>(name: string): Collection<T>;
  textIndex(name: string): TextIndex;
  /** Creates collections and indexes that are missing; safe to run again. */
  migrate(): Promise<void>;
  /** Resolves when the engine answers, and has not had to give up writing; throws otherwise. */
  ping(): Promise<void>;
  /**
   * Writes a copy of the whole database, as it is at one moment, to a new file, while others go on writing.
   * @throws StartError where the engine has tools of its own for that
   */
  backup(file: string): Promise<void>;
  /** How the engine would find what `filter` (and `sort`) asks for. `scan` means reading the whole collection. */
  explain(name: string, filter: Filter, sort?: Sort): Promise<'index' | 'scan'>;
  close(): Promise<void>;
}

/** True when an error means that a unique index refused a write (both engines use MongoDB's code 11000). */
export function isDuplicateKey(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 11000;
}

/** Codes of the system: no room left on the disk, a disk that fails or may not be written, too many open files. */
const diskCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS', 'EMFILE', 'ENFILE']);
/** The driver's errors that say something about the caller, or about a mistake of ours. */
const notTrouble = new Set([
  'MongoInvalidArgumentError',
  'MongoAPIError',
  'MongoServerError',
  'MongoBulkWriteError',
]);

/** What the server says of itself: timed out, shutting down, no primary, overloaded, out of room. */
const passing = new Set([50, 89, 91, 189, 262, 10_107, 11_600, 11_602, 13_435, 13_436, 14_031]);

/** True when the database, or the disk below it, cannot do its work just now: nobody's fault, and it may pass. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code.startsWith('SQLITE_')) return code !== 'SQLITE_ERROR' && !code.startsWith('SQLITE_CONSTRAINT');
  const name = 'name' in error ? String(error.name) : '';
  if (name === 'MongoServerError' && 'code' in error) return passing.has(Number(error.code));
  return diskCodes.has(code) || (name.startsWith('Mongo') && !notTrouble.has(name));
}

/**
 * Inserts those that are not there yet: somebody else may have been faster with some of them. Anything but a duplicate
 * key is thrown. @returns those that were inserted
 */
export async function insertThose<T extends Document>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<readonly T[]> {
  if (!documents.length) return [];
  try {
    await collection.insertMany(documents, { ordered: false });
    return documents;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const refused = refusedOf(error);
    return documents.filter((_, i) => !refused.has(i));
  }
}

/** The places, in the list that was given, of what a bulk write refused. MongoDB's driver tells of one without a list. */
function refusedOf(error: unknown): Set<number> {
  const { writeErrors } = error as { writeErrors: { index: number } | { index: number }[] };
  return new Set([writeErrors].flat().map(({ index }) => index));
}
