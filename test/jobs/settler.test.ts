import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../src/log.js';
import type { Job } from '../../src/model/work.js';
import { createSettler, type Settler } from '../../src/jobs/settler.js';
import { engines } from '../store/engines.js';
import { createBench, type Bench } from './support.js';

describe.each(engines)('$name', (engine) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await createBench(engine);
  });
  afterEach(() => bench.remove());

  const tooLongMs = 1_000_000_000;

  /** Claimed jobs, and a settler over their queue whose batches are counted. */
  async function open(count: number, options: { expectsMore: () => boolean; gatherMs: number }) {
    const queue = bench.queueOf('a');
    const jobs = await queue.claim(await bench.add(...Array.from({ length: count }, () => ({}))));
    const batches: number[] = [];
    const settler: Settler<Job> = createSettler<Job>({
      queue: {
        settle: (batch) => {
          batches.push(batch.length);
          return queue.settle(batch);
        },
      },
      log: silentLogger,
      onFlushed: () => {},
      ...options,
    });
    const finish = (job: Job | undefined) => settler.add([{ item: job!, verdict: { next: 'finish' } }]);
    const left = () => bench.jobs.countDocuments({});
    return { jobs, settler, batches, finish, left };
  }

  test('verdicts wait for each other while more are to be expected; the last takes all with it', async () => {
    let running = 3;
    const { jobs, settler, batches, finish, left } = await open(3, {
      expectsMore: () => running > 0,
      gatherMs: tooLongMs,
    });
    for (const job of jobs) {
      expect(await left()).toBe(3);
      running -= 1;
      finish(job);
    }
    await settler.flushed();
    expect(batches).toEqual([3]);
    expect(await left()).toBe(0);
    expect(settler.size).toBe(0);
  });

  test('where nothing more is to be expected, a verdict is written at once', async () => {
    const { jobs, settler, batches, finish, left } = await open(1, {
      expectsMore: () => false,
      gatherMs: tooLongMs,
    });
    finish(jobs[0]);
    await settler.flushed();
    expect([batches, await left()]).toEqual([[1], 0]);
  });

  test('nothing waits for ever for what does not come', async () => {
    const { jobs, settler, batches, finish, left } = await open(2, { expectsMore: () => true, gatherMs: 1 });
    finish(jobs[0]);
    await settler.flushed();
    expect([batches, await left()]).toEqual([[1], 1]);
  });

  test('a full batch waits for nobody, and a stop neither', async () => {
    const { jobs, settler, batches, finish, left } = await open(501, {
      expectsMore: () => true,
      gatherMs: tooLongMs,
    });
    for (const job of jobs.slice(0, 500)) finish(job);
    await settler.flushed();
    expect([batches, await left()]).toEqual([[500], 1]);
    finish(jobs[500]);
    settler.stop();
    await settler.flushed();
    expect([batches, await left()]).toEqual([[500, 1], 0]);
  });
});
