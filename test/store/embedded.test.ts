import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, jest } from '@jest/globals';
import Database from 'libsql';
import { StartError } from '../../src/errors.js';
import { connect } from '../../src/store/embedded/connection.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { createWriter, step } from '../../src/store/embedded/writer.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/port.js';
import { findInconsistencies } from './consistency.js';
import { by, idsOf, indexes, unique, type Doc, type Specs } from './engines.js';

let dir: string;
let file: string;
let opened: Store[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'landfall-embedded-'));
  file = join(dir, 'landfall.sqlite');
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store.close();
  rmSync(dir, { recursive: true });
});

const specs: Specs = { c: indexes(by('tags', '_id'), by('n'), unique('key')) };

async function open(declared: Specs = specs, migrate = true): Promise<Store> {
  const store = await openEmbeddedStore({ path: file, specs: declared });
  opened.push(store);
  if (migrate) await store.migrate();
  return store;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the file', () => {
  test('is written with a write-ahead log, which the writer syncs, and readable by its owner only', async () => {
    const db = connect(file);
    expect(db.get('PRAGMA journal_mode')).toEqual(['wal']);
    expect(db.get('PRAGMA synchronous')).toEqual([1]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    db.close();
  });

  test('lies in the data folder, which is made when missing', async () => {
    const store = await openStore({ url: 'embedded:', dataDir: join(dir, 'new', 'data'), specs });
    opened.push(store);
    expect(readdirSync(join(dir, 'new', 'data'))).toContain('landfall.sqlite');
    await expect(openStore({ url: 'postgres://u:secret@h/d', dataDir: dir, specs })).rejects.toThrow(
      StartError,
    );
    await expect(openStore({ url: 'postgres://u:secret@h/d', dataDir: dir, specs })).rejects.not.toThrow(
      /secret/,
    );
  });

  /** The bytes of a database that was used and closed. */
  async function used(): Promise<Buffer> {
    const path = join(dir, 'used', 'landfall.sqlite');
    const store = await openStore({ url: 'embedded:', dataDir: join(dir, 'used'), specs });
    await store.migrate();
    const docs = Array.from({ length: 500 }, (_, i) => ({ _id: `${i}`, key: i, text: 'y'.repeat(200) }));
    await store.collection<Doc>('c').insertMany(docs);
    await store.close();
    const bytes = readFileSync(path);
    rmSync(join(dir, 'used'), { recursive: true });
    return bytes;
  }
  const withBytes = (bytes: Buffer, at: number, replaced: number[]): Buffer => {
    bytes.set(replaced, at);
    return bytes;
  };

  test('alone is the whole database after it was closed', async () => {
    writeFileSync(file, await used());
    expect(await (await open()).collection<Doc>('c').countDocuments({})).toBe(500);
  });

  const damages: [string, () => Promise<Buffer> | Buffer, RegExp][] = [
    ['garbage', () => Buffer.from('x'.repeat(9000)), /damaged.*backup/s],
    ['a few bytes', () => Buffer.from('SQLite format 3\0'), /damaged.*backup/s],
    ['its second half cut off', async () => (await used()).subarray(0, 60_000), /damaged.*backup/s],
    ['a broken schema', async () => withBytes(await used(), 100, Array(500).fill(0xff)), /damaged.*backup/s],
    ['the mark of another program', async () => withBytes(await used(), 68, [0, 0, 0, 0]), /another program/],
    [
      'the format of a newer version',
      async () => withBytes(await used(), 60, [0, 0, 0, 99]),
      /newer version/,
    ],
  ];
  test.each(damages)('with %s is refused with what to do, and left as it is', async (_, damage, message) => {
    const before = await damage();
    writeFileSync(file, before);
    const attempt = async (): Promise<void> => void (await open());
    await expect(attempt()).rejects.toThrow(StartError);
    await expect(attempt()).rejects.toThrow(message);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('that cannot be reached is refused with a reason', async () => {
    const nowhere = openEmbeddedStore({ path: join(dir, 'no', 'such', 'folder.sqlite'), specs });
    await expect(nowhere).rejects.toThrow(StartError);
    await expect(openEmbeddedStore({ path: dir, specs })).rejects.toThrow(/EISDIR/);
  });

  test('does not grow without end: no statement keeps its log from being emptied', async () => {
    const store = await open();
    const c = store.collection<Doc>('c');
    await c.insertMany(
      Array.from({ length: 300 }, (_, i) => ({ _id: `${i}`, key: i, n: i % 3, tags: ['a', 'b'] })),
    );
    await c.findOne({ n: 1 });
    await c
      .find({ tags: { $in: ['a', 'b'] } })
      .sort({ n: 1 })
      .limit(3)
      .toArray();
    await c.countDocuments({ n: 2 }, { limit: 2 });
    const other = new Database(file);
    expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all()).toEqual([[0, 0, 0]]);
    other.close();
  });

  test('is not used before migrate()', async () => {
    const store = await open(specs, false);
    await expect(store.collection<Doc>('c').findOne({ _id: '1' })).rejects.toThrow(/migrate/);
    await expect(store.collection<Doc>('c').insertOne({ _id: '1' })).rejects.toThrow(/migrate/);
    await store.migrate();
    await store.collection<Doc>('c').insertOne({ _id: '1' });
  });

  test('is closed once everything that was begun is written; later writes are refused', async () => {
    const store = await open();
    const c = store.collection<Doc>('c');
    const begun = Promise.all([
      c.insertMany(Array.from({ length: 500 }, (_, i) => ({ _id: `m${i}`, key: i }))),
      c.insertOne({ _id: 'one', key: 'one' }),
    ]);
    await nextTurn();
    await Promise.all([store.close(), begun]);
    await expect(c.insertOne({ _id: 'late' })).rejects.toThrow(/closed/);
    expect(await (await open()).collection<Doc>('c').countDocuments({})).toBe(501);
  });
});

describe('several processes on one file', () => {
  test('see each other, keep unique indexes, and learn of arrays the other stored', async () => {
    const [a, b] = [(await open()).collection<Doc>('c'), (await open()).collection<Doc>('c')];
    await a.insertOne({ _id: '1', key: 1, tags: 'x' });
    expect(await b.findOne({ tags: 'x' })).toEqual({ _id: '1', key: 1, tags: 'x' });
    await expect(b.insertOne({ _id: '2', key: 1 })).rejects.toMatchObject({ code: 11000 });
    // Until now no document had an array at `tags`; now one matches twice.
    await b.insertOne({ _id: '3', key: 3, tags: ['x', 'y'] });
    expect(idsOf(await a.find({ tags: { $in: ['x', 'y'] } }).toArray())).toEqual(['1', '3']);
    expect(await a.countDocuments({ tags: { $in: ['x', 'y'] } })).toBe(2);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? a : b).updateOne({ _id: '1' }, { $inc: { n: 1 } })),
    );
    expect(await a.findOne({ _id: '1' })).toMatchObject({ n: 40 });
  });

  test('a lock held elsewhere is waited for, while this process goes on', async () => {
    const c = (await open()).collection<Doc>('c');
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    let settled = false;
    const write = c.insertOne({ _id: '1' }).finally(() => (settled = true));
    let longest = 0;
    for (let i = 0; i < 10; i++) {
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
      longest = Math.max(longest, performance.now() - start);
    }
    expect(settled).toBe(false);
    expect(await c.findOne({ _id: '1' })).toBeNull();
    // A try waits 20 ms for the lock, and not the five seconds in which SQLite would hold everybody else up.
    expect(longest).toBeLessThan(3000);
    other.exec('COMMIT');
    other.close();
    await write;
    expect(await c.findOne({ _id: '1' })).toEqual({ _id: '1' });
  });

  test('another declaration of indexes stops an older process from spoiling them', async () => {
    const older = await open();
    await older.collection<Doc>('c').insertOne({ _id: '1', key: 1 });
    const changed = { c: indexes(unique('key'), by('fresh')) };
    await open(changed);
    await expect(older.collection<Doc>('c').insertOne({ _id: '2', key: 2 })).rejects.toThrow(
      /migrate|restart/,
    );
    const grown = { c: indexes(unique('key'), by('fresh'), by('more')) };
    const newest = await open(grown);
    await expect(opened[1]?.collection<Doc>('c').insertOne({ _id: '3' })).rejects.toThrow(/restart/);
    await newest.collection<Doc>('c').insertOne({ _id: '4', key: 4, more: 1 });
    for (const store of opened) await store.close();
    expect(findInconsistencies(file, grown)).toEqual([]);
  });
});

