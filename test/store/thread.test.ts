import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'libsql';
import { openEmbeddedStore, type EmbeddedOptions } from '../../src/store/embedded/open.js';
import type { Store } from '../../src/store/port.js';
import { findInconsistencies } from './consistency.js';
import { by, idsOf, indexes, threadOfSources, unique, type Doc, type Specs } from './engines.js';

/** The embedded engine as a server has it: it reads here, and a thread writes. */

const specs: Specs = { c: { indexes: [unique('key'), by('tags', '_id')], hot: true } };
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let dir: string;
let file: string;
let opened: Store[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'landfall-thread-'));
  file = join(dir, 'landfall.sqlite');
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(dir, { recursive: true });
});

async function open(options: Partial<EmbeddedOptions> = { thread: threadOfSources }): Promise<Store> {
  const store = await openEmbeddedStore({ path: file, specs, ...options });
  opened.push(store);
  await store.migrate();
  return store;
}

/** A thread in which this runs first. */
const threadWith = (code: string): Pick<EmbeddedOptions, 'thread'> => {
  const { execArgv } = threadOfSources;
  return {
    thread: { execArgv: ['--import', `data:text/javascript,${encodeURIComponent(code)}`, ...execArgv] },
  };
};

describe('what is remembered', () => {
  test('outlives what this process writes elsewhere, and nothing that another one writes', async () => {
    const c = (await open()).collection<Doc>('c');
    await c.insertMany([
      { _id: '1', key: 'a' },
      { _id: '2', key: 'b' },
    ]);
    const first = await c.findOne({ _id: '1' });
    await c.updateOne({ _id: '2' }, { $set: { text: 'new' } });
    await nextTurn();
    expect(await c.findOne({ _id: '1' })).toBe(first);
    const other = (await open({})).collection<Doc>('c');
    await other.updateOne({ _id: '2' }, { $set: { text: 'newer' } });
    await nextTurn();
    const second = await c.findOne({ _id: '1' });
    expect(second).not.toBe(first);
    // Both at once: what the other wrote is not lost among our own commits.
    await Promise.all([
      other.updateOne({ _id: '1' }, { $set: { text: 'theirs' } }),
      c.updateOne({ _id: '2' }, { $set: { text: 'ours' } }),
    ]);
    await nextTurn();
    expect(await c.find({ _id: { $in: ['1', '2'] } }).toArray()).toEqual([
      { _id: '1', key: 'a', text: 'theirs' },
      { _id: '2', key: 'b', text: 'ours' },
    ]);
  });

  test('is what was written, as soon as the write is told', async () => {
    const c = (await open()).collection<Doc>('c');
    await c.insertOne({ _id: '1', key: 'a', n: 0 });
    for (let n = 1; n <= 50; n++) {
      await c.findOne({ key: 'a' });
      await c.updateOne({ _id: '1' }, { $inc: { n: 1 } });
      expect(await c.findOne({ key: 'a' })).toMatchObject({ n });
    }
  });

  test('is not what our own write made of it when another process wrote after that, however late we hear of ours', async () => {
    const c = (await open()).collection<Doc>('c');
    await c.insertOne({ _id: '1', key: 'a', text: 'first' });
    await c.findOne({ _id: '1' });
    const ours = c.updateOne({ _id: '1' }, { $set: { text: 'ours' } });
    await nextTurn();
    // The thread has what it needs; nothing that it tells is heard as long as this turn lasts.
    // What is committed can be read a moment before the lock is free.
    const foreign = new Database(file, { timeout: 20_000 });
    const stored = foreign.prepare('SELECT doc FROM c_c').raw();
    const limit = performance.now() + 20_000;
    while (!String(stored.get()).includes('ours') && performance.now() < limit);
    foreign.exec(`
      BEGIN IMMEDIATE;
      UPDATE c_c SET doc = replace(doc, 'ours', 'theirs');
      INSERT INTO landfall_writers VALUES ('another', 1);
      COMMIT`);
    foreign.close();
    const read = [c.findOne({ _id: '1' }), ours.then(() => c.findOne({ _id: '1' }))];
    expect((await Promise.all(read)).map((doc) => doc?.['text'])).toEqual(['theirs', 'theirs']);
  });

  test('never hides what was told, from those either who read in the same turn before', async () => {
    const c = (await open()).collection<Doc>('c');
    let going = true;
    const reading = (async () => {
      for (; going; await nextTurn()) await c.countDocuments({});
    })();
    const counts: number[] = [];
    for (let n = 1; n <= 30; n++) {
      await c.insertOne({ _id: `${n}`, key: n });
      counts.push(await c.countDocuments({}));
    }
    going = false;
    await reading;
    expect(counts).toEqual(counts.map((_, i) => i + 1));
  });

  test('knows of arrays that the thread stored for the first time', async () => {
    const c = (await open()).collection<Doc>('c');
    await c.insertOne({ _id: '1', key: 1, tags: 'x' });
    expect(await c.countDocuments({ tags: { $in: ['x', 'y'] } })).toBe(1);
    await c.insertOne({ _id: '2', key: 2, tags: ['x', 'y'] });
    expect(await c.countDocuments({ tags: { $in: ['x', 'y'] } })).toBe(2);
  });
});

