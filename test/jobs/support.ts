import type { Clock } from '../../federation/ports.js';
import { silentLogger } from '../../src/log.js';
import type { Job } from '../../src/model/work.js';
import { createIds } from '../../src/model/ids.js';
import { createQueue, type Queue, type Verdict } from '../../src/jobs/queue.js';
import type { RunnerOptions } from '../../src/jobs/runner-options.js';
import { Runner } from '../../src/jobs/runner.js';
import { collections } from '../../src/store/collections.js';
import type { Collection, Store } from '../../src/store/port.js';
import type { EngineUnderTest } from '../store/engines.js';
import { createTestClock, type TestClock } from '../support/clock.js';

export const leaseMs = 60_000;

export interface Bench {
  store: Store;
  /** Closes and removes the store. */
  remove(): Promise<void>;
  clock: TestClock;
  jobs: Collection<Job>;
  /** The queue as another process sees it. */
  queueOf(claim: string): Queue<Job>;
  /** Inserts ready jobs, one per entry, in order. */
  add(...entries: { lane?: string; dueIn?: number; name?: string }[]): Promise<Job[]>;
  stateOf(job: Job): Promise<Job | null>;
}

/** Only what the queues need: declaring everything takes its time on some servers. */
const { jobs: spec, deliveries, received } = collections;
const specs = { jobs: spec, deliveries, received };

/** A queue over a real store. */
export async function createBench(engine: EngineUnderTest): Promise<Bench> {
  const place = engine.create();
  const store = await place.open(specs);
  const clock = createTestClock(new Date('2030-01-01T12:00:00Z'));
  const ids = createIds(clock);
  const jobs = store.collection<Job>('jobs');
  return {
    store,
    remove: () => place.remove(),
    clock,
    jobs,
    queueOf: (claim) => createQueue(jobs, { clock, claim, leaseMs }),
    add: async (...entries) => {
      const documents = entries.map(({ lane = 'main', dueIn = 0, name = '' }): Job => ({
        _id: ids.next(),
        state: 'ready',
        dueAt: new Date(clock.now().getTime() + dueIn).toISOString(),
        leaseUntil: null,
        claim: null,
        attempts: 0,
        lane,
        lastError: null,
        createdAt: clock.now().toISOString(),
        kind: 'test',
        payload: { name },
      }));
      if (documents.length) await jobs.insertMany(documents);
      return documents;
    },
    stateOf: (job) => jobs.findOne({ _id: job._id }),
  };
}

export interface Gate {
  /** Names of jobs in the order in which they began. */
  begun: string[];
  /** Resolves when so many jobs have begun. */
  reached(count: number): Promise<void>;
  /** Lets the oldest job that waits end. */
  open(verdict?: Verdict): void;
  run(job: Job): Promise<Verdict>;
}

/** A handler whose jobs end when the test says so. */
export function createGate(): Gate {
  const begun: string[] = [];
  const waiting: ((verdict: Verdict) => void)[] = [];
  let watchers: { count: number; resolve: () => void }[] = [];
  return {
    begun,
    reached: (count) =>
      new Promise((resolve) => {
        if (begun.length >= count) resolve();
        else watchers.push({ count, resolve });
      }),
    open: (verdict = { next: 'finish' }) => waiting.shift()?.(verdict),
    run: (job) => {
      begun.push(String(job.payload['name']) || job._id);
      for (const watcher of watchers) if (begun.length >= watcher.count) watcher.resolve();
      watchers = watchers.filter((w) => begun.length < w.count);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

export function runnerOf(
  queue: Queue<Job>,
  clock: Clock,
  options: Partial<RunnerOptions<Job>> & Pick<RunnerOptions<Job>, 'run'>,
): Runner<Job> {
  return new Runner<Job>({
    name: 'test',
    queue,
    clock,
    log: silentLogger,
    concurrency: 4,
    pollMs: 20,
    mostMs: 60_000,
    overlapMs: 1000,
    rules: { allowance: () => ({ running: 4, held: 16 }) },
    onError: (_job, error) => ({ next: 'dead', error: String(error) }),
    ...options,
  });
}
