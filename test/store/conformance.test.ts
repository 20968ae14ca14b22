import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  isDuplicateKey,
  type Collection,
  type Filter,
  type Sort,
  type Store,
  type Update,
} from '../../src/store/port.js';
import {
  by,
  engines,
  idsOf,
  indexes,
  reopenable,
  unique,
  uniqueSparse,
  type Doc,
  type Place,
} from './engines.js';
import { findMissingCapabilities, type Capability } from './capabilities.js';
import { filters, nested, nestedFilters, zoo } from './filters.js';
import { updates } from './updates.js';

const specs = {
  plain: indexes(),
  plainZoo: indexes(),
  // Every path of the zoo, alone and in company: the same questions must have the same answers.
  indexedZoo: indexes(
    by('n'),
    by('s', 'b'),
    by('b', 'n', '_id'),
    by('tags', '_id'),
    by('o.k', '-b'),
    by('list.k'),
    by('list.n'),
    { ...by('missing'), sparse: true },
    { ...by('o.n'), sparse: true },
    { ...by('s', '_id'), only: { field: 's', values: ['a', 'B'] } },
  ),
  pages: indexes(
    by('group', '_id'),
    by('group', '-rank'),
    by('rank', '-name'),
    by('tags', '_id'),
    by('flag'),
  ),
  people: indexes(unique('email'), by('team')),
  members: indexes(unique('team', 'name')),
  optional: indexes(uniqueSparse('mail')),
  boosts: indexes(uniqueSparse('by', 'of')),
  tagged: indexes(unique('tags')),
  queue: indexes(by('state', 'dueAt')),
  waiting: indexes({ ...by('state', 'at'), only: { field: 'state', values: ['ready', 'dead'] } }),
};
type Name = keyof typeof specs;

