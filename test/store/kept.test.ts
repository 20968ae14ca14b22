import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnswers } from '../../src/store/embedded/answers.js';
import { openEmbeddedStore, type EmbeddedOptions } from '../../src/store/embedded/open.js';
import type { Collection, Store } from '../../src/store/port.js';
import { by, threadOfSources, unique, type Doc, type Specs } from './engines.js';

/** What the embedded engine remembers between reads: documents of hot collections, and what an index does not hold. */

const specs: Specs = {
  hot: { indexes: [unique('key'), by('text', '_id')], hot: true },
  steady: { indexes: [unique('key'), by('text', '_id')], hot: true, steady: true },
  edges: { indexes: [unique('from', 'to'), by('to', '_id')] },
};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let dir: string;
let stores: Store[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'landfall-kept-'));
  stores = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(dir, { recursive: true });
});

/** Where the next stores write. */
let writing: Pick<EmbeddedOptions, 'thread'>;

async function open(name: keyof typeof specs & string): Promise<Collection<Doc>> {
  const store = await openEmbeddedStore({ path: join(dir, 'landfall.sqlite'), specs, ...writing });
  stores.push(store);
  await store.migrate();
  return store.collection<Doc>(name);
}

describe.each([
  ['written here', {}],
  ['written by a thread', { thread: threadOfSources }],
] as const)('%s', (_, chosen) => {
  beforeEach(() => void (writing = chosen));

  describe('answers of steady collections', () => {
    test('are remembered, and given up with any write that moves a row', async () => {
      const steady = await open('steady');
      const texts = async (): Promise<string> =>
        (await steady.find({ text: 'x' }).sort({ _id: 1 }).toArray()).map(({ _id }) => _id).join();
      expect(await texts()).toBe('');
      await steady.insertOne({ _id: '2', key: 'b', text: 'x' });
      expect(await texts()).toBe('2');
      await steady.insertOne({ _id: '1', key: 'a', text: 'x' });
      expect([await texts(), await texts()]).toEqual(['1,2', '1,2']);
      await steady.updateOne({ _id: '1' }, { $set: { text: 'y' } });
      expect(await texts()).toBe('2');
      await steady.updateMany({ text: 'y' }, { $set: { text: 'x' } });
      expect(await texts()).toBe('1,2');
      await steady.deleteOne({ _id: '2' });
      expect(await texts()).toBe('1');
      expect(await steady.find({ text: 'x' }).sort({ _id: 1 }).limit(1).toArray()).toHaveLength(1);
      const other = await open('steady');
      await other.insertOne({ _id: '3', key: 'c', text: 'x' });
      await nextTurn();
      expect(await texts()).toBe('1,3');
    });

    test('come from memory: the file is not asked twice', () => {
      const answers = createAnswers();
      const asked = { query: { filter: { text: 'x' } }, shape: { text: '', values: ['x'] } };
      let times = 0;
      const find = (): string[] => [`${(times += 1)}`];
      expect(answers.of('sql', asked, find)).toEqual(['1']);
      expect(answers.of('sql', asked, find)).toEqual(['1']);
      expect(answers.of('sql', { ...asked, shape: { text: '', values: ['y'] } }, find)).toEqual(['2']);
      expect(answers.of('sql', { ...asked, query: { ...asked.query, limit: 1 } }, find)).toEqual(['3']);
      answers.clear();
      expect(answers.of('sql', asked, find)).toEqual(['4']);
    });
  });

  describe('documents of hot collections', () => {
    test('are handed to many readers, so none of them can change them', async () => {
      const hot = await open('hot');
      await hot.insertOne({ _id: '1', key: 'a', list: [{ n: 1 }] });
      const first = await hot.findOne({ _id: '1' });
      expect(await hot.findOne({ _id: '1' })).toBe(first);
      expect(await hot.findOne({ key: 'a' })).toBe(first);
      const [item] = (first as Doc)['list'] as object[];
      expect(() => Object.assign(item as object, { n: 2 })).toThrow(TypeError);
    });

    test('are read anew after every kind of write', async () => {
      const hot = await open('hot');
      const text = async (): Promise<unknown> => (await hot.findOne({ key: 'a' }))?.['text'];
      await hot.insertOne({ _id: '1', key: 'a', text: 'one' });
      expect(await text()).toBe('one');
      await hot.updateOne({ _id: '1' }, { $set: { text: 'two' } });
      expect(await text()).toBe('two');
      await hot.updateMany({ key: 'a' }, { $set: { text: 'three' } });
      expect(await text()).toBe('three');
      await hot.findOneAndUpdate({ key: 'a' }, { $set: { text: 'four' } });
      expect(await text()).toBe('four');
      await hot.bulkWrite([{ updateOne: { filter: { _id: '1' }, update: { $set: { text: 'five' } } } }]);
      expect(await text()).toBe('five');
      await hot.deleteOne({ _id: '1' });
      expect(await text()).toBeUndefined();
      await hot.insertOne({ _id: '1', key: 'a', text: 'six' });
      expect(await text()).toBe('six');
      await hot.deleteMany({ key: 'a' });
      expect(await hot.find({ _id: { $in: ['1', '2'] } }).toArray()).toEqual([]);
    });

    test('that were kept when they changed are kept as they are now, unless the change was undone', async () => {
      const hot = await open('hot');
      await hot.insertMany([
        { _id: '1', key: 'a', text: 'one', list: [1] },
        { _id: '2', key: 'b' },
      ]);
      await hot.findOne({ _id: '1' });
      const list = [2];
      await hot.updateOne({ _id: '1' }, { $set: { text: 'two', list } });
      // What the caller gave stays the caller's.
      list.push(3);
      const after = await hot.findOne({ _id: '1' });
      expect(after).toEqual({ _id: '1', key: 'a', text: 'two', list: [2] });
      expect(await hot.findOne({ key: 'a' })).toBe(after);
      const refused = hot.updateOne({ _id: '1' }, { $set: { text: 'three', key: 'b' } });
      await expect(refused).rejects.toThrow(/key/);
      expect((await hot.findOne({ _id: '1' }))?.['text']).toBe('two');
      const [, gone] = await Promise.all([
        hot.updateOne({ _id: '1' }, { $set: { text: 'four' } }),
        hot.deleteOne({ _id: '1' }),
      ]);
      expect([gone.deletedCount, await hot.findOne({ _id: '1' })]).toEqual([1, null]);
    });

    test('are not found under a unique value that went to another', async () => {
      const hot = await open('hot');
      await hot.insertMany([
        { _id: '1', key: 'a' },
        { _id: '2', key: 'b' },
      ]);
      expect((await hot.findOne({ key: 'a' }))?._id).toBe('1');
      await hot.updateOne({ _id: '1' }, { $set: { key: 'c' } });
      expect(await hot.findOne({ key: 'a' })).toBeNull();
      await hot.updateOne({ _id: '2' }, { $set: { key: 'a' } });
      expect((await hot.findOne({ key: 'a' }))?._id).toBe('2');
    });

    test('survive a write that was refused, as they are stored', async () => {
      const hot = await open('hot');
      await hot.insertMany([
        { _id: '1', key: 'a' },
        { _id: '2', key: 'b' },
      ]);
      await hot.findOne({ _id: '2' });
      await expect(hot.updateOne({ _id: '2' }, { $set: { key: 'a', text: 'new' } })).rejects.toThrow();
      expect(await hot.findOne({ _id: '2' })).toEqual({ _id: '2', key: 'b' });
    });

    test('are read anew when another process has written', async () => {
      const [here, there] = [await open('hot'), await open('hot')];
      await here.insertOne({ _id: '1', key: 'a', text: 'one' });
      expect((await here.findOne({ key: 'a' }))?.['text']).toBe('one');
      await there.updateOne({ _id: '1' }, { $set: { text: 'two' } });
      await nextTurn();
      expect((await here.findOne({ key: 'a' }))?.['text']).toBe('two');
      await there.deleteOne({ _id: '1' });
      await nextTurn();
      expect(await here.findOne({ _id: '1' })).toBeNull();
    });
  });

  describe('what an index does not hold', () => {
    const blocks = (edges: Collection<Doc>): Promise<Doc[]> =>
      edges.find({ from: 'ann', to: { $in: ['bob', 'cid'] } }).toArray();
    /** Asked twice in vain: from then on the answer is known. */
    const askInVain = async (edges: Collection<Doc>): Promise<void> => {
      for (let i = 0; i < 3; i++) expect(await blocks(edges)).toEqual([]);
    };

    test('is noticed when it comes in', async () => {
      const edges = await open('edges');
      await askInVain(edges);
      await edges.insertOne({ _id: '1', from: 'ann', to: 'bob' });
      expect(await blocks(edges)).toHaveLength(1);
      await edges.deleteMany({ from: 'ann' });
      await askInVain(edges);
      await edges.insertOne({ _id: '2', from: 'eve', to: 'cid' });
      await edges.updateOne({ _id: '2' }, { $set: { from: 'ann' } });
      expect(await blocks(edges)).toHaveLength(1);
    });

    test('is noticed when another process wrote it', async () => {
      const [here, there] = [await open('edges'), await open('edges')];
      await askInVain(here);
      await there.insertOne({ _id: '1', from: 'ann', to: 'cid' });
      await nextTurn();
      expect(await blocks(here)).toHaveLength(1);
    });

    test('says nothing about other values, and nothing where a value has other documents', async () => {
      const edges = await open('edges');
      await edges.insertOne({ _id: '1', from: 'ann', to: 'zoe' });
      await askInVain(edges);
      expect(await edges.find({ from: 'ann', to: { $in: ['zoe'] } }).toArray()).toHaveLength(1);
      expect(await edges.find({ from: { $in: ['ann', 'eve'] }, to: 'zoe' }).toArray()).toHaveLength(1);
    });
  });
});
