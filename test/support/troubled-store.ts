import { collections } from '../../src/store/collections.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import type { Collection, Cursor, Document, Store } from '../../src/store/port.js';

export interface Operation {
  collection: string;
  /** `insertOne`, `find` … */
  name: string;
  args: readonly unknown[];
}

export interface TroubledStore extends Store {
  /**
   * Called before each operation: one that throws makes it fail as if nothing had reached the database, one that waits
   * makes it slow. Null: no trouble.
   */
  before: ((operation: Operation) => void | Promise<void>) | null;
  /** The same after an operation was done: one that throws loses its answer. */
  after: ((operation: Operation) => void | Promise<void>) | null;
}

/** As the driver says that nobody is there. */
export const connectionLost = (): Error =>
  Object.assign(new Error('connection closed'), { name: 'MongoNetworkError' });

/**
 * A real database with a line that can be cut or slowed down between it and us. As `mongodb` several servers may share
 * one store, as they do there.
 */
export async function openTroubledStore(engine: Store['engine'] = 'embedded'): Promise<TroubledStore> {
  const inner = await openEmbeddedStore({ path: ':memory:', specs: collections });
  const outer: TroubledStore = {
    ...inner,
    engine,
    before: null,
    after: null,
    collection: <T extends Document>(name: string) => troubled(outer, name, inner.collection<T>(name)),
    ping: async () => {
      await outer.before?.({ collection: '', name: 'ping', args: [] });
      await inner.ping();
    },
  };
  return outer;
}

function troubled<T extends Document>(
  store: TroubledStore,
  collection: string,
  inner: Collection<T>,
): Collection<T> {
  const run = async <R>(name: string, args: readonly unknown[], act: () => Promise<R>): Promise<R> => {
    await store.before?.({ collection, name, args });
    const result = await act();
    await store.after?.({ collection, name, args });
    return result;
  };
  const cursor = (args: readonly unknown[], found: Cursor<T>): Cursor<T> => ({
    sort: (by) => cursor(args, found.sort(by)),
    skip: (n) => cursor(args, found.skip(n)),
    limit: (n) => cursor(args, found.limit(n)),
    toArray: () => run('find', args, () => found.toArray()),
  });
  const gated = Object.fromEntries(
    (Object.keys(inner) as (keyof Collection<T>)[])
      .filter((name) => name !== 'find')
      .map((name) => {
        const act = inner[name] as (...args: unknown[]) => Promise<unknown>;
        return [name, (...args: unknown[]) => run(name, args, () => act(...args))];
      }),
  ) as unknown as Collection<T>;
  return { ...gated, find: (filter) => cursor([filter], inner.find(filter)) };
}
