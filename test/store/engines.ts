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

interface Placing {
  url: () => string;
  dataDir?: string;
  remove?: () => Promise<void>;
  /** Whether it outlives its store. */
  keep?: boolean;
  thread?: { execArgv: string[] };
}

function place({ url, dataDir = '', remove = async () => {}, keep = true, thread }: Placing): Place {
  const opened: Store[] = [];
  return {
    open: async (specs) => {
      const store = await openStore({ url: url(), dataDir, specs, ...(thread && { thread }) });
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
  create: () => place({ url: () => 'embedded:memory', keep: false }),
};

function onDisk(thread?: Placing['thread']): Place {
  const dir = mkdtempSync(join(tmpdir(), 'landfall-store-'));
  const remove = async (): Promise<void> => rmSync(dir, { recursive: true });
  const made = place({ url: () => 'embedded:', dataDir: dir, remove, ...(thread && { thread }) });
  return { ...made, file: join(dir, 'landfall.sqlite') };
}

const disk: EngineUnderTest = { name: 'embedded on disk', create: () => onDisk() };

/** The thread runs the sources too. */
export const threadOfSources = {
  execArgv: ['--import', new URL('../support/typescript.mjs', import.meta.url).href],
};

const heat = (specs: Specs): Specs =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, { ...spec, hot: true, steady: true }]),
  );

/** The same with every collection declared as hot, so that its readers meet the documents that are kept in memory. */
const hotDisk: EngineUnderTest = {
  name: 'embedded on disk, documents kept',
  create: () => {
    const made = disk.create();
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
    return place({ url: () => url, remove: drop });
  },
};

/** As a server has it: written by a thread, read here, with what is kept in memory. */
const threaded: EngineUnderTest = {
  name: 'embedded on disk, written by a thread',
  create: () => {
    const made = onDisk(threadOfSources);
    return { ...made, open: (specs) => made.open(heat(specs)) };
  },
};

const onDisks = [disk, hotDisk, threaded];
export const embeddedEngines = [memory, ...onDisks];
export const reopenable = mongoUrl ? [...onDisks, mongo] : onDisks;
export const engines = mongoUrl ? [...embeddedEngines, mongo] : embeddedEngines;

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