test('that a column has arrays is known after a restart, though the update that brought the first was refused', async () => {
  const store = await open();
  const c = store.collection<Doc>('c');
  await c.insertMany([
    { _id: '1', key: 'a', tags: 'x' },
    { _id: '2', key: 'b', tags: 'x' },
  ]);
  await expect(c.updateOne({ _id: '2' }, { $set: { key: 'a', tags: ['x', 'y'] } })).rejects.toThrow(/key/);
  await c.insertOne({ _id: '3', key: 'c', tags: ['x', 'y'] });
  await store.close();
  const again = (await open()).collection<Doc>('c');
  expect(await again.countDocuments({ tags: { $in: ['x', 'y'] } })).toBe(3);
});

describe('writing', () => {
  test('in one turn shares a transaction; a failure undoes only its own steps', async () => {
    const db = connect(':memory:');
    db.exec('CREATE TABLE t (v UNIQUE)');
    const ran: string[] = [];
    const spied = {
      ...db,
      run: (sql: string, params?: readonly (string | number)[]) => (ran.push(sql), db.run(sql, params)),
    };
    const writer = createWriter(spied, { before: () => {}, after: () => {} });
    const add = (...values: number[]): Promise<void> =>
      writer.write(step(() => values.forEach((v) => db.run('INSERT INTO t VALUES (?)', [v]))));
    // However slow the machine is: a transaction is cut by the clock.
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    const results = await Promise.allSettled([add(1), add(2, 1), add(3)]);
    now.mockRestore();
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ran.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
    expect(db.all('SELECT v FROM t')).toEqual([[1], [3]]);
    db.close();
  });

  test('is told only once it is synced; what comes meanwhile shares the next transaction', async () => {
    const db = connect(':memory:');
    db.exec('CREATE TABLE t (v UNIQUE)');
    const syncs: (() => void)[] = [];
    let transactions = 0;
    const writer = createWriter(
      db,
      { before: () => void (transactions += 1), after: () => {} },
      () => new Promise((resolve) => syncs.push(resolve)),
    );
    const told: number[] = [];
    const add = (v: number): Promise<unknown> =>
      writer.write(step(() => db.run('INSERT INTO t VALUES (?)', [v]))).then(() => told.push(v));
    const first = add(1);
    await nextTurn();
    const others = [add(2)];
    await nextTurn();
    others.push(add(3));
    await nextTurn();
    await nextTurn();
    expect(db.all('SELECT v FROM t')).toEqual([[1]]);
    expect([told, syncs.length]).toEqual([[], 1]);
    syncs.shift()?.();
    await first;
    await nextTurn();
    await nextTurn();
    expect([told, syncs.length, transactions]).toEqual([[1], 1, 2]);
    syncs.shift()?.();
    await Promise.all(others);
    expect(told).toEqual([1, 2, 3]);
    await writer.close();
    db.close();
  });

  test('a sync that fails rejects what waits for it and everything after', async () => {
    const db = connect(':memory:');
    db.exec('CREATE TABLE t (v)');
    const writer = createWriter(db, { before: () => {}, after: () => {} }, () =>
      Promise.reject(new Error('EIO')),
    );
    const add = (): Promise<unknown> => writer.write(step(() => db.run('INSERT INTO t VALUES (1)')));
    await expect(add()).rejects.toThrow('EIO');
    await expect(add()).rejects.toThrow('EIO');
    await writer.close();
    db.close();
  });

  test('a commit that fails rejects every write in it, and the next one works', async () => {
    const db = connect(':memory:');
    db.exec('CREATE TABLE t (v)');
    let broken = true;
    const ends: boolean[] = [];
    const failing = {
      ...db,
      run: (sql: string) => {
        if (sql === 'COMMIT' && broken)
          throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
        db.run(sql);
      },
    };
    const writer = createWriter(failing, { before: () => {}, after: (committed) => ends.push(committed) });
    const add = (): Promise<void> => writer.write(step(() => db.run('INSERT INTO t VALUES (1)')));
    const results = await Promise.allSettled([add(), add()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    await add();
    expect(db.all('SELECT count(*) FROM t')).toEqual([[1]]);
    expect(ends).toEqual([false, true]);
    await writer.close();
    db.close();
  });

  test('a long list neither holds up other writes nor the event loop', async () => {
    const c = (await open()).collection<Doc>('c');
    const order: string[] = [];
    const docs = Array.from({ length: 4000 }, (_, i) => ({
      _id: `m${i}`,
      key: i,
      n: i,
      tags: [`t${i % 9}`, 'all'],
    }));
    let turns = 0;
    let going = true;
    const many = c.insertMany(docs).then(() => order.push('many'));
    const one = c.insertOne({ _id: 'one', key: 'one' }).then(() => order.push('one'));
    const ticking = (async () => {
      for (; going; turns++) await nextTurn();
    })();
    await Promise.all([many, one]);
    const inserting = turns;
    await Promise.all([
      c.updateMany({ tags: 'all' }, { $inc: { n: 1 } }),
      c.insertOne({ _id: 'two', key: 'two' }),
    ]);
    const updating = turns - inserting;
    const reading = turns;
    expect(await c.find({ 'tags.1': 'all' }).toArray()).toHaveLength(4000);
    going = false;
    await ticking;
    expect(order).toEqual(['one', 'many']);
    expect(inserting).toBeGreaterThan(10);
    expect(updating).toBeGreaterThan(10);
    expect(turns - reading).toBeGreaterThan(1);
  });
});
