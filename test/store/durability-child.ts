import { writeSync } from 'node:fs';
import { openStore } from '../../src/store/open.js';
import { isDuplicateKey } from '../../src/store/port.js';
import { durabilitySpecs as specs } from './durability-specs.js';
import type { Doc } from './engines.js';

/**
 * Writes to the database in `dataDir`, here or in a thread, until it is killed, and says on standard output what it was promised:
 * `+ id` inserted, `= id n` raised to n, `? id` about to be deleted, `- id` deleted, `! id` both of a pair at once.
 */
const [dataDir = '', round = '0', where = 'here'] = process.argv.slice(2);
const store = await openStore({
  url: 'embedded:',
  dataDir,
  specs,
  ...(where === 'thread' && { thread: {} }),
});
await store.migrate();
const c = store.collection<Doc>('items');
const say = (line: string): void => void writeSync(1, `${line}\n`);
let next = 0;
const fresh = (): Doc => {
  const _id = `${round}-${String(next++).padStart(6, '0')}`;
  return {
    _id,
    key: `key ${_id}`,
    group: next % 7,
    n: 0,
    tags: [`t${next % 5}`, `u${next % 11}`],
    text: 'x'.repeat(500),
  };
};

async function insertOne(): Promise<void> {
  const doc = fresh();
  await c.insertOne(doc);
  say(`+ ${doc._id}`);
}

async function insertMany(): Promise<void> {
  const docs = Array.from({ length: 15 }, fresh);
  await c.insertMany(docs);
  for (const { _id } of docs) say(`+ ${_id}`);
}

async function raise(): Promise<void> {
  const filter = { group: next % 7, n: { $lt: 50 } };
  const doc = await c.findOneAndUpdate(
    filter,
    { $inc: { n: 1 }, $addToSet: { tags: `v${next % 3}` } },
    { returnDocument: 'after' },
  );
  if (doc) say(`= ${doc._id} ${String(doc['n'])}`);
}

async function remove(): Promise<void> {
  const doc = await c.findOne({ group: next % 7 }, { sort: { _id: 1 } });
  if (!doc) return;
  say(`? ${doc._id}`);
  const { deletedCount } = await c.deleteOne({ _id: doc._id });
  if (deletedCount === 1) say(`- ${doc._id}`);
}

/** Refused by the unique index, together with others that are not. */
async function collide(): Promise<void> {
  const doc = fresh();
  const twin = { ...fresh(), key: doc['key'] };
  const results = await Promise.allSettled([c.insertOne(doc), c.insertOne(twin)]);
  if (results[0].status === 'fulfilled') say(`+ ${doc._id}`);
  if (results[1].status === 'fulfilled' || !isDuplicateKey(results[1].reason))
    say('the twin was not refused');
}

for (;;) await Promise.all([insertOne(), insertMany(), raise(), insertOne(), remove(), collide(), raise()]);
