import type { BulkOperation, Collection, Cursor, Document, Filter, Sort } from '../../src/store/port.js';

/** One question asked of the database. */
export interface Asked {
  collection: string;
  method: string;
  filter: Filter;
  sort?: Sort;
}

/** Records what is asked of the database from now on, to be explained afterwards. Tests only: it wraps `db` in place. */
export function recordQueries(ctx: { db: unknown }): Asked[] {
  const asked: Asked[] = [];
  const db = ctx.db as Record<string, Collection<Document>>;
  for (const [name, collection] of Object.entries(db)) db[name] = recorded(name, collection, asked);
  return asked;
}

const filtered = [
  'findOne',
  'countDocuments',
  'updateOne',
  'updateMany',
  'deleteOne',
  'deleteMany',
  'findOneAndUpdate',
];

function recorded(collection: string, target: Collection<Document>, asked: Asked[]): Collection<Document> {
  return new Proxy(target, {
    get(inner, key) {
      const member: unknown = Reflect.get(inner, key);
      if (typeof member !== 'function') return member;
      const method = String(key);
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, inner, args);
        if (method === 'find')
          return recordedCursor(
            result as Cursor<Document>,
            { collection, method, filter: args[0] as Filter },
            asked,
          );
        if (filtered.includes(method)) {
          const { sort } = (args.at(-1) ?? {}) as { sort?: Sort };
          asked.push({
            collection,
            method,
            filter: args[0] as Filter,
            ...(args.length > 1 && sort && { sort }),
          });
        }
        if (method === 'bulkWrite') asked.push(...ofBulk(collection, args[0] as BulkOperation<Document>[]));
        return result;
      };
    },
  });
}

function ofBulk(collection: string, operations: readonly BulkOperation<Document>[]): Asked[] {
  return operations.flatMap((operation) =>
    Object.entries(operation).flatMap(([method, request]: [string, { filter?: Filter }]) =>
      request.filter ? [{ collection, method, filter: request.filter }] : [],
    ),
  );
}

/** A cursor asks when it is read, in the sort it has then. */
function recordedCursor(cursor: Cursor<Document>, so: Asked, asked: Asked[]): Cursor<Document> {
  return {
    sort: (sort) => recordedCursor(cursor.sort(sort), { ...so, sort }, asked),
    skip: (n) => recordedCursor(cursor.skip(n), so, asked),
    limit: (n) => recordedCursor(cursor.limit(n), so, asked),
    toArray: () => {
      asked.push(so);
      return cursor.toArray();
    },
  };
}

/** The question without its values, so that the same question asked twice is one. */
export function shapeOf({ collection, filter, sort }: Asked): string {
  const shape = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.some((one) => typeof one === 'object' && one !== null) ? value.map(shape) : ['…'];
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shape(member)]));
    }
    return value === null || typeof value === 'boolean' ? value : '…';
  };
  return `${collection} ${JSON.stringify(shape(filter))}${sort ? ` sorted by ${JSON.stringify(sort)}` : ''}`;
}
