import type { Db, IndexDescription } from 'mongodb';
import type { Logger } from '../../log.js';
import type { CollectionSpec, IndexSpec } from '../port.js';

/** Every type of a value that is not null (an array counts by its elements). */
const present = { $type: ['string', 'number', 'bool', 'object'] };

/**
 * What a declared index is in MongoDB. `sparse` of the port means "exists and is not null", MongoDB's own `sparse` only
 * "exists": so a unique one becomes a partial index, which the planner uses for few queries, beside an ordinary one for
 * look-ups. A sparse index that is not unique, or one of some values, only saves space: it becomes an ordinary one.
 */
export function toIndexDescriptions({ keys, unique, sparse }: IndexSpec): IndexDescription[] {
  if (!unique) return [{ key: keys }];
  if (!sparse) return [{ key: keys, unique: true }];
  const partialFilterExpression = Object.fromEntries(Object.keys(keys).map((path) => [path, present]));
  return [
    { key: keys, unique: true, name: `${Object.keys(keys).join('_')}_unique`, partialFilterExpression },
    { key: { ...keys, _id: 1 } },
  ];
}

const nameOf = ({ key, name }: IndexDescription): string => name ?? Object.entries(key).flat().join('_');

const hasCode = (error: unknown, code: number): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;
const namespaceNotFound = 26;
const notImplemented = 238;

/**
 * FerretDB v1, which the tests run on where no MongoDB is, has no partial indexes. There the unique sparse indexes are
 * left out, with a warning; any other server that refuses one stops the start.
 */
async function createIndexes(
  db: Db,
  name: string,
  missing: readonly IndexDescription[],
  log?: Logger,
): Promise<void> {
  const collection = db.collection(name);
  try {
    await collection.createIndexes(missing.map((index) => ({ ...index, name: nameOf(index) })));
  } catch (error) {
    const { ferretdbVersion } = hasCode(error, notImplemented) ? await db.command({ buildInfo: 1 }) : {};
    const others = missing.filter((index) => !index.partialFilterExpression);
    if (ferretdbVersion === undefined || others.length === missing.length) throw error;
    log?.warn({ collection: name }, 'FerretDB has no partial indexes: duplicates are not refused here');
    if (others.length > 0) await createIndexes(db, name, others, log);
  }
}

/** Creates what is missing and drops what is no longer declared. Throws code 11000 when documents break a unique index. */
export async function migrateCollections(
  db: Db,
  specs: Readonly<Record<string, CollectionSpec>>,
  log?: Logger,
): Promise<void> {
  for (const [name, spec] of Object.entries(specs)) {
    const wanted = spec.indexes.flatMap(toIndexDescriptions);
    const names = new Set(wanted.map(nameOf));
    const collection = db.collection(name);
    const there = await collection.indexes().catch((error: unknown) => {
      if (hasCode(error, namespaceNotFound)) return [];
      throw error;
    });
    for (const { name: old } of there) {
      if (old === undefined || old === '_id_' || names.has(old)) continue;
      log?.info({ collection: name, index: old }, 'dropping an index that is no longer declared');
      await collection.dropIndex(old);
    }
    const missing = wanted.filter((index) => !there.some(({ name: old }) => old === nameOf(index)));
    if (missing.length > 0) await createIndexes(db, name, missing, log);
  }
}
