import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect } from '../../src/store/embedded/connection.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { step, createWriter } from '../../src/store/embedded/writer.js';
import type { Doc } from './engines.js';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'landfall-log-'))));
afterEach(() => rmSync(dir, { recursive: true }));

/** What SQLite changes in the log's header whenever it begins anew. */
function saltOf(file: string): string {
  const header = Buffer.alloc(32);
  const fd = openSync(file, 'r');
  readSync(fd, header, 0, 32, 0);
  closeSync(fd);
  return header.subarray(16, 24).toString('hex');
}

test('a long log is moved into the file and begins anew, while writing goes on', async () => {
  const path = join(dir, 'landfall.sqlite');
  const store = await openEmbeddedStore({ path, specs: { c: { indexes: [] } } });
  await store.migrate();
  const c = store.collection<Doc>('c');
  let count = 0;
  const add = async (many: number, length: number): Promise<void> => {
    const documents = Array.from({ length: many }, () => ({ _id: `d${count++}`, text: 'x'.repeat(length) }));
    await c.insertMany(documents);
  };
  await add(1, 1);
  const salt = saltOf(`${path}-wal`);
  // Enough to be worth it, and far less than what makes SQLite do it within a COMMIT (connection.ts).
  for (let i = 0; i < 20; i++) await add(200, 9000);
  for (let i = 0; i < 1000 && saltOf(`${path}-wal`) === salt; i++) {
    await add(1, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(saltOf(`${path}-wal`)).not.toBe(salt);
  // As after kill -9: the files as they are hold everything that was told.
  const copy = join(dir, 'copy.sqlite');
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  const told = count;
  const db = connect(copy);
  expect(db.get('SELECT count(*) FROM c_c')).toEqual([told]);
  expect(db.get('PRAGMA integrity_check')).toEqual(['ok']);
  db.close();
  await store.close();
});

test('writes wait while transactions are held back, and a close waits for them', async () => {
  const db = connect(':memory:');
  db.exec('CREATE TABLE t (v)');
  const writer = createWriter(db, { before: () => {}, after: () => {} });
  let release: () => void = () => {};
  const held = writer.hold(() => new Promise<void>((resolve) => (release = resolve)));
  const written = writer.write(step(() => db.run('INSERT INTO t VALUES (1)')));
  const closed = writer.close();
  for (let i = 0; i < 5; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(db.all('SELECT v FROM t')).toEqual([]);
  release();
  await Promise.all([held, written, closed]);
  expect(db.all('SELECT v FROM t')).toEqual([[1]]);
  db.close();
});