test('another declaration of indexes, made meanwhile, stops reading and writing', async () => {
  const older = (await open()).collection<Doc>('c');
  await older.insertOne({ _id: '1', key: 1 });
  const changed = { c: indexes(unique('key'), by('fresh')) };
  await open({ specs: changed });
  await nextTurn();
  await expect(older.findOne({ key: 1 })).rejects.toThrow(/migrate|restart/);
  await expect(older.insertOne({ _id: '2', key: 2 })).rejects.toThrow(/migrate|restart/);
  for (const store of opened) await store.close();
  expect(findInconsistencies(file, changed)).toEqual([]);
});

test('errors are what they are without a thread, with their place in a list', async () => {
  const c = (await open()).collection<Doc>('c');
  await c.insertOne({ _id: '1', key: 'a', n: 'text' });
  await expect(c.insertOne({ _id: '2', key: 'a' })).rejects.toMatchObject({
    name: 'DuplicateKeyError',
    code: 11000,
    collection: 'c',
    keyPattern: { key: 1 },
  });
  await expect(c.updateOne({ _id: '1' }, { $inc: { n: 1 } })).rejects.toMatchObject({ name: 'InvalidWrite' });
  const docs = ['b', 'a', 'c'].map((key, i) => ({ _id: `${i + 5}`, key }));
  await expect(c.insertMany(docs, { ordered: false })).rejects.toMatchObject({
    name: 'BulkWriteError',
    code: 11000,
    writeErrors: [{ index: 1, error: { code: 11000 } }],
  });
  expect(idsOf(await c.find({}).toArray())).toEqual(['1', '5', '7']);
});

test('is closed once everything that was begun is written; later writes are refused', async () => {
  const store = await open();
  const c = store.collection<Doc>('c');
  const begun = c.insertMany(Array.from({ length: 500 }, (_, i) => ({ _id: `m${i}`, key: i })));
  await Promise.all([store.close(), store.close(), begun]);
  await expect(c.insertOne({ _id: 'late' })).rejects.toThrow(/closed/);
  expect(await (await open()).collection<Doc>('c').countDocuments({})).toBe(500);
});

test('a process that comes and goes leaves the log to those who use it: what is written afterwards is not lost', async () => {
  const c = (await open()).collection<Doc>('c');
  await c.insertOne({ _id: '1', key: 'a' });
  const log = statSync(`${file}-wal`).ino;
  // The last one to close a database removes its log; locks tell it that it is not the last.
  const code = `import Database from 'libsql';
    const db = new Database(process.argv[1]);
    const rows = db.prepare('SELECT id FROM c_c ORDER BY id').raw().all().join();
    process.stdout.write(rows);`;
  const close = `import Database from 'libsql';
    const db = new Database(process.argv[1], { timeout: 20_000 });
    db.exec('BEGIN IMMEDIATE; COMMIT');
    db.close();`;
  const run = async (script: string): Promise<string> =>
    (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, file])).stdout;
  await run(close);
  expect(statSync(`${file}-wal`).ino).toBe(log);
  await c.insertOne({ _id: '2', key: 'b' });
  expect(await run(code)).toBe('1,2');
});

describe('trouble', () => {
  const insertAll = (store: Store): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled(['2', '3'].map((_id) => store.collection<Doc>('c').insertOne({ _id, key: _id })));

  test('a thread that ends takes no promise with it: writes fail, and the store says that it is broken', async () => {
    const breaking = `const { parse } = JSON;
      JSON.parse = (text) => {
        if (text.includes('"3"')) setImmediate(() => { throw new Error('out of order'); });
        return text.includes('"3"') ? new Promise(() => {}) : parse(text);
      };`;
    const store = await open(threadWith(breaking));
    const c = store.collection<Doc>('c');
    await c.insertOne({ _id: '1', key: '1' });
    await store.ping();
    expect((await insertAll(store)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(store.ping()).rejects.toThrow(/anew/);
    await expect(c.insertOne({ _id: '4', key: '4' })).rejects.toThrow('out of order');
    // What was there can still be read, and nothing that was told is lost.
    expect(await c.findOne({ _id: '1' })).toEqual({ _id: '1', key: '1' });
    await store.close();
    expect(await (await open()).collection<Doc>('c').findOne({ _id: '1' })).not.toBeNull();
  });

  test('a disk that refuses to sync fails every write from then on', async () => {
    const failing = `import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.fdatasync = (_, done) => done(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
      syncBuiltinESMExports();`;
    const store = await open(threadWith(failing));
    const [one] = await insertAll(store);
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'EIO' } });
    await expect(store.ping()).rejects.toThrow(/anew/);
    expect((await insertAll(store)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
