import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { openStore } from '../../src/store/open.js';
import type { CollectionSpec, Document, IndexSpec, Store } from '../../src/store/port.js';

/** Documents of the tests: any members. */
export type Doc = Document & Record<string, unknown>;
export type Specs = Record<string, CollectionSpec>;

/** One database that can be opened again and again, with other declarations too. */
export interface Place {
  open(specs: Specs): Promise<Store>;
  /** Closes what was opened and removes the database. */
  remove(): Promise<void>;
}

export interface EngineUnderTest {
  name: string;
  create(): Place;
}

const mongoUrl = process.env['LANDFALL_TEST_MONGODB_URL'] ?? '';

function place(url: () => string, dataDir: string, remove: () => Promise<void>, keep: boolean): Place {
  const opened: Store[] = [];
  return {
    open: async (specs) => {
      const store = await openStore({ url: url(), dataDir, specs });
      opened.push(store);
      // A database in memory ends with its store, so only others can be opened twice.
      if (!keep && opened.length > 1) throw new Error('a database in memory cannot be opened again');
      await store.migrate();
      return store;
    },
    remove: async () => {
      for (const store of opened) await store.close();
      await remove();
    },
  };
}

const memory: EngineUnderTest = {
  name: 'embedded in memory',
  create: () =>
    place(
      () => 'embedded:memory',
      '',
      async () => {},
      false,
    ),
};

const disk: EngineUnderTest = {
  name: 'embedded on disk',
  create: () => {
    const dir = mkdtempSync(join(tmpdir(), 'landfall-store-'));
    return place(
      () => 'embedded:',
      dir,
      async () => rmSync(dir, { recursive: true }),
      true,
    );
  },
};

/** The test server's URL with a database of its own. */
function freshUrl(): { url: string; drop: () => Promise<void> } {
  const url = new URL(mongoUrl);
  url.pathname = `/landfall_test_${randomUUID().slice(0, 8)}`;
  const drop = async (): Promise<void> => {
    const client = new MongoClient(url.href);
    await client.db(url.pathname.slice(1)).dropDatabase();
    await client.close();
  };
  return { url: url.href, drop };
}

const mongo: EngineUnderTest = {
  name: 'MongoDB',
  create: () => {
    const { url, drop } = freshUrl();
    return place(() => url, '', drop, true);
  },
};

export const embeddedEngines = [memory, disk];
export const reopenable = mongoUrl ? [disk, mongo] : [disk];
export const engines = mongoUrl ? [memory, disk, mongo] : [memory, disk];

export const indexes = (...specs: IndexSpec[]): CollectionSpec => ({ indexes: specs });
/** `by('a', '-b')`: an index on a ascending, b descending. */
export function by(...paths: string[]): IndexSpec {
  return { keys: Object.fromEntries(paths.map((p) => [p.replace(/^-/, ''), p.startsWith('-') ? -1 : 1])) };
}
export const unique = (...paths: string[]): IndexSpec => ({ ...by(...paths), unique: true });
export const uniqueSparse = (...paths: string[]): IndexSpec => ({ ...unique(...paths), sparse: true });

export const idsOf = (found: readonly Document[]): string[] => found.map(({ _id }) => _id);

export type Capability = 'partial indexes' | 'text search' | 'explain' | 'array indexes' | 'sort of arrays';

/**
 * What the server behind LANDFALL_TEST_MONGODB_URL cannot do although MongoDB's documentation promises it, found by
 * trying. FerretDB v1 lacks some; the tests concerned say so and are skipped on that engine only.
 */
export async function findMissingCapabilities(engine: EngineUnderTest): Promise<Set<Capability>> {
  const missing = new Set<Capability>();
  if (engine !== mongo) return missing;
  const { url, drop } = freshUrl();
  const client = new MongoClient(url);
  const collection = client.db().collection<Doc>('probe');
  const probe = async (capability: Capability, works: () => Promise<boolean>): Promise<void> => {
    const answer = await works().catch((error: unknown) => error);
    if (answer === true) return;
    missing.add(capability);
    process.stderr.write(
      `${engine.name}: ${capability} left out, the server lacks them (${String(answer)})\n`,
    );
  };
  try {
    await collection.insertMany([
      { _id: '1', tags: ['b', 'z'] },
      { _id: '2', tags: ['c', 'a'] },
    ]);
    await probe('partial indexes', async () => {
      await collection.createIndex(
        { p: 1 },
        { unique: true, partialFilterExpression: { p: { $type: 'string' } } },
      );
      return true;
    });
    await probe('text search', async () => {
      await collection.createIndex({ t: 'text' });
      return true;
    });
    await probe('explain', async () => {
      const plan = await client.db().command({ explain: { find: 'probe', filter: { _id: '1' } } });
      return /IDHACK|IXSCAN|EXPRESS/.test(JSON.stringify(plan['queryPlanner'] ?? {}));
    });
    await probe('array indexes', async () => {
      await collection.createIndex({ tags: 1 }, { unique: true });
      const second = await collection.insertOne({ _id: '3', tags: ['a'] }).catch(() => 'refused');
      return second === 'refused';
    });
    await probe('sort of arrays', async () => {
      const found = await collection
        .find({ _id: { $in: ['1', '2'] } })
        .sort({ tags: 1 })
        .toArray();
      return found[0]?._id === '2';
    });
  } finally {
    await client.close();
    await drop();
  }
  return missing;
}
