import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Query } from 'mingo';
import { updateOne } from 'mingo/updater';
import {
  isDuplicateKey,
  type Collection,
  type Filter,
  type Sort,
  type Update,
  type UpdateResult,
} from '../../src/store/port.js';
import { findMissingCapabilities } from './capabilities.js';
import { findInconsistencies } from './consistency.js';
import { by, engines, indexes, unique, uniqueSparse, type Doc } from './engines.js';

/**
 * Random operations on an engine and on the plainest possible model: an array, with mingo for filters and updates. The
 * values stay where mingo and MongoDB agree; conformance.test.ts has the rest by hand.
 */
const spec = indexes(
  by('n'),
  by('s', '-n'),
  by('n', '_id'),
  by('s', '_id'),
  by('tags', '_id'),
  by('o.k', 'n'),
  { ...by('o.k'), sparse: true },
  { ...by('s', 'n'), only: { field: 's', values: ['a', 'b'] } },
  unique('key'),
  uniqueSparse('mail'),
);

const id = fc.integer({ min: 0, max: 25 }).map((i) => `d${String(i).padStart(2, '0')}`);
const number = fc.constantFrom(-2, -1, 0, 0.5, 1, 2, 3, 10);
const text = fc.constantFrom('', 'a', 'B', 'b', 'bb', 'é', 'z');
const scalar = fc.oneof(number, text, fc.constant(null), fc.boolean());
const tag = fc.constantFrom('x', 'y', 'z');

const members = fc.record(
  {
    n: fc.oneof({ arbitrary: number, weight: 4 }, { arbitrary: scalar, weight: 1 }),
    s: fc.oneof({ arbitrary: text, weight: 4 }, { arbitrary: scalar, weight: 1 }),
    tags: fc.oneof(fc.array(tag, { minLength: 1, maxLength: 4 }), tag),
    o: fc.record({ k: fc.oneof(text, number, fc.constant(null)), m: number }, { requiredKeys: [] }),
    mail: fc.oneof(fc.constant(null), text),
  },
  { requiredKeys: [] },
);
const document: fc.Arbitrary<Doc> = fc
  .tuple(id, fc.nat({ max: 60 }), members)
  .map(([_id, key, rest]) => ({ _id, key: `k${key}`, ...rest }));

const path = fc.constantFrom('n', 's', 'tags', 'o.k', 'o.m', 'mail', 'nothing');
const bound = fc.oneof(number, text);
const list = fc.array(scalar, { maxLength: 4 });
const condition = fc.oneof(
  scalar,
  fc.record({ $eq: scalar }),
  fc.record({ $ne: scalar }),
  fc.record({ $in: list }),
  fc.record({ $nin: list }),
  fc.record({ $gt: bound }),
  fc.record({ $gte: bound, $lt: bound }, { requiredKeys: ['$gte'] }),
  fc.record({ $lte: bound }),
  fc.record({ $exists: fc.boolean() }),
);
const simple: fc.Arbitrary<Filter> = fc.oneof(
  fc.dictionary(path, condition, { maxKeys: 3 }),
  fc.record({
    _id: fc.oneof(id, fc.record({ $in: fc.array(id, { maxLength: 5 }) }), fc.record({ $lt: id })),
  }),
  fc.record({ s: text, _id: fc.record({ $gt: id }) }),
) as fc.Arbitrary<Filter>;
const branches = fc.array(simple, { minLength: 1, maxLength: 3 });
const filter: fc.Arbitrary<Filter> = fc.oneof(
  { arbitrary: simple, weight: 4 },
  { arbitrary: fc.tuple(simple, branches).map(([rest, $or]) => ({ ...rest, $or })), weight: 1 },
  { arbitrary: fc.tuple(simple, branches).map(([rest, $and]) => ({ ...rest, $and })), weight: 1 },
);

const harmless = [
  fc.record({ $set: fc.record({ n: number, s: text }, { requiredKeys: ['n'] }) }),
  fc.record({ $set: fc.record({ s: scalar }) }),
  fc.record({ $set: fc.record({ o: fc.record({ k: text }) }) }),
  fc.record({ $unset: fc.constant({ n: '' as const, mail: '' as const }) }),
  fc.record({ $inc: fc.record({ count: fc.integer({ min: 1, max: 3 }) }) }),
  fc.record({ $max: fc.record({ seen: number }) }),
  fc.record({ $addToSet: fc.record({ extra: tag }) }),
  fc.record({ $pull: fc.record({ extra: tag }) }),
];
/** For many documents: cannot break a unique index, since how far it got would be anybody's guess. */
const updateOfMany: fc.Arbitrary<Update> = fc.oneof(...harmless);
const update: fc.Arbitrary<Update> = fc.oneof(
  ...harmless,
  fc.record({ $set: fc.record({ mail: fc.oneof(text, fc.constant(null)) }) }),
  fc.record({ $set: fc.record({ key: fc.nat({ max: 60 }).map((n) => `k${n}`), n: number }) }),
);

