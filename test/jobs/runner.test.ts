import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Runner } from '../../src/jobs/runner.js';
import type { Job } from '../../src/model/work.js';
import { engines } from '../store/engines.js';
import { createBench, createGate, leaseMs, runnerOf, type Bench } from './support.js';

describe.each(engines)('$name', (engine) => {
  /** FerretDB reads whole collections where MongoDB would search an index. */
  const many = engine.name.startsWith('embedded') ? 3000 : 150;
  let bench: Bench;
  let runners: Runner<Job>[];
  beforeEach(async () => {
    bench = await createBench(engine);
    runners = [];
  });
  afterEach(async () => {
    await Promise.all(runners.map((runner) => runner.stop(0)));
    await bench.remove();
  });

  function start(claim: string, options: Parameters<typeof runnerOf>[2]): Runner<Job> {
    const runner = runnerOf(bench.queueOf(claim), bench.clock, options);
    runners.push(runner);
    runner.start();
    return runner;
  }

  const name = (job: Job): string => String(job.payload['name']);

  /** For tests that hand work over: no poll finds it between its being stored and its being handed over. */
  const unpolled = { pollMs: 60_000 } as const;

  describe('work', () => {
    test('everything due runs once, though two processes compete', async () => {
      const ran: string[] = [];
      const run = async (job: Job) => {
        ran.push(job._id);
        return { next: 'finish' } as const;
      };
      const jobs = await bench.add(
        ...Array.from({ length: many / 2 }, (_, i) => ({ lane: `lane${i % 70}` })),
      );
      const pair = [start('a', { run }), start('b', { run })];
      for (let before = -1; ran.length !== before;) {
        before = ran.length;
        await Promise.all(pair.map((runner) => runner.idle()));
      }
      expect(ran).toHaveLength(jobs.length);
      expect(new Set(ran).size).toBe(jobs.length);
      expect(await bench.jobs.countDocuments({})).toBe(0);
    });

    test('a small lane does not wait for one with thousands', async () => {
      await bench.add(...Array.from({ length: many }, () => ({ lane: 'flood', name: 'flood' })));
      await bench.add({ lane: 'small', name: 'small' });
      const order: string[] = [];
      const runner = start('a', {
        concurrency: 4,
        run: async (job) => {
          order.push(name(job));
          return { next: 'finish' };
        },
      });
      await runner.idle();
      expect(order).toHaveLength(many + 1);
      expect(order.indexOf('small')).toBeLessThan(100);
    });

    test('a lane of one runs in order', async () => {
      const names = Array.from({ length: 60 }, (_, i) => String(i));
      await bench.add(...names.map((n) => ({ lane: 'actor', name: n })));
      const order: string[] = [];
      const runner = start('a', {
        rules: { allowance: () => ({ running: 1, held: 4 }) },
        run: async (job) => {
          order.push(name(job));
          return { next: 'finish' };
        },
      });
      await runner.idle();
      expect(order).toEqual(names);
    });

    test('a job that is put off runs when its time has come, not before', async () => {
      await bench.add({ name: 'x' });
      const attempts: number[] = [];
      const runner = start('a', {
        run: async (job) => {
          attempts.push(job.attempts);
          const dueAt = new Date(bench.clock.now().getTime() + 60_000);
          return job.attempts < 3 ? { next: 'retry', dueAt, error: 'later' } : { next: 'finish' };
        },
      });
      await runner.idle();
      expect(attempts).toEqual([1]);
      bench.clock.advance({ seconds: 59 });
      await runner.idle();
      expect(attempts).toEqual([1]);
      bench.clock.advance({ seconds: 1 });
      await runner.idle();
      bench.clock.advance({ seconds: 60 });
      await runner.idle();
      expect(attempts).toEqual([1, 2, 3]);
      expect(await bench.jobs.countDocuments({})).toBe(0);
    });

    test('a handler that throws gets the verdict for errors', async () => {
      const [job] = await bench.add({});
      const runner = start('a', { run: () => Promise.reject(new Error('broken')) });
      await runner.idle();
      expect(await bench.stateOf(job!)).toMatchObject({ state: 'dead', lastError: 'Error: broken' });
    });

    test('new work is seen by polling when nobody nudges', async () => {
      const gate = createGate();
      start('a', { run: gate.run });
      await bench.add({ name: 'from another process' });
      await gate.reached(1);
      expect(gate.begun).toEqual(['from another process']);
      gate.open();
    });

    test('a store slower than the poll does not keep it busy', async () => {
      const queue = bench.queueOf('a');
      const due: typeof queue.due = async (range) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return queue.due(range);
      };
      const runner = runnerOf({ ...queue, due }, bench.clock, { pollMs: 1, run: createGate().run });
      runners.push(runner);
      runner.start();
      await runner.idle();
      expect(runner.count).toBe(0);
    });

    test('an adopted item runs without being claimed', async () => {
      const ran: string[] = [];
      const runner = start('a', {
        ...unpolled,
        run: async (job) => {
          ran.push(job._id);
          return { next: 'finish' };
        },
      });
      await runner.idle();
      const [job] = await bench.add({});
      const leased = { ...job!, ...bench.queueOf('a').leased(10_000) };
      await bench.jobs.updateOne({ _id: job!._id }, { $set: { ...bench.queueOf('a').leased(10_000) } });
      expect(runner.adoption.adopt([leased])).toEqual([]);
      await runner.idle();
      expect(ran).toEqual([job!._id]);
      expect(await bench.jobs.countDocuments({})).toBe(0);
    });
  });

  test('what takes long gives its place to what waits', async () => {
    const gate = createGate();
    start('a', { concurrency: 1, run: gate.run });
    await bench.add({ lane: 'a' }, { lane: 'b' }, { lane: 'c' });
    await gate.reached(3);
    for (let i = 0; i < 3; i++) gate.open();
  });

  test('a burst begins a few at a time, so that the event loop turns in between', async () => {
    const gate = createGate();
    const runner = start('a', { ...unpolled, concurrency: 40, run: gate.run });
    await runner.idle();
    const jobs = await bench.add(...Array.from({ length: 40 }, (_, i) => ({ lane: `lane${i}` })));
    const lease = bench.queueOf('a').leased(10_000);
    const begun = gate.begun.length;
    expect(runner.adoption.adopt(jobs.map((job) => ({ ...job, ...lease })))).toEqual([]);
    expect(gate.begun.length - begun).toBeLessThan(10);
    await gate.reached(40);
    for (let i = 0; i < 40; i++) gate.open();
  });

  test('what came first of a lane and waits in the store runs first: the next is not adopted', async () => {
    const gate = createGate();
    const rules = { allowance: () => ({ running: 1, held: 4 }) };
    const runner = start('a', { ...unpolled, run: gate.run, rules });
    await runner.idle();
    const [first, second] = await bench.add({ name: 'first' }, { name: 'second' });
    expect(await runner.adoption.fitting([second!])).toEqual([second]);
    runner.adoption.getInLine([first!]);
    // Asked at once: soon it is held here, and what comes later may stand behind it.
    expect(runner.adoption.adopt([second!])).toEqual([second]);
    await gate.reached(1);
    expect(gate.begun).toEqual(['first']);
    gate.open();
    await gate.reached(2);
    gate.open();
    await runner.idle();
    expect(await runner.adoption.fitting([second!])).toEqual([second]);
  });

  test('while others wait in the store, a flood is not adopted beyond what is needed next', async () => {
    const gate = createGate();
    const runner = start('a', { ...unpolled, concurrency: 1, adoptMax: 50, run: gate.run });
    await runner.idle();
    const adds = (count: number) => bench.add(...Array.from({ length: count }, (_, i) => ({ lane: `${i}` })));
    const [older, ...flood] = await adds(21);
    const lease = bench.queueOf('a').leased(10_000);
    expect(runner.adoption.adopt(flood.map((job) => ({ ...job, ...lease })))).toEqual([]);
    await gate.reached(1);
    const [next] = await bench.add({ lane: 'new' });
    runner.adoption.getInLine([older!]);
    expect(runner.adoption.adopt([next!])).toEqual([next]);
    for (let i = 0; i < 22; i++) gate.open();
  });

  describe('a stopped lane', () => {
    test('is not touched: thousands of items stay as they are until it opens', async () => {
      let open = false;
      const jobs = await bench.add(...Array.from({ length: many }, () => ({ lane: 'dead' })), {
        lane: 'alive',
        name: 'alive',
      });
      const ran: string[] = [];
      const runner = start('a', {
        rules: {
          allowance: (lane) =>
            lane === 'alive' || open ? { running: 4, held: 16 } : { running: 0, held: 0 },
        },
        run: async (job) => {
          ran.push(name(job));
          return { next: 'finish' };
        },
      });
      await runner.idle();
      expect(ran).toEqual(['alive']);
      expect(await bench.jobs.countDocuments({ attempts: 0, state: 'ready' })).toBe(many);
      open = true;
      await runner.idle();
      expect(ran).toHaveLength(jobs.length);
    }, 120_000);
  });

  describe('leases', () => {
    test('work of a process that died is done by another once the lease ran out', async () => {
      const [job] = await bench.add({ name: 'orphan' });
      await bench.queueOf('dead').claim([job!]);
      const gate = createGate();
      const runner = start('b', { run: gate.run });
      await runner.idle();
      expect(gate.begun).toEqual([]);
      bench.clock.advance({ ms: leaseMs + 1 });
      await bench.queueOf('b').reclaimExpired(() => false);
      await gate.reached(1);
      gate.open();
      await runner.idle();
      expect(await bench.jobs.countDocuments({})).toBe(0);
    });
  });

  describe('stop', () => {
    test('waits for what runs, and returns what only waits', async () => {
      const gate = createGate();
      const jobs = await bench.add({ name: 'one' }, { name: 'two' }, { name: 'three' });
      const runner = start('a', { concurrency: 1, run: gate.run });
      await gate.reached(1);
      const stopped = runner.stop(60_000);
      gate.open();
      await stopped;
      expect(gate.begun).toEqual(['one']);
      expect(await bench.stateOf(jobs[0]!)).toBeNull();
      for (const job of jobs.slice(1)) {
        expect(await bench.stateOf(job)).toMatchObject({ state: 'ready', attempts: 0, claim: null });
      }
    });

    test('returns what does not end in time, and its late verdict counts no more', async () => {
      const gate = createGate();
      const [job] = await bench.add({ name: 'endless' });
      let signal: AbortSignal | undefined;
      const runner = start('a', {
        run: (item, given) => {
          signal = given;
          return gate.run(item);
        },
      });
      await gate.reached(1);
      await runner.stop(5);
      expect(signal?.aborted).toBe(true);
      expect(await bench.stateOf(job!)).toMatchObject({ state: 'ready', attempts: 1 });
      gate.open();
      await new Promise((resolve) => setImmediate(resolve));
      expect(await bench.stateOf(job!)).toMatchObject({ state: 'ready' });
    });
  });
});
