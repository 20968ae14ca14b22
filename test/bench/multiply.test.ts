import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { remoteStatus } from '../../bench/lib/documents.js';
import { multiplyStatuses } from '../../bench/lib/multiply.js';
import { createIds } from '../../src/model/ids.js';
import type { Status } from '../../src/model/status.js';
import { collections } from '../../src/store/collections.js';
import { openStore } from '../../src/store/open.js';
import { findInconsistencies } from '../store/consistency.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'landfall-multiply-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('many statuses made out of few are such as the store would have written', async () => {
  const at = new Date('2026-01-01T00:00:00Z');
  const told = { ids: createIds({ now: () => new Date('2026-02-01T00:00:00Z') }), port: 80, at };
  const few = Array.from({ length: 10 }, (_, number) =>
    remoteStatus(told, { author: `${number % 3}`, number, at: new Date(at.getTime() + number * 3_600_000) }),
  );
  const options = { url: 'embedded:', dataDir: dir, specs: collections };
  const store = await openStore(options);
  await store.migrate();
  await store.collection<Status>('statuses').insertMany(few);
  await store.close();
  const file = join(dir, 'landfall.sqlite');
  expect(multiplyStatuses({ file, copies: 60, say: () => undefined })).toBe(610);
  expect(findInconsistencies(file, { statuses: collections.statuses })).toEqual([]);
  const again = await openStore(options);
  const statuses = again.collection<Status>('statuses');
  expect(await statuses.countDocuments({})).toBe(610);
  const [newest] = await statuses.find({ accountId: '0' }).sort({ _id: -1 }).limit(1).toArray();
  expect(await statuses.findOne({ uri: newest!.uri })).toEqual(newest);
  expect(newest).toMatchObject({ conversationId: newest!._id, url: newest!.uri, accountId: '0' });
  await again.close();
});
