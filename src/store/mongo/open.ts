import { MongoClient, type Db } from 'mongodb';
import { StartError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { checkFilter, checkSort } from '../operators.js';
import type { Collection, CollectionSpec, Document, Store } from '../port.js';
import { createCollection } from './collection.js';
import { readsEverything } from './explain.js';
import { migrateCollections } from './indexes.js';
import { createTextIndex } from './text-index.js';

export interface MongoOptions {
  /** `mongodb://…` or `mongodb+srv://…`; the path names the database, `landfall` when there is none. */
  url: string;
  specs: Readonly<Record<string, CollectionSpec>>;
  log?: Logger;
}

/** The database named by the URL's path, or `landfall`. */
export function databaseOf(url: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(url)?.[1];
  return path ? decodeURIComponent(path) : 'landfall';
}

/** The URL without the password, for messages. */
const withoutSecrets = (url: string): string => url.replace(/\/\/[^/@]*@/, '//');

/**
 * Opens a MongoDB server (7.0 or later is recommended, 5.0 is the least) through the official driver. Writes are
 * acknowledged by a majority and the journal. Throws StartError when the server does not answer.
 */
export async function openMongoStore({ url, specs, log }: MongoOptions): Promise<Store> {
  const client = new MongoClient(url, {
    ignoreUndefined: true,
    retryWrites: true,
    serverSelectionTimeoutMS: 10_000,
    // Rather a clear refusal than a queue that only grows.
    waitQueueTimeoutMS: 10_000,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    appName: 'landfall',
  });
  const db: Db = client.db(databaseOf(url));
  try {
    await db.command({ ping: 1 });
  } catch (error) {
    await client.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The database at ${withoutSecrets(url)} does not answer (${reason}). Is MongoDB running?`,
    );
  }
  const demandDeclared = (name: string): string => {
    if (!Object.hasOwn(specs, name)) throw new Error(`the collection '${name}' is not declared`);
    return name;
  };
  return {
    engine: 'mongodb',
    collection: <T extends Document>(name: string): Collection<T> =>
      createCollection<T>(db, demandDeclared(name)),
    textIndex: (name) => createTextIndex(db, name, log),
    migrate: () => migrateCollections(db, specs, log),
    ping: async () => void (await db.command({ ping: 1 })),
    backup: async () => {
      throw new StartError(
        'A MongoDB database is saved with its own tools: mongodump --oplog, or snapshots.',
      );
    },
    explain: async (name, filter, sort) => {
      checkFilter(filter);
      if (sort) checkSort(sort);
      return (await readsEverything(db, { name: demandDeclared(name), filter, sort })) ? 'scan' : 'index';
    },
    close: () => client.close(),
  };
}
