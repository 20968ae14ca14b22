import type { Ctx } from '../../src/domain/ctx.js';
import type { Collection, Cursor, Document, Filter, Sort } from '../../src/store/port.js';

/** One question to the database. */
export interface Asked {
  collection: string;
  method: string;
  filter: Filter;
  sort: Sort | undefined;
}

/** Keeps what is asked of the database from now on. Tests only: it wraps `ctx.db` in place. */
export function countQueries(ctx: Ctx): { reset(): void; list(): string[]; all(): Asked[] } {
  const asked: Asked[] = [];
  const db = ctx.db as unknown as Record<string, Collection<Document>>;
  for (const [name, collection] of Object.entries(db)) db[name] = counted(name, collection, asked);
  return {
    reset: () => void asked.splice(0),
    list: () => asked.map((a) => `${a.collection}.${a.method}`).sort(),
    all: () => [...asked],
  };
}

function counted(name: string, collection: Collection<Document>, asked: Asked[]): Collection<Document> {
  return new Proxy(collection, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        const filter = (args[0] ?? {}) as Filter;
        const options = args.at(-1) as { sort?: Sort } | undefined;
        const question: Asked = { collection: name, method: String(key), filter, sort: undefined };
        // A cursor asks nothing before it is read.
        if (key === 'find') return countedCursor(result as Cursor<Document>, question, asked);
        asked.push({ ...question, sort: args.length > 1 ? options?.sort : undefined });
        return result;
      };
    },
  });
}

function countedCursor(cursor: Cursor<Document>, question: Asked, asked: Asked[]): Cursor<Document> {
  return new Proxy(cursor, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (key === 'sort') question.sort = args[0] as Sort;
        if (key === 'toArray') asked.push({ ...question });
        const result: unknown = Reflect.apply(member, target, args);
        return key === 'toArray' ? result : countedCursor(result as Cursor<Document>, question, asked);
      };
    },
  });
}