describe.each(engines)('$name', (engine) => {
  let where: Place;
  let store: Store;
  let missing: Set<Capability>;
  const others: Place[] = [];
  /** A database of its own, removed at the end. */
  const create = (): Place => {
    const place = engine.create();
    others.push(place);
    return place;
  };
  const open = (name: Name): Collection<Doc> => store.collection<Doc>(name);
  const lacks = (capability: Capability): boolean => {
    if (missing.has(capability)) process.stderr.write(`  skipped on ${engine.name}: needs ${capability}\n`);
    return missing.has(capability);
  };

  beforeAll(async () => {
    missing = await findMissingCapabilities(engine);
    where = engine.create();
    store = await where.open(specs);
    await open('plainZoo').insertMany(zoo);
    await open('indexedZoo').insertMany(zoo);
  });
  afterAll(async () => {
    for (const place of [where, ...others]) await place.remove();
  });

  test('is there', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
    expect(store.engine).toBe(engine.name === 'MongoDB' ? 'mongodb' : 'embedded');
    expect(() => store.collection('undeclared')).toThrow(/undeclared/);
  });

  describe('filters', () => {
    // A named third parameter would be taken for Jest's `done`.
    test.each(filters)('%j finds %s', async (...[filter, expected, needs]) => {
      if (needs && lacks(needs)) return;
      const sorted = async (name: Name): Promise<string> =>
        idsOf(await open(name).find(filter).sort({ _id: 1 }).toArray()).join(' ');
      const unsorted = async (name: Name): Promise<string> =>
        idsOf(await open(name).find(filter).toArray())
          .sort()
          .join(' ');
      expect({ plain: await sorted('plainZoo'), indexed: await sorted('indexedZoo') }).toEqual({
        plain: expected,
        indexed: expected,
      });
      expect(await unsorted('indexedZoo')).toBe(expected);
      const count = expected === '' ? 0 : expected.split(' ').length;
      expect(await open('plainZoo').countDocuments(filter)).toBe(count);
      expect(await open('indexedZoo').countDocuments(filter)).toBe(count);
      expect(await open('indexedZoo').countDocuments(filter, { limit: 2 })).toBe(Math.min(2, count));
    });

    test('arrays within arrays', async () => {
      if (lacks('nested arrays')) return;
      const collections = create().open({ plain: indexes(), indexed: indexes(by('tags'), by('list.k')) });
      for (const name of ['plain', 'indexed']) {
        const c = (await collections).collection<Doc>(name);
        await c.insertMany(nested);
        for (const [filter, expected] of nestedFilters) {
          const found = idsOf(await c.find(filter).sort({ _id: 1 }).toArray()).join(' ');
          expect({ name, filter, found }).toEqual({ name, filter, found: expected });
        }
      }
    });

    test('findOne gives null when nothing matches, and the first of a sort', async () => {
      expect(await open('plainZoo').findOne({ _id: 'no' })).toBeNull();
      expect(await open('indexedZoo').findOne({ n: { $gt: 0 } }, { sort: { _id: -1 } })).toEqual(zoo[9]);
      expect(await open('indexedZoo').findOne({ _id: '01' })).toEqual(zoo[0]);
    });

    const refused: [string, unknown][] = [
      ['$regex', { a: { $regex: 'x' } }],
      ['$where', { $where: 'true' }],
      ['$nor', { $nor: [{ a: 1 }] }],
      ['$not', { a: { $not: { $gt: 1 } } }],
      ['$elemMatch', { a: { $elemMatch: { b: 1 } } }],
      ['$expr', { $expr: { $eq: [1, 1] } }],
      ['$text', { $text: { $search: 'x' } }],
      ['$size', { a: { $size: 1 } }],
      ['$mod inside $or', { $or: [{ a: { $mod: [2, 0] } }] }],
      ['an object', { a: { b: 1 } }],
      ['an array', { a: [1] }],
      ['an empty condition', { a: {} }],
      ['undefined', { a: undefined }],
      ['undefined in a condition', { a: { $gt: undefined } }],
      ['an object in $in', { a: { $in: [{ b: 1 }] } }],
      ['an object in $gt', { a: { $gt: { b: 1 } } }],
      ['an inherited name', { a: { $constructor: 1 } }],
      ['an empty $or', { $or: [] }],
      ['a prototype path', { '__proto__.x': 1 }],
      ['not an object', null],
    ];
    test.each(refused)('%s is refused everywhere', async (_, bad) => {
      const filter = bad as Filter;
      const c = open('plain');
      const refusal = { name: 'UnsupportedOperator' };
      await expect(c.findOne(filter)).rejects.toMatchObject(refusal);
      await expect((async () => c.find(filter).toArray())()).rejects.toMatchObject(refusal);
      await expect(c.countDocuments(filter)).rejects.toMatchObject(refusal);
      await expect(c.updateOne(filter, { $set: { a: 1 } })).rejects.toMatchObject(refusal);
      await expect(c.updateMany(filter, { $set: { a: 1 } })).rejects.toMatchObject(refusal);
      await expect(c.findOneAndUpdate(filter, { $set: { a: 1 } })).rejects.toMatchObject(refusal);
      await expect(c.deleteOne(filter)).rejects.toMatchObject(refusal);
      await expect(c.deleteMany(filter)).rejects.toMatchObject(refusal);
      await expect(c.bulkWrite([{ deleteMany: { filter } }])).rejects.toMatchObject(refusal);
      await expect(store.explain('plain', filter)).rejects.toMatchObject(refusal);
    });
  });

  describe('sorting', () => {
    const docs: Doc[] = [
      { _id: '1', v: 2 },
      { _id: '2', v: 'b' },
      { _id: '3', v: null },
      { _id: '4' },
      { _id: '5', v: true },
      { _id: '6', v: -1 },
      { _id: '7', v: 'B' },
      { _id: '8', v: false },
      { _id: '9', v: { a: 1 } },
    ];
    const rising = '3 4 6 1 7 2 9 8 5';
    const sorts: [Sort, string][] = [
      [{ v: 1, _id: 1 }, rising],
      [{ v: -1, _id: 1 }, '5 8 9 2 7 1 6 3 4'],
      [{ v: -1, _id: -1 }, '5 8 9 2 7 1 6 4 3'],
      [{ _id: -1 }, '9 8 7 6 5 4 3 2 1'],
      [{ none: 1, _id: 1 }, '1 2 3 4 5 6 7 8 9'],
    ];
    test.each(sorts)('%j of mixed and missing values', async (sort, expected) => {
      for (const name of ['sorted', 'unsorted'] as const) {
        const spec = name === 'sorted' ? indexes(by('v', '_id'), by('group', 'v')) : indexes();
        const c = (await create().open({ c: spec })).collection<Doc>('c');
        await c.insertMany(docs.map((doc) => ({ ...doc, group: 1 })));
        expect(idsOf(await c.find({}).sort(sort).toArray()).join(' ')).toBe(expected);
        expect(idsOf(await c.find({ group: 1 }).sort(sort).skip(2).limit(3).toArray())).toEqual(
          expected.split(' ').slice(2, 5),
        );
      }
    });

    test('arrays sort by their least element upwards, by their greatest downwards', async () => {
      if (lacks('sort of arrays')) return;
      const c = (await create().open({ c: indexes(by('v')) })).collection<Doc>('c');
      await c.insertMany([
        { _id: '1', v: [5, 1] },
        { _id: '2', v: 3 },
        { _id: '3', v: [2, 9] },
        { _id: '4', v: [] },
        { _id: '5', v: null },
      ]);
      expect(idsOf(await c.find({}).sort({ v: 1 }).toArray())).toEqual(['4', '5', '1', '3', '2']);
      expect(idsOf(await c.find({}).sort({ v: -1 }).toArray())).toEqual(['3', '1', '2', '5', '4']);
    });

    test('a direction other than 1 and -1 is refused', async () => {
      expect(() =>
        open('plain')
          .find({})
          .sort({ a: 2 as 1 }),
      ).toThrow(/direction/);
      await expect(open('plain').findOne({}, { sort: { a: '1' as unknown as 1 } })).rejects.toThrow(
        /direction/,
      );
    });
  });

  describe('many documents', () => {
    const total = 1500;
    const name = (i: number): string => `name ${String((i * 7919) % total).padStart(5, '0')}`;
    const all: Doc[] = Array.from({ length: total }, (_, i) => ({
      _id: String(100_000 + i),
      group: i % 3,
      rank: i % 7 === 0 ? null : i % 50,
      name: name(i),
      tags: i % 2 === 0 ? ['even', `t${i % 10}`, `t${i % 11}`] : [`t${i % 10}`],
      flag: i % 5 === 0,
    }));
    const matching = (test: (doc: Doc) => boolean): string[] => idsOf(all.filter(test));
    beforeAll(async () => void (await open('pages').insertMany(all)));

    test('are all there, in one piece and in pages', async () => {
      expect(idsOf(await open('pages').find({}).sort({ _id: 1 }).toArray())).toEqual(idsOf(all));
      const wanted = matching(({ group }) => group === 1).reverse();
      expect(idsOf(await open('pages').find({ group: 1 }).sort({ _id: -1 }).toArray())).toEqual(wanted);
      const paged: string[] = [];
      for (let before = '999999'; ;) {
        const page = idsOf(
          await open('pages')
            .find({ group: 1, _id: { $lt: before } })
            .sort({ _id: -1 })
            .limit(120)
            .toArray(),
        );
        paged.push(...page);
        before = page.at(-1) ?? '';
        if (page.length < 120) break;
      }
      expect(paged).toEqual(wanted);
    });

    test('with conditions the index does not hold', async () => {
      const wanted = matching(({ group, flag }) => group === 2 && flag === true);
      expect(idsOf(await open('pages').find({ group: 2, flag: true }).sort({ _id: 1 }).toArray())).toEqual(
        wanted,
      );
      expect(
        idsOf(
          await open('pages').find({ group: 2, flag: true }).sort({ _id: 1 }).skip(5).limit(40).toArray(),
        ),
      ).toEqual(wanted.slice(5, 45));
    });

    test('sorted by an index of two directions', async () => {
      const rank = (doc: Doc): number => (doc['rank'] as number | null) ?? -1;
      const sorted = (docs: Doc[], direction: 1 | -1): string[] =>
        idsOf(
          [...docs].sort(
            (a, b) => direction * (rank(a) - rank(b) || (String(a['name']) > String(b['name']) ? -1 : 1)),
          ),
        );
      expect(idsOf(await open('pages').find({}).sort({ rank: 1, name: -1 }).toArray())).toEqual(
        sorted(all, 1),
      );
      expect(idsOf(await open('pages').find({}).sort({ rank: -1, name: 1 }).toArray())).toEqual(
        sorted(all, -1),
      );
      const some = all.filter((doc) => typeof doc['rank'] === 'number' && doc['rank'] > 40);
      expect(
        idsOf(
          await open('pages')
            .find({ rank: { $gt: 40 } })
            .sort({ rank: 1, name: -1 })
            .toArray(),
        ),
      ).toEqual(sorted(some, 1));
    });

    test('a document with many matching elements comes once', async () => {
      const some = ['even', 't1', 't2', 't3'];
      const wanted = matching(({ tags }) => (tags as string[]).some((tag) => some.includes(tag)));
      const filter: Filter = { tags: { $in: some } };
      expect(idsOf(await open('pages').find(filter).toArray()).sort()).toEqual(wanted);
      expect(idsOf(await open('pages').find(filter).sort({ _id: -1 }).limit(100).toArray())).toEqual(
        [...wanted].reverse().slice(0, 100),
      );
      expect(idsOf(await open('pages').find(filter).limit(100).toArray())).toHaveLength(100);
      expect(await open('pages').countDocuments(filter)).toBe(wanted.length);
      expect(await open('pages').countDocuments(filter, { limit: 50 })).toBe(50);
      expect(idsOf(await open('pages').find({ tags: 't3' }).sort({ _id: 1 }).toArray())).toEqual(
        matching(({ tags }) => (tags as string[]).includes('t3')),
      );
    });

    test('$or and $in merge in order', async () => {
      const or: Filter = {
        $or: [{ group: 0, _id: { $lt: '100300' } }, { tags: 't7' }, { group: 0, rank: 3 }],
      };
      const wanted = matching(
        ({ _id, group, tags, rank }) =>
          (group === 0 && _id < '100300') || (tags as string[]).includes('t7') || (group === 0 && rank === 3),
      ).reverse();
      expect(idsOf(await open('pages').find(or).sort({ _id: -1 }).limit(77).toArray())).toEqual(
        wanted.slice(0, 77),
      );
      expect(idsOf(await open('pages').find(or).sort({ _id: -1 }).toArray())).toEqual(wanted);
      expect(await open('pages').countDocuments(or)).toBe(wanted.length);
      const twoGroups = matching(({ group }) => group !== 1).reverse();
      expect(
        idsOf(
          await open('pages')
            .find({ group: { $in: [0, 2] } })
            .sort({ _id: -1 })
            .skip(3)
            .limit(50)
            .toArray(),
        ),
      ).toEqual(twoGroups.slice(3, 53));
    });

    test('a long $in', async () => {
      const many = all.filter((_, i) => i % 3 !== 0).map(({ _id }) => _id);
      expect(
        idsOf(
          await open('pages')
            .find({ _id: { $in: many } })
            .sort({ _id: 1 })
            .toArray(),
        ),
      ).toEqual(many);
      const names = [null, true, ...all.slice(0, 400).map((doc) => String(doc['name']))];
      expect(await open('pages').countDocuments({ name: { $in: names } })).toBe(400);
      expect(await open('pages').countDocuments({ name: { $nin: names } })).toBe(total - 400);
      expect(
        await open('pages').countDocuments({
          rank: { $in: [null, ...Array.from({ length: 90 }, (_, i) => i)] },
        }),
      ).toBe(total);
    });
  });

  describe('documents', () => {
    test('come back as they were, without undefined members', async () => {
      const doc = {
        _id: 'round',
        text: 'née \u{1F600} \u0000 "quoted" \\u0041',
        list: [1, {}, null, 'x'],
        empty: [],
        deep: { a: { b: { c: [true, false, 1.5, -7, 1e21] } } },
        gone: undefined,
        inner: { gone: undefined, kept: null },
        '': 'an empty name',
        constructor: 'a name that objects inherit',
      };
      await open('plain').insertOne(doc as unknown as Doc);
      const { gone: _, ...rest } = doc;
      const found = await open('plain').findOne({ _id: 'round' });
      expect(JSON.parse(JSON.stringify(found))).toEqual({ ...rest, inner: { kept: null } });
      expect(Object.keys(found ?? {})).not.toContain('gone');
    });

    test('text that is not well formed is made so', async () => {
      await open('plain').insertOne({ _id: 'lone', s: 'a\uD800b', o: { t: ['\uDC00'] } });
      expect(await open('plain').findOne({ _id: 'lone' })).toEqual({
        _id: 'lone',
        s: 'a\uFFFDb',
        o: { t: ['\uFFFD'] },
      });
    });

    test.each([
      ['a date', { d: new Date(0) }],
      ['NaN', { n: Number.NaN }],
      ['a bigint', { n: 1n }],
      ['a function', { f: () => 1 }],
      ['a key with NUL', { 'a\0b': 1 }],
      ['a map', { m: new Map() }],
    ])('%s is refused', async (_, members) => {
      await expect(open('plain').insertOne({ _id: 'bad', ...members })).rejects.toMatchObject({
        name: 'InvalidWrite',
      });
      expect(await open('plain').findOne({ _id: 'bad' })).toBeNull();
    });

    test('nesting without end is refused', async () => {
      let deep: unknown = 1;
      for (let i = 0; i < 5000; i++) deep = [deep];
      await expect(open('plain').insertOne({ _id: 'deep', deep })).rejects.toMatchObject({
        name: 'InvalidWrite',
      });
    });

    test.each([{}, { _id: 1 }, { _id: '' }, { _id: null }])('an _id like in %j is refused', async (doc) => {
      await expect(open('plain').insertOne(doc as unknown as Doc)).rejects.toMatchObject({
        name: 'UnsupportedOperator',
      });
    });

    test('what was read or written is not shared with the caller', async () => {
      const doc: Doc = { _id: 'mine', list: [1] };
      await open('plain').insertOne(doc);
      (doc['list'] as number[]).push(2);
      const found = await open('plain').findOne({ _id: 'mine' });
      // An engine may hand out what it keeps for others too, as long as nobody can change it.
      if (!Object.isFrozen(found!['list'])) (found!['list'] as number[]).push(3);
      expect(await open('plain').findOne({ _id: 'mine' })).toEqual({ _id: 'mine', list: [1] });
      const value = { x: [1] };
      const after = await open('plain').findOneAndUpdate(
        { _id: 'mine' },
        { $set: { value } },
        { returnDocument: 'after' },
      );
      value.x.push(2);
      expect(after?.['value']).toEqual({ x: [1] });
    });
  });

  describe('updates', () => {
    test.each(updates)('%s', async (...[title, before, update, after, needs]) => {
      if (needs && lacks(needs)) return;
      const c = open('plain');
      const _id = `update ${title}`;
      await c.insertOne({ _id, ...before });
      if (after === null) {
        await expect(c.updateOne({ _id }, update)).rejects.toThrow();
        expect(await c.findOne({ _id })).toEqual({ _id, ...before });
      } else {
        const changed = JSON.stringify(before) !== JSON.stringify(after);
        const counts = { matchedCount: 1, modifiedCount: changed ? 1 : 0, upsertedCount: 0 };
        expect(await c.updateOne({ _id }, update)).toEqual(counts);
        expect(await c.findOne({ _id })).toEqual({ _id, ...after });
      }
    });

    const refused: [string, unknown][] = [
      ['$push', { $push: { a: 1 } }],
      ['$rename', { $rename: { a: 'b' } }],
      ['$currentDate', { $currentDate: { a: true } }],
      ['$mul', { $mul: { a: 2 } }],
      ['a replacement', { a: 1 }],
      ['nothing', {}],
      ['a pipeline', [{ $set: { a: 1 } }]],
      ['another _id', { $set: { _id: 'other' } }],
      ['two operators on one field', { $set: { a: 1 }, $inc: { a: 1 } }],
      ['two operators on one branch', { $set: { 'a.b': 1 }, $unset: { a: '' } }],
      ['the same, further down', { $set: { a: 1, c: 1 }, $unset: { 'a.b.c': '' } }],
      ['paths with an empty part', { $set: { 'a..b': 1 } }],
      ['a positional path', { $set: { 'a.$': 1 } }],
      ['$inc by a string', { $inc: { a: '1' } }],
      ['$slice in $addToSet', { $addToSet: { a: { $each: [1], $slice: 1 } } }],
      ['$regex in $pull', { $pull: { a: { $regex: 'x' } } }],
      ['a prototype path', { $set: { '__proto__.polluted': 1 } }],
    ];
    test.each(refused)('%s is refused everywhere', async (_, bad) => {
      const update = bad as Update;
      const c = open('plain');
      const refusal = { name: 'UnsupportedOperator' };
      await expect(c.updateOne({}, update)).rejects.toMatchObject(refusal);
      await expect(c.updateMany({}, update)).rejects.toMatchObject(refusal);
      await expect(c.findOneAndUpdate({}, update)).rejects.toMatchObject(refusal);
      await expect(c.bulkWrite([{ updateOne: { filter: {}, update } }])).rejects.toMatchObject(refusal);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    test('updateOne changes one, updateMany all, each once', async () => {
      const c = open('people');
      await c.insertMany([1, 2, 3].map((n) => ({ _id: `u${n}`, email: `u${n}`, team: 1, n })));
      expect(await c.updateOne({ team: 1 }, { $set: { seen: true } })).toMatchObject({ matchedCount: 1 });
      expect(await c.countDocuments({ seen: true })).toBe(1);
      // The update moves each document within the index that finds it.
      const counts = { matchedCount: 3, modifiedCount: 3, upsertedCount: 0 };
      expect(await c.updateMany({ team: { $gte: 1 } }, { $inc: { team: 1 } })).toEqual(counts);
      expect(await c.countDocuments({ team: 2 })).toBe(3);
      expect(await c.updateMany({ team: 2 }, { $max: { n: 2 } })).toEqual({ ...counts, modifiedCount: 1 });
      expect(await c.updateMany({ team: 9 }, { $inc: { team: 1 } })).toEqual({
        matchedCount: 0,
        modifiedCount: 0,
        upsertedCount: 0,
      });
    });

    test('the index follows the document', async () => {
      const c = open('indexedZoo');
      await c.insertOne({ _id: 'm', s: 'before', tags: ['one', 'two'], o: { k: 'k1' } });
      await c.updateOne({ _id: 'm' }, { $set: { s: 'after', o: { k: 'k2' } }, $pull: { tags: 'one' } });
      await c.updateOne({ _id: 'm' }, { $addToSet: { tags: 'three' } });
      const found = async (filter: Filter): Promise<number> => (await c.find(filter).toArray()).length;
      expect(await found({ s: 'before' })).toBe(0);
      expect(await found({ s: 'after' })).toBe(1);
      expect(await found({ tags: 'one' })).toBe(0);
      expect(await found({ tags: 'three' })).toBe(1);
      expect(await found({ 'o.k': 'k1' })).toBe(0);
      expect(await found({ 'o.k': 'k2' })).toBe(1);
      expect(await c.deleteOne({ 'o.k': 'k2' })).toEqual({ deletedCount: 1 });
      expect(await found({ tags: 'two' })).toBe(0);
      expect(await c.countDocuments({})).toBe(zoo.length);
    });
  });

  describe('upserts', () => {
    test('insert the equalities of the filter, $setOnInsert and the rest', async () => {
      if (lacks('upserts from $and')) return;
      const c = open('plain');
      const result = await c.updateOne(
        { kind: 'up', 'o.x': 1, n: { $gt: 5 }, $and: [{ z: { $eq: 'z' } }] },
        { $set: { a: 1 }, $setOnInsert: { _id: 'up1', b: 2 }, $inc: { count: 1 } },
        { upsert: true },
      );
      expect(result).toEqual({ matchedCount: 0, modifiedCount: 0, upsertedCount: 1 });
      const expected = { _id: 'up1', kind: 'up', o: { x: 1 }, z: 'z', a: 1, b: 2, count: 1 };
      expect(await c.findOne({ _id: 'up1' })).toEqual(expected);
    });

    test('update what is there, and leave $setOnInsert alone', async () => {
      const c = open('plain');
      const upsert = (): Promise<unknown> =>
        c.updateOne({ _id: 'up2' }, { $inc: { n: 1 }, $setOnInsert: { born: true } }, { upsert: true });
      expect(await upsert()).toMatchObject({ upsertedCount: 1 });
      expect(await upsert()).toEqual({ matchedCount: 1, modifiedCount: 1, upsertedCount: 0 });
      expect(await c.findOne({ _id: 'up2' })).toEqual({ _id: 'up2', n: 2, born: true });
    });

    test('need an _id', async () => {
      const refusal = { name: 'UnsupportedOperator' };
      const update: Update = { $set: { a: 1 } };
      await expect(open('plain').updateOne({ k: 'none' }, update, { upsert: true })).rejects.toMatchObject(
        refusal,
      );
      await expect(
        open('plain').findOneAndUpdate({ k: 'none' }, update, { upsert: true }),
      ).rejects.toMatchObject(refusal);
      const operation = { updateOne: { filter: { k: 'none' }, update, upsert: true } };
      await expect(open('plain').bulkWrite([operation])).rejects.toMatchObject(refusal);
      await expect(
        open('plain').updateOne({ _id: { $gt: 'a' } }, update, { upsert: true }),
      ).rejects.toMatchObject(refusal);
    });

    test('meet unique indexes', async () => {
      const c = open('people');
      await c.insertOne({ _id: 'up3', email: 'taken' });
      const again = c.updateOne({ _id: 'up4' }, { $set: { email: 'taken' } }, { upsert: true });
      await expect(again).rejects.toMatchObject({ code: 11000 });
      expect(await c.findOne({ _id: 'up4' })).toBeNull();
    });

    test('findOneAndUpdate tells what was before, or is after', async () => {
      const c = open('plain');
      const set: Update = { $set: { v: 1 } };
      expect(await c.findOneAndUpdate({ _id: 'f1' }, set)).toBeNull();
      expect(await c.findOneAndUpdate({ _id: 'f1' }, set, { upsert: true })).toBeNull();
      expect(await c.findOneAndUpdate({ _id: 'f1' }, { $set: { v: 2 } })).toEqual({ _id: 'f1', v: 1 });
      const after = { upsert: true, returnDocument: 'after' } as const;
      expect(await c.findOneAndUpdate({ _id: 'f1' }, { $inc: { v: 1 } }, after)).toEqual({ _id: 'f1', v: 3 });
      expect(await c.findOneAndUpdate({ _id: 'f2' }, { $inc: { v: 1 } }, after)).toEqual({ _id: 'f2', v: 1 });
    });
  });

  describe('claims', () => {
    test('in parallel give every document once, in order', async () => {
      if (lacks('atomic updates')) return;
      const c = open('queue');
      const total = 40;
      await c.insertMany(
        Array.from({ length: total }, (_, i) => ({
          _id: `q${i}`,
          state: 'ready',
          dueAt: `2020-01-01T00:${10 + (total - i)}`,
        })),
      );
      const claim = (worker: number): Promise<Doc | null> =>
        c.findOneAndUpdate(
          { state: 'ready', dueAt: { $lte: '2021' } },
          { $set: { state: 'leased', worker } },
          { sort: { dueAt: 1 }, returnDocument: 'after' },
        );
      expect(await claim(-1)).toMatchObject({ _id: `q${total - 1}`, worker: -1 });
      const claimed = await Promise.all(Array.from({ length: total + 5 }, (_, i) => claim(i)));
      const ids = claimed.flatMap((doc) => (doc ? [doc._id] : []));
      expect(new Set(ids).size).toBe(ids.length);
      // What a race left over is found by trying again.
      for (let doc = await claim(99); doc; doc = await claim(99)) ids.push(doc._id);
      expect(new Set(ids)).toEqual(new Set(Array.from({ length: total - 1 }, (_, i) => `q${i}`)));
      expect(ids).toHaveLength(total - 1);
    });

    test('increments in parallel are not lost', async () => {
      if (lacks('atomic updates')) return;
      const c = open('plain');
      await c.insertOne({ _id: 'counter', n: 0 });
      await Promise.all(
        Array.from({ length: 25 }, () => c.updateOne({ _id: 'counter' }, { $inc: { n: 1 } })),
      );
      expect(await c.findOne({ _id: 'counter' })).toEqual({ _id: 'counter', n: 25 });
    });
  });

  describe('unique indexes', () => {
    const refusal = { code: 11000 };

    test('on _id', async () => {
      await open('plain').insertOne({ _id: 'once' });
      const error = await open('plain')
        .insertOne({ _id: 'once' })
        .catch((e: unknown) => e);
      expect(isDuplicateKey(error)).toBe(true);
    });

    test('on one field; missing counts as null', async () => {
      if (lacks('codes of duplicate updates') || lacks('unique missing values')) return;
      const c = open('people');
      await c.insertOne({ _id: 'p1', email: 'one' });
      await expect(c.insertOne({ _id: 'p2', email: 'one' })).rejects.toMatchObject(refusal);
      expect(await c.findOne({ _id: 'p2' })).toBeNull();
      await c.insertOne({ _id: 'p3', email: 'two' });
      await expect(c.updateOne({ _id: 'p3' }, { $set: { email: 'one' } })).rejects.toMatchObject(refusal);
      await expect(c.updateMany({ _id: 'p3' }, { $set: { email: 'one' } })).rejects.toMatchObject(refusal);
      await expect(c.findOneAndUpdate({ _id: 'p3' }, { $set: { email: 'one' } })).rejects.toMatchObject(
        refusal,
      );
      expect(await c.findOne({ email: 'two' })).toEqual({ _id: 'p3', email: 'two' });
      await c.insertOne({ _id: 'p4', email: null });
      await expect(c.insertOne({ _id: 'p5', email: null })).rejects.toMatchObject(refusal);
      await c.insertOne({ _id: 'p6', email: 1 });
      await c.insertOne({ _id: 'p7', email: '1' });
      await c.insertOne({ _id: 'p8', email: true });
      await expect(c.insertOne({ _id: 'p9', email: true })).rejects.toMatchObject(refusal);
      await c.deleteOne({ _id: 'p1' });
      await c.insertOne({ _id: 'p2', email: 'one' });
    });

    test('on several fields', async () => {
      if (lacks('codes of duplicate updates')) return;
      const c = open('members');
      await c.insertOne({ _id: '1', team: 'a', name: 'x' });
      await c.insertOne({ _id: '2', team: 'a', name: 'y' });
      await c.insertOne({ _id: '3', team: 'b', name: 'x' });
      await expect(c.insertOne({ _id: '4', team: 'b', name: 'x' })).rejects.toMatchObject(refusal);
      await expect(c.updateOne({ _id: '2' }, { $set: { name: 'x' } })).rejects.toMatchObject(refusal);
      await c.updateOne({ _id: '2' }, { $set: { name: 'z' } });
      await c.insertOne({ _id: '4', team: 'a', name: 'y' });
    });

    test('sparse ones leave out missing and null', async () => {
      if (lacks('partial indexes')) return;
      const c = open('optional');
      await c.insertMany([{ _id: '1' }, { _id: '2' }, { _id: '3', mail: null }, { _id: '4', mail: null }]);
      await c.insertOne({ _id: '5', mail: 'a' });
      await expect(c.insertOne({ _id: '6', mail: 'a' })).rejects.toMatchObject(refusal);
      await expect(c.updateOne({ _id: '3' }, { $set: { mail: 'a' } })).rejects.toMatchObject(refusal);
      await c.updateOne({ _id: '5' }, { $set: { mail: null } });
      await c.updateOne({ _id: '3' }, { $set: { mail: 'a' } });
      await c.updateOne({ _id: '3' }, { $unset: { mail: '' } });
      await c.insertOne({ _id: '6', mail: 'a' });
      expect(idsOf(await c.find({ mail: 'a' }).toArray())).toEqual(['6']);
      expect(idsOf(await c.find({ mail: null }).sort({ _id: 1 }).toArray())).toEqual([
        '1',
        '2',
        '3',
        '4',
        '5',
      ]);
      expect(idsOf(await c.find({}).sort({ mail: -1, _id: 1 }).toArray())[0]).toBe('6');
    });

    test('sparse ones of several fields need all of them', async () => {
      if (lacks('partial indexes')) return;
      const c = open('boosts');
      await c.insertMany([
        { _id: '1', by: 'a', of: null },
        { _id: '2', by: 'a', of: null },
        { _id: '3', by: 'a' },
        { _id: '4', by: 'a', of: 's' },
        { _id: '5', by: 'b', of: 's' },
      ]);
      await expect(c.insertOne({ _id: '6', by: 'a', of: 's' })).rejects.toMatchObject(refusal);
      expect(idsOf(await c.find({ by: 'a', of: 's' }).toArray())).toEqual(['4']);
      expect(await c.countDocuments({ by: 'a' })).toBe(4);
    });

    test('those of some values serve questions for these, and no others are missed', async () => {
      const c = open('waiting');
      await c.insertMany(
        ['ready', 'leased', 'dead', 'leased', null].map((state, at) => ({ _id: `w${at}`, state, at })),
      );
      await c.insertOne({ _id: 'w5', state: ['leased', 'ready'], at: 5 });
      await c.insertOne({ _id: 'w6', at: 6 });
      const of = async (state: Filter[string]): Promise<string> =>
        idsOf(await c.find({ state }).sort({ _id: 1 }).toArray()).join(' ');
      expect(await of('ready')).toBe('w0 w5');
      expect(await of('leased')).toBe('w1 w3 w5');
      expect(await of({ $in: ['ready', 'dead'] })).toBe('w0 w2 w5');
      expect(await of({ $in: ['ready', 'leased'] })).toBe('w0 w1 w3 w5');
      expect(await of(null)).toBe('w4 w6');
      expect(await of({ $gt: 'l' })).toBe('w0 w1 w3 w5');
      await c.updateMany({ state: 'ready', at: { $lt: 5 } }, { $set: { state: 'leased' } });
      expect(await of('ready')).toBe('w5');
      await c.updateMany({ state: 'leased' }, { $set: { state: 'dead' } });
      expect(await of('dead')).toBe('w0 w1 w2 w3 w5');
      await c.deleteMany({ state: 'dead' });
      expect(await c.countDocuments({})).toBe(2);
      expect(await store.explain('waiting', { state: 'ready' })).toBe('index');
    });

    test('on arrays hold for each element', async () => {
      if (lacks('unique elements of arrays')) return;
      const c = open('tagged');
      await c.insertOne({ _id: '1', tags: ['a', 'b', 'a'] });
      await c.insertOne({ _id: '2', tags: ['c'] });
      await expect(c.insertOne({ _id: '3', tags: ['d', 'b'] })).rejects.toMatchObject(refusal);
      await expect(c.updateOne({ _id: '2' }, { $addToSet: { tags: 'a' } })).rejects.toMatchObject(refusal);
      expect(await c.countDocuments({ tags: 'd' })).toBe(0);
      await c.updateOne({ _id: '1' }, { $pull: { tags: 'a' } });
      await c.updateOne({ _id: '2' }, { $addToSet: { tags: 'a' } });
      expect(idsOf(await c.find({ tags: 'a' }).toArray())).toEqual(['2']);
    });

    test('a refused write fails alone among many at once', async () => {
      const c = open('people');
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => c.insertOne({ _id: `g${i}`, email: `g${i - (i % 2)}` })),
      );
      expect(results.map(({ status }) => status === 'fulfilled')).toEqual(results.map((_, i) => i % 2 === 0));
      expect(await c.countDocuments({ email: { $gt: 'g', $lt: 'h' } })).toBe(10);
    });
  });

  describe('lists of writes', () => {
    const four = (prefix: string): Doc[] =>
      ['1', '2', '2', '3'].map((n) => ({ _id: prefix + n, email: prefix + n }));

    test('insertMany stops at a duplicate, or goes on when unordered', async () => {
      const c = open('people');
      await expect(c.insertMany(four('o'))).rejects.toMatchObject({ code: 11000 });
      expect(await c.countDocuments({ _id: { $in: ['o1', 'o2', 'o3'] } })).toBe(2);
      await expect(c.insertMany(four('n'), { ordered: false })).rejects.toMatchObject({ code: 11000 });
      expect(await c.countDocuments({ _id: { $in: ['n1', 'n2', 'n3'] } })).toBe(3);
      await c.insertMany([]);
    });

    test('bulkWrite does all kinds in order', async () => {
      const c = open('plain');
      await c.bulkWrite([
        { insertOne: { document: { _id: 'b1', k: 'bulk', n: 1 } } },
        { insertOne: { document: { _id: 'b2', k: 'bulk', n: 1 } } },
        { insertOne: { document: { _id: 'b3', k: 'bulk', n: 1 } } },
        { updateOne: { filter: { _id: 'b1' }, update: { $inc: { n: 5 } } } },
        { updateOne: { filter: { _id: 'b4' }, update: { $set: { k: 'bulk', n: 7 } }, upsert: true } },
        { updateMany: { filter: { k: 'bulk', n: 1 }, update: { $set: { n: 2 } } } },
        { deleteOne: { filter: { _id: 'b2' } } },
      ]);
      const found = await c.find({ k: 'bulk' }).sort({ _id: 1 }).toArray();
      expect(found.map(({ _id, n }) => [_id, n])).toEqual([
        ['b1', 6],
        ['b3', 2],
        ['b4', 7],
      ]);
      await c.bulkWrite([{ deleteMany: { filter: { k: 'bulk' } } }]);
      expect(await c.countDocuments({ k: 'bulk' })).toBe(0);
      await c.bulkWrite([]);
    });

    test('bulkWrite stops at a duplicate, or goes on when unordered', async () => {
      const c = open('people');
      const operations = (p: string) => four(p).map((document) => ({ insertOne: { document } }));
      await expect(c.bulkWrite(operations('w'))).rejects.toMatchObject({ code: 11000 });
      expect(await c.countDocuments({ _id: { $in: ['w1', 'w2', 'w3'] } })).toBe(2);
      await expect(c.bulkWrite(operations('v'), { ordered: false })).rejects.toMatchObject({ code: 11000 });
      expect(await c.countDocuments({ _id: { $in: ['v1', 'v2', 'v3'] } })).toBe(3);
    });

    test('a refused operator keeps the whole list from starting', async () => {
      const c = open('plain');
      const bad = { updateOne: { filter: {}, update: { $push: { a: 1 } } as Update } };
      const list = [{ insertOne: { document: { _id: 'never' } } }, bad];
      await expect(c.bulkWrite(list)).rejects.toMatchObject({ name: 'UnsupportedOperator' });
      expect(await c.findOne({ _id: 'never' })).toBeNull();
    });

    test('deletes count what they removed', async () => {
      const c = open('plain');
      await c.insertMany(
        Array.from({ length: 700 }, (_, i) => ({ _id: `d${i}`, k: 'delete', odd: i % 2 === 1 })),
      );
      expect(await c.deleteOne({ k: 'delete' })).toEqual({ deletedCount: 1 });
      expect(await c.deleteOne({ k: 'nothing' })).toEqual({ deletedCount: 0 });
      const odd = await c.countDocuments({ k: 'delete', odd: true });
      expect(await c.deleteMany({ k: 'delete', odd: true })).toEqual({ deletedCount: odd });
      expect(await c.deleteMany({ k: 'delete' })).toEqual({ deletedCount: 699 - odd });
      expect(await c.countDocuments({ k: 'delete' })).toBe(0);
    });
  });

  describe('explain', () => {
    const cases: [Name, Filter, Sort | undefined, 'index' | 'scan'][] = [
      ['pages', { group: 1 }, { _id: -1 }, 'index'],
      ['pages', { group: 1, _id: { $lt: '5' } }, { _id: -1 }, 'index'],
      ['pages', { tags: 'x' }, undefined, 'index'],
      ['pages', { _id: { $in: ['1', '2'] } }, undefined, 'index'],
      ['pages', { $or: [{ group: 1 }, { tags: 'x' }] }, undefined, 'index'],
      ['pages', {}, { _id: -1 }, 'index'],
      ['pages', { name: 'x' }, undefined, 'scan'],
      ['pages', { $or: [{ group: 1 }, { name: 'x' }] }, undefined, 'scan'],
      ['optional', { mail: 'x' }, undefined, 'index'],
      ['plain', { a: 1 }, undefined, 'scan'],
      ['plain', {}, undefined, 'scan'],
    ];
    test.each(cases)('%s %j %j: %s', async (name, filter, sort, expected) => {
      if (lacks('explain')) return;
      expect(await store.explain(name, filter, sort)).toBe(expected);
    });
  });

  describe('text search', () => {
    test('finds words and phrases in any language, newest first', async () => {
      const index = store.textIndex('statuses');
      expect(await index.search('anything', { limit: 5 })).toEqual([]);
      const texts: [string, string][] = [
        ['1001', 'The quick brown fox, and a category of its own'],
        ['1002', 'A brown bear is not quick. C’est la vie à Zürich!'],
        ['1003', 'quick brown, no more'],
        ['1004', '明日は東京に行きます'],
        ['1005', 'Привет, мир'],
        ['1006', 'to be OR not to be -- "quoted" (parens) * NEAR'],
      ];
      for (const [id, text] of texts) await index.put(id, text);
      const search = (query: string, before?: string): Promise<string[]> =>
        index.search(query, { limit: 10, ...(before && { before }) });
      expect(await search('quick')).toEqual(['1003', '1002', '1001']);
      expect(await search('QUICK bear')).toEqual(['1002']);
      expect(await search('"quick brown"')).toEqual(['1003', '1001']);
      expect(await search('"quick brown" fox')).toEqual(['1001']);
      expect(await search('cat')).toEqual([]);
      expect(await search('東京')).toEqual(['1004']);
      expect(await search('мир')).toEqual(['1005']);
      expect(await search('OR NEAR')).toEqual(['1006']);
      expect(await search('quoted" * (')).toEqual(['1006']);
      expect(await search('')).toEqual([]);
      expect(await search('"" ()')).toEqual([]);
      expect(await search('quick', '1003')).toEqual(['1002', '1001']);
      expect(await index.search('quick', { limit: 1 })).toEqual(['1003']);
      await index.put('1003', 'something else');
      expect(await search('quick')).toEqual(['1002', '1001']);
      await index.remove('1001');
      await index.remove('9999');
      expect(await search('quick')).toEqual(['1002']);
    });
  });
});

