import type { Ctx } from '../../src/domain/ctx.js';
import type { Collection, Cursor, Document } from '../../src/store/port.js';

/** Counts what is asked of the database from now on, by collection and method. Tests only: it wraps `ctx.db` in place. */
export function countQueries(ctx: Ctx): { reset(): void; total(): number; list(): string[] } {
  const asked: string[] = [];
  const db = ctx.db as unknown as Record<string, Collection<Document>>;
  for (const [name, collection] of Object.entries(db)) db[name] = counted(name, collection, asked);
  return {
    reset: () => void asked.splice(0),
    total: () => asked.length,
    list: () => [...asked].sort(),
  };
}

function counted(name: string, collection: Collection<Document>, asked: string[]): Collection<Document> {
  return new Proxy(collection, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        // A cursor asks nothing before it is read.
        if (key === 'find')
          return countedCursor(result as Cursor<Document>, () => asked.push(`${name}.find`));
        asked.push(`${name}.${String(key)}`);
        return result;
      };
    },
  });
}

function countedCursor(cursor: Cursor<Document>, count: () => void): Cursor<Document> {
  return new Proxy(cursor, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (key === 'toArray') count();
        const result: unknown = Reflect.apply(member, target, args);
        return key === 'toArray' ? result : countedCursor(result as Cursor<Document>, count);
      };
    },
  });
}
