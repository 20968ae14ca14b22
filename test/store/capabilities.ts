import { MongoClient, type Collection, type Db } from 'mongodb';
import { freshUrl, isMongo, type Doc, type EngineUnderTest } from './engines.js';

type Probe = (c: Collection<Doc>, db: Db) => Promise<boolean>;

const isDuplicate = (error: unknown): boolean => (error as { code?: number }).code === 11000;

/** Things that MongoDB's documentation promises, each with a question that tells whether a server keeps the promise. */
const probes = {
  'partial indexes': async (c) => {
    await c.createIndex({ p: 1 }, { unique: true, partialFilterExpression: { p: { $type: 'string' } } });
    return true;
  },
  explain: async (_, db) => {
    const plan = await db.command({ explain: { find: 'probe', filter: { _id: '1' } } });
    return /IDHACK|IXSCAN|EXPRESS/.test(JSON.stringify(plan['queryPlanner'] ?? {}));
  },
  'unique elements of arrays': async (c) => {
    await c.createIndex({ tags: 1 }, { unique: true });
    await c.insertMany([{ _id: 't1', tags: ['b', 'z'] }]);
    return c.insertOne({ _id: 't2', tags: ['a', 'b'] }).then(() => false, isDuplicate);
  },
  'unique missing values': async (c) => {
    await c.createIndex({ u: 1 }, { unique: true });
    await c.insertOne({ _id: 'm1' });
    return c.insertOne({ _id: 'm2' }).then(() => false, isDuplicate);
  },
  'codes of duplicate updates': async (c) => {
    await c.createIndex({ v: 1 }, { unique: true });
    await c.insertMany([
      { _id: 'd1', v: 1 },
      { _id: 'd2', v: 2 },
    ]);
    return c.updateOne({ _id: 'd2' }, { $set: { v: 1 } }).then(() => false, isDuplicate);
  },
  'sort of arrays': async (c) => {
    await c.insertMany([
      { _id: 's1', l: ['b', 'z'] },
      { _id: 's2', l: ['c', 'a'] },
    ]);
    return (
      (
        await c
          .find({ l: { $exists: true } })
          .sort({ l: 1 })
          .toArray()
      )[0]?._id === 's2'
    );
  },
  'nested arrays': async (c) => (await c.insertOne({ _id: 'n1', nested: [[1]] })).acknowledged,
  'null within arrays': async (c) => {
    await c.insertOne({ _id: 'w1', w: [{ k: 1 }, {}] });
    return (await c.findOne({ _id: 'w1', 'w.k': null })) !== null;
  },
  '$ne within arrays': async (c) => {
    await c.insertOne({ _id: 'x1', w: [{ k: 1 }, { k: 2 }] });
    return (await c.findOne({ _id: 'x1', 'w.k': { $ne: 1 } as never })) === null;
  },
  'unset of elements': async (c) => {
    await c.insertOne({ _id: 'e1', l: [1, 2] });
    await c.updateOne({ _id: 'e1' }, { $unset: { 'l.0': '' } });
    return (await c.findOne({ _id: 'e1', 'l.1': 2 })) !== null;
  },
  'counts of idle updates': async (c) => {
    await c.insertOne({ _id: 'i1', n: 1 });
    return (await c.updateOne({ _id: 'i1' }, { $inc: { n: 0 } as never })).modifiedCount === 0;
  },
  '$pull by conditions': async (c) => {
    await c.insertOne({ _id: 'p1', l: [1, 2] });
    return (await c.updateOne({ _id: 'p1' }, { $pull: { l: { $gt: 1 } } as never })).modifiedCount === 1;
  },
  'upserts from $and': async (c) => {
    await c.updateOne({ _id: 'a1', $and: [{ x: 1 }] as never }, { $set: { y: 1 } }, { upsert: true });
    return (await c.findOne({ _id: 'a1', x: 1 })) !== null;
  },
  'atomic updates': async (c) => {
    await c.insertOne({ _id: 'c1', n: 0 });
    await Promise.all(
      Array.from({ length: 20 }, () => c.updateOne({ _id: 'c1' }, { $inc: { n: 1 } as never })),
    );
    return (await c.findOne({ _id: 'c1' }))?.['n'] === 20;
  },
} satisfies Record<string, Probe>;

export type Capability = keyof typeof probes;

/**
 * What the server behind LANDFALL_TEST_MONGODB_URL cannot do although MongoDB can, found by trying. FerretDB v1 lacks
 * some. The tests concerned are left out on that engine, and say so.
 */
export async function findMissingCapabilities(engine: EngineUnderTest): Promise<Set<Capability>> {
  const missing = new Set<Capability>();
  if (!isMongo(engine)) return missing;
  const { url, drop } = freshUrl();
  const client = new MongoClient(url);
  try {
    for (const [name, probe] of Object.entries(probes) as [Capability, Probe][]) {
      const db = client.db();
      const answer = await probe(db.collection<Doc>(`probe_${name.replace(/\W/g, '_')}`), db).catch(
        (e: unknown) => e,
      );
      if (answer === true) continue;
      missing.add(name);
      const reason = answer instanceof Error ? answer.message : 'another result';
      process.stderr.write(`${engine.name}: without '${name}', which this server lacks (${reason})\n`);
    }
  } finally {
    await client.close();
    await drop();
  }
  return missing;
}
