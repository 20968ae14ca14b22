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
  /** The database file, when there is one. */
  file?: string;
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
    const made = place(
      () => 'embedded:',
      dir,
      async () => rmSync(dir, { recursive: true }),
      true,
    );
    return { ...made, file: join(dir, 'landfall.sqlite') };
  },
};

/** The same with every collection declared as hot, so that its readers meet the documents that are kept in memory. */
const hotDisk: EngineUnderTest = {
  name: 'embedded on disk, documents kept',
  create: () => {
    const made = disk.create();
    const heat = (specs: Specs): Specs =>
      Object.fromEntries(
        Object.entries(specs).map(([name, spec]) => [name, { ...spec, hot: true, steady: true }]),
      );
    return { ...made, open: (specs) => made.open(heat(specs)) };
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

export const embeddedEngines = [memory, disk, hotDisk];
export const reopenable = mongoUrl ? [disk, hotDisk, mongo] : [disk, hotDisk];
export const engines = mongoUrl ? [memory, disk, hotDisk, mongo] : [memory, disk, hotDisk];

export const indexes = (...specs: IndexSpec[]): CollectionSpec => ({ indexes: specs });
/** `by('a', '-b')`: an index on a ascending, b descending. */
export function by(...paths: string[]): IndexSpec {
  return { keys: Object.fromEntries(paths.map((p) => [p.replace(/^-/, ''), p.startsWith('-') ? -1 : 1])) };
}
export const unique = (...paths: string[]): IndexSpec => ({ ...by(...paths), unique: true });
export const uniqueSparse = (...paths: string[]): IndexSpec => ({ ...unique(...paths), sparse: true });

export const idsOf = (found: readonly Document[]): string[] => found.map(({ _id }) => _id);

/** The name of the database that `place` is about, for probes. */
export const isMongo = (engine: EngineUnderTest): boolean => engine === mongo;
export { freshUrl };