const sort: fc.Arbitrary<Sort> = fc.oneof(
  fc.constantFrom<Sort>({ _id: 1 }, { _id: -1 }),
  fc
    .tuple(
      fc.constantFrom('n', 's', 'o.k', 'mail'),
      fc.constantFrom(1 as const, -1 as const),
      fc.constantFrom(1 as const, -1 as const),
    )
    .map(([field, direction, tie]) => ({ [field]: direction, _id: tie })),
);

type Operation =
  | { do: 'insert'; documents: Doc[]; ordered: boolean }
  | { do: 'update'; filter: Filter; update: Update }
  | { do: 'updateMany'; filter: Filter; update: Update }
  | { do: 'upsert'; id: string; update: Update }
  | { do: 'delete'; filter: Filter }
  | { do: 'deleteMany'; filter: Filter }
  | { do: 'claim'; filter: Filter; update: Update; sort: Sort }
  | { do: 'find'; filter: Filter; sort: Sort; skip: number; limit: number }
  | { do: 'count'; filter: Filter; limit: number };

const word = <T extends string>(value: T): fc.Arbitrary<T> => fc.constant(value);
/** Which of several matches an update of one takes is not said, so it gets at most one. */
const single = fc.tuple(id, simple).map(([_id, rest]): Filter => ({ $and: [{ _id }, rest] }));
const several = fc.array(document, { minLength: 1, maxLength: 6 });
const operation: fc.Arbitrary<Operation> = fc
  .oneof(
    { arbitrary: fc.record({ do: word('insert'), documents: several, ordered: fc.boolean() }), weight: 4 },
    {
      arbitrary: fc.record({
        do: word('update'),
        filter: fc.oneof(
          single,
          id.map((_id) => ({ _id })),
        ),
        update,
      }),
      weight: 2,
    },
    { arbitrary: fc.record({ do: word('updateMany'), filter, update: updateOfMany }), weight: 1 },
    { arbitrary: fc.record({ do: word('upsert'), id, update }), weight: 1 },
    { arbitrary: fc.record({ do: word('delete'), filter: single }), weight: 1 },
    { arbitrary: fc.record({ do: word('deleteMany'), filter }), weight: 1 },
    { arbitrary: fc.record({ do: word('claim'), filter, update, sort }), weight: 1 },
    {
      arbitrary: fc.record({
        do: word('find'),
        filter,
        sort,
        skip: fc.nat({ max: 3 }),
        limit: fc.nat({ max: 6 }),
      }),
      weight: 6,
    },
    { arbitrary: fc.record({ do: word('count'), filter, limit: fc.nat({ max: 3 }) }), weight: 2 },
  )
  // Plain objects with the usual prototype.
  .map((made) => JSON.parse(JSON.stringify(made)) as Operation);

/** MongoDB's order of the types in use; missing counts as null. */
function rank(value: unknown): number {
  return value === undefined || value === null
    ? 0
    : ({ number: 1, string: 2, boolean: 4 }[String(typeof value)] ?? 3);
}

function compare(a: Doc, b: Doc, by: Sort): number {
  const at = (doc: Doc, dotted: string): unknown =>
    dotted
      .split('.')
      .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], doc);
  for (const [field, direction] of Object.entries(by)) {
    const [x, y] = [at(a, field), at(b, field)] as [number, number];
    const difference = rank(x) - rank(y) || (x < y ? -1 : x > y ? 1 : 0);
    if (difference !== 0) return difference * direction;
  }
  return 0;
}

/** Not structuredClone: under Jest its objects are of another realm, which mingo takes for another type. */
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

type Outcome = { found?: unknown; counts?: unknown; duplicate?: true };