describe.each(reopenable)('$name, opened again', (engine) => {
  test('keeps documents, follows changed declarations, and refuses duplicates for a new unique index', async () => {
    const where = engine.create();
    const first = await where.open({ c: indexes(by('a')) });
    await first
      .collection<Doc>('c')
      .insertMany(
        Array.from({ length: 700 }, (_, i) => ({ _id: `${1000 + i}`, a: i % 3, b: i % 7, t: [i % 2, 'x'] })),
      );
    await first.migrate();
    await first.close();
    const second = await where.open({ c: indexes(by('b', '_id'), by('t')), d: indexes() });
    const c = second.collection<Doc>('c');
    expect(await c.countDocuments({ b: 3 })).toBe(100);
    expect(idsOf(await c.find({ b: 3 }).sort({ _id: -1 }).limit(2).toArray())).toEqual(['1696', '1689']);
    expect(await c.countDocuments({ t: { $in: ['x', 1] } })).toBe(700);
    expect(await c.countDocuments({ a: 0 })).toBe(234);
    await second.close();
    await expect(where.open({ c: indexes(unique('b')) })).rejects.toThrow(/E11000|UNIQUE|two documents of/);
    const third = await where.open({ c: indexes(by('b', '_id')) });
    expect(await third.collection<Doc>('c').countDocuments({ b: 3 })).toBe(100);
    await where.remove();
  });
});
