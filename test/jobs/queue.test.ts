import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { engines } from '../store/engines.js';
import { createBench, leaseMs, type Bench } from './support.js';

describe.each(engines)('$name', (engine) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench(engine);
  });
  afterEach(() => bench.remove());

  const never = (): boolean => false;

  describe('claiming', () => {
    test('an item goes to one of two processes that want it at the same time', async () => {
      const items = await bench.add(...Array.from({ length: 200 }, () => ({})));
      const [a, b] = [bench.queueOf('a'), bench.queueOf('b')];
      const halves = await Promise.all([a.claim(items.slice(0, 150)), b.claim(items.slice(50))]);
      const ids = halves.flat().map((item) => item._id);
      expect(ids).toHaveLength(200);
      expect(new Set(ids).size).toBe(200);
    });

    test('a claimed item is leased under the name of its process, and counts the attempt', async () => {
      const [item] = await bench.add({});
      const [claimed] = await bench.queueOf('a').claim([item!]);
      const stored = await bench.stateOf(item!);
      expect(stored).toMatchObject({ state: 'leased', claim: 'a', attempts: 1 });
      expect(stored?.leaseUntil).toBe(new Date(bench.clock.now().getTime() + leaseMs).toISOString());
      expect(claimed).toEqual(stored);
    });

    test('a claimed item is not due for anybody', async () => {
      const [item] = await bench.add({ lane: 'x' });
      const queue = bench.queueOf('b');
      await bench.queueOf('a').claim([item!]);
      expect(await queue.inLane('x', 10)).toEqual([]);
      expect(await queue.nextLane('')).toBeNull();
      expect(await queue.claim([item!])).toEqual([]);
    });
  });

  describe('leases', () => {
    test('an item whose lease ran out is to be had again; one that is extended is not', async () => {
      const [lost, kept] = await bench.add({}, {});
      const queue = bench.queueOf('a');
      await queue.claim([lost!, kept!]);
      bench.clock.advance({ ms: leaseMs - 1 });
      expect(await queue.reclaimExpired(never)).toBe(0);
      await queue.extend([kept!._id]);
      bench.clock.advance({ ms: 2 });
      expect(await bench.queueOf('b').reclaimExpired(never)).toBe(1);
      expect(await bench.stateOf(lost!)).toMatchObject({ state: 'ready', claim: null, attempts: 1 });
      expect(await bench.stateOf(kept!)).toMatchObject({ state: 'leased' });
    });

    test('what the process itself still holds is not reclaimed', async () => {
      const [item] = await bench.add({});
      const queue = bench.queueOf('a');
      await queue.claim([item!]);
      bench.clock.advance({ ms: leaseMs + 1 });
      expect(await queue.reclaimExpired((id) => id === item!._id)).toBe(0);
    });

    test('a verdict that comes after the lease went to another process changes nothing', async () => {
      const [item] = await bench.add({});
      const [slow] = await bench.queueOf('a').claim([item!]);
      bench.clock.advance({ ms: leaseMs + 1 });
      const other = bench.queueOf('b');
      await other.reclaimExpired(never);
      await other.claim([item!]);
      await bench.queueOf('a').settle([{ item: slow!, verdict: { next: 'finish' } }]);
      expect(await bench.stateOf(item!)).toMatchObject({ state: 'leased', claim: 'b', attempts: 2 });
    });

    test('a process that is alone returns all leases at once', async () => {
      const items = await bench.add({}, {}, {});
      await bench.queueOf('dead').claim(items.slice(0, 2));
      expect(await bench.queueOf('new').reclaimAll()).toBe(2);
      expect(await bench.jobs.countDocuments({ state: 'ready' })).toBe(3);
    });
  });

  describe('verdicts', () => {
    test('finish removes, keep marks, retry puts off, dead buries, release undoes the claim', async () => {
      const items = await bench.add({}, {}, {}, {}, {});
      const queue = bench.queueOf('a');
      const [finish, keep, retry, dead, release] = await queue.claim(items);
      const dueAt = new Date('2030-01-01T13:00:00.000Z');
      await queue.settle([
        { item: finish!, verdict: { next: 'finish' } },
        { item: keep!, verdict: { next: 'keep', set: { lastError: 'ignored: x' } } },
        { item: retry!, verdict: { next: 'retry', dueAt, error: 'refused' } },
        { item: dead!, verdict: { next: 'dead', error: 'no use' } },
        { item: release!, verdict: { next: 'release' } },
      ]);
      expect(await bench.stateOf(finish!)).toBeNull();
      expect(await bench.stateOf(keep!)).toMatchObject({ state: 'done', lastError: 'ignored: x' });
      const late = { state: 'ready', attempts: 1, lastError: 'refused', dueAt: dueAt.toISOString() };
      expect(await bench.stateOf(retry!)).toMatchObject(late);
      expect(await bench.stateOf(dead!)).toMatchObject({ state: 'dead', lastError: 'no use' });
      expect(await bench.stateOf(release!)).toMatchObject({ state: 'ready', attempts: 0, claim: null });
    });
  });

  describe('lanes', () => {
    test('hopping finds each lane with something ready once, whatever lies in it', async () => {
      await bench.add(
        ...Array.from({ length: 50 }, () => ({ lane: 'b' })),
        { lane: 'a' },
        { lane: 'c', dueIn: 5000 },
      );
      const [gone] = await bench.add({ lane: 'bb' });
      const queue = bench.queueOf('a');
      await queue.claim([gone!]);
      const seen: string[] = [];
      for (let next = await queue.nextLane(''); next; next = await queue.nextLane(next.lane))
        seen.push(next.lane);
      expect(seen).toEqual(['a', 'b', 'c']);
      const last = await queue.nextLane('b');
      expect(last?.dueAt).toBe(new Date(bench.clock.now().getTime() + 5000).toISOString());
    });

    test('items of a lane come in the order in which they fell due', async () => {
      await bench.add(
        { name: 'third', dueIn: 30 },
        { name: 'first', dueIn: 10 },
        { name: 'later', dueIn: 100 },
        { name: 'second', dueIn: 20 },
      );
      bench.clock.advance({ ms: 50 });
      const found = await bench.queueOf('a').inLane('main', 10);
      expect(found.map((job) => job.payload['name'])).toEqual(['first', 'second', 'third']);
    });
  });

  test('every query of the queue is an index search', async () => {
    const now = bench.clock.now().toISOString();
    const explain = (filter: Parameters<typeof bench.store.explain>[1], sort?: Record<string, 1 | -1>) =>
      Promise.all(['jobs', 'deliveries', 'received'].map((name) => bench.store.explain(name, filter, sort)));
    const all = ['index', 'index', 'index'];
    expect(await explain({ state: 'ready', dueAt: { $gte: now, $lte: now } }, { dueAt: 1, _id: 1 })).toEqual(
      all,
    );
    expect(await explain({ state: 'ready', lane: 'a', dueAt: { $lte: now } }, { dueAt: 1, _id: 1 })).toEqual(
      all,
    );
    expect(await explain({ state: 'ready', lane: { $gt: 'a' } }, { lane: 1, dueAt: 1 })).toEqual(all);
    expect(await explain({ state: 'leased', leaseUntil: { $lt: now } })).toEqual(all);
    expect(await explain({ state: 'dead', dueAt: { $lt: now } })).toEqual(all);
  });
});
