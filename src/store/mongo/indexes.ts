import type { Db, IndexDescription } from 'mongodb';
import type { Logger } from '../../log.js';
import type { CollectionSpec, IndexSpec } from '../port.js';

/** Every type of a value that is not null (an array counts by its elements). */
const present = { $type: ['string', 'number', 'bool', 'object'] };

/**
 * What a declared index is in MongoDB. `sparse` of the port means "exists and is not null", MongoDB's own `sparse` only
 * "exists": so a unique one becomes a partial index, which the planner uses for few queries, beside an ordinary one for
 * look-ups. A sparse index that is not unique only saves space: it becomes an ordinary one.
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

function isNotThere(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 26;
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
      if (isNotThere(error)) return [];
      throw error;
    });
    for (const { name: old } of there) {
      if (old === undefined || old === '_id_' || names.has(old)) continue;
      log?.info({ collection: name, index: old }, 'dropping an index that is no longer declared');
      await collection.dropIndex(old);
    }
    const missing = wanted.filter((index) => !there.some(({ name: old }) => old === nameOf(index)));
    if (missing.length > 0)
      await collection.createIndexes(missing.map((index) => ({ ...index, name: nameOf(index) })));
  }
}