/** The same words on an array. */
function createModel(withUnique: boolean) {
  let docs: Doc[] = [];
  const matching = (where: Filter): Doc[] => {
    const query = new Query(where as Record<string, never>);
    return docs.filter((doc) => query.test(doc));
  };
  const collides = (doc: Doc, others: readonly Doc[]): boolean =>
    others.some(
      (other) =>
        other._id === doc._id ||
        (withUnique &&
          (other['key'] === doc['key'] ||
            (typeof doc['mail'] === 'string' && other['mail'] === doc['mail']))),
    );
  const add = (doc: Doc): boolean => {
    if (collides(doc, docs)) return false;
    docs.push(copyOf(doc));
    return true;
  };
  /** The changed document; null when a unique index refuses it. */
  const change = (doc: Doc, by: Update): { after: Doc; modified: boolean } | null => {
    const after = [copyOf(doc)];
    const { modifiedCount } = updateOne(after, {}, by as Record<string, never>, { cloneMode: 'deep' });
    const [changed] = after;
    if (
      !changed ||
      collides(
        changed,
        docs.filter(({ _id }) => _id !== doc._id),
      )
    )
      return null;
    docs = docs.map((other) => (other === doc ? changed : other));
    return { after: changed, modified: modifiedCount > 0 };
  };
  const counts = (matchedCount: number, modifiedCount: number, upsertedCount = 0): Outcome => ({
    counts: { matchedCount, modifiedCount, upsertedCount } satisfies UpdateResult,
  });
  const update = (target: Doc | undefined, by: Update): Outcome => {
    if (!target) return counts(0, 0);
    const result = change(target, by);
    return result ? counts(1, result.modified ? 1 : 0) : { duplicate: true };
  };
  const perform = (op: Operation): Outcome => {
    switch (op.do) {
      case 'insert': {
        let failed = false;
        for (const doc of op.documents) if (!(failed && op.ordered) && !add(doc)) failed = true;
        return failed ? { duplicate: true } : {};
      }
      case 'update':
        return update(matching(op.filter)[0], op.update);
      case 'updateMany': {
        const found = matching(op.filter);
        const changed = found.map((doc) => change(doc, op.update));
        return counts(found.length, changed.filter((result) => result?.modified).length);
      }
      case 'upsert': {
        const there = docs.find(({ _id }) => _id === op.id);
        if (there) return update(there, op.update);
        const fresh = [{ _id: op.id } as Doc];
        updateOne(fresh, {}, op.update as Record<string, never>, { cloneMode: 'deep' });
        return fresh[0] && add(fresh[0]) ? counts(0, 0, 1) : { duplicate: true };
      }
      case 'delete':
      case 'deleteMany': {
        const found = matching(op.filter);
        docs = docs.filter((doc) => !found.includes(doc));
        return { counts: { deletedCount: found.length } };
      }
      case 'claim': {
        const target = matching(op.filter).sort((a, b) => compare(a, b, op.sort))[0];
        if (!target) return { found: null };
        const result = change(target, op.update);
        return result ? { found: result.after } : { duplicate: true };
      }
      case 'find': {
        const found = matching(op.filter).sort((a, b) => compare(a, b, op.sort));
        return { found: found.slice(op.skip, op.limit ? op.skip + op.limit : undefined) };
      }
      case 'count': {
        const count = matching(op.filter).length;
        return { counts: op.limit ? Math.min(op.limit, count) : count };
      }
    }
  };
  return { perform, all: (): Doc[] => [...docs].sort((a, b) => compare(a, b, { _id: 1 })) };
}

async function performOn(c: Collection<Doc>, op: Operation): Promise<Outcome> {
  switch (op.do) {
    case 'insert':
      await c.insertMany(op.documents, { ordered: op.ordered });
      return {};
    case 'update':
      return { counts: await c.updateOne(op.filter, op.update) };
    case 'updateMany':
      return { counts: await c.updateMany(op.filter, op.update) };
    case 'upsert':
      return { counts: await c.updateOne({ _id: op.id }, op.update, { upsert: true }) };
    case 'delete':
      return { counts: await c.deleteOne(op.filter) };
    case 'deleteMany':
      return { counts: await c.deleteMany(op.filter) };
    case 'claim':
      return {
        found: await c.findOneAndUpdate(op.filter, op.update, { sort: op.sort, returnDocument: 'after' }),
      };
    case 'find':
      return { found: await c.find(op.filter).sort(op.sort).skip(op.skip).limit(op.limit).toArray() };
    case 'count':
      return { counts: await c.countDocuments(op.filter, { limit: op.limit }) };
  }
}

const attempt = (c: Collection<Doc>, op: Operation): Promise<Outcome> =>
  performOn(c, op).catch((error: unknown) => {
    if (isDuplicateKey(error)) return { duplicate: true };
    throw error;
  });

const runs: Record<string, number> = { 'embedded in memory': 300, 'embedded on disk': 60, MongoDB: 15 };

describe.each(engines)('$name', (engine) => {
  test('does what an array does', async () => {
    const missing = await findMissingCapabilities(engine);
    const whole = !missing.has('partial indexes') && !missing.has('codes of duplicate updates');
    const indexesHere = whole ? spec : indexes(...spec.indexes.filter((index) => !index.unique));
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 5, maxLength: 60, size: 'max' }),
        async (operations) => {
          const place = engine.create();
          try {
            const c = (await place.open({ c: indexesHere })).collection<Doc>('c');
            const model = createModel(whole);
            for (const op of operations) {
              const expected = model.perform(op);
              expect({ op, ...(await attempt(c, op)) }).toEqual({ op, ...expected });
            }
            expect(await c.find({}).sort({ _id: 1 }).toArray()).toEqual(model.all());
            if (place.file) expect(findInconsistencies(place.file, { c: indexesHere })).toEqual([]);
          } finally {
            await place.remove();
          }
        },
      ),
      { numRuns: runs[engine.name] ?? 20 },
    );
  }, 900_000);
});
