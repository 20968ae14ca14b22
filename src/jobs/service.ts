import type { Ctx } from '../domain/ctx.js';
import type { Delivery, Job, Received, WorkItem } from '../model/work.js';
import type { Collection } from '../store/port.js';
import type { Adoption } from './adoption.js';
import { jobFailed, runJob } from './handlers/jobs.js';
import { receivedFailed, runReceived } from './handlers/received.js';
import { Peers } from './delivery/peers.js';
import { createDeliveryRunner } from './delivery/runner.js';
import { createPort, type Intake, type PortDeps } from './intents.js';
import type { JobsPort } from './port.js';
import { createQueue, type Queue } from './queue.js';
import { Runner } from './runner.js';
import { startSweeping } from './sweep.js';

export interface JobsDeps extends Pick<PortDeps, 'db' | 'clock' | 'ids'> {
  /** Names this process among all that share the store. */
  claim: string;
  /** True for the only server process on its store: leases of a process that died are returned at once. */
  alone: boolean;
  /** Whether it looks once a minute for what has expired, once it is a worker. Default: yes. */
  sweeps?: boolean;
}

export interface JobsService extends JobsPort {
  /** Makes this process a worker. `generation`: the instance's at the start of this process. */
  start(ctx: Ctx, generation: number): Promise<void>;
  /** Lets what runs finish for `graceMs`, returns the rest to the queues. */
  stop(graceMs: number): Promise<void>;
  /** Items that this process has run since it became a worker, by queue. */
  counts(): Record<'jobs' | 'received' | 'deliveries', number>;
  /** Resolves when nothing is due or running in any queue. For tests: drain, then assert. */
  idle(): Promise<void>;
}

const leaseMs = 120_000;
/** How much of the recent past is looked at again; several machines have several clocks. */
const timing = { alone: { pollMs: 1000, overlapMs: 2000 }, many: { pollMs: 250, overlapMs: 10_000 } };
/** Jobs are short steps on our own store. */
const jobConcurrency = 8;
/** Events and activities that wait in memory, leased: a burst then costs no looking for and claiming. */
const adoptMax = { jobs: 1000, received: 2000 };
/** Whoever gets or applies an activity again does nothing; of a mail or a push message everyone notices the second. */
const gatherMs = 20;
/** Longer ones wait in the store, characters. */
const adoptedBody = 16_384;

export function createJobs(deps: JobsDeps): JobsService {
  const queueOf = <T extends WorkItem>(collection: Collection<T>): Queue<T> =>
    createQueue(collection, { clock: deps.clock, claim: deps.claim, leaseMs });
  const queues = {
    jobs: queueOf(deps.db.jobs),
    deliveries: queueOf(deps.db.deliveries),
    received: queueOf(deps.db.received),
  };
  let runners: Runners | null = null;
  let peers: Peers | null = null;
  let stopSweeping: () => Promise<void> = async () => {};

  const port = createPort({
    ...deps,
    jobs: intakeOf(queues.jobs, () => runners?.jobs.adoption),
    received: intakeOf(
      queues.received,
      () => runners?.received.adoption,
      ({ body }) => body.length <= adoptedBody,
    ),
    deliveries: intakeOf(queues.deliveries, () => runners?.deliveries.adoption),
    nudge: (queue) => runners?.[queue].nudge(),
  });

  return {
    ...port,
    start: async (ctx, generation) => {
      if (deps.alone) await Promise.all(Object.values(queues).map((queue) => queue.reclaimAll()));
      const { clock, log, settings } = ctx;
      peers = new Peers({ peers: ctx.db.peers, clock, log, perHost: settings.deliveryPerHost });
      const { pollMs, overlapMs } = deps.alone ? timing.alone : timing.many;
      runners = createRunners(ctx, queues, { generation, peers, pollMs, overlapMs });
      for (const runner of Object.values(runners)) runner.start();
      if (deps.sweeps ?? true) stopSweeping = startSweeping(ctx);
    },
    stop: async (graceMs) => {
      await stopSweeping();
      const stopped = Object.values(runners ?? {});
      await Promise.all(stopped.map((runner) => runner.stop(graceMs)));
      await peers?.flushed();
      runners = null;
    },
    counts: () => ({
      jobs: runners?.jobs.count ?? 0,
      received: runners?.received.count ?? 0,
      deliveries: runners?.deliveries.count ?? 0,
    }),
    idle: async () => {
      // One queue feeds another: done when a whole round found nothing.
      for (let before = -1; runners;) {
        const all = Object.values(runners);
        for (const runner of all) await runner.idle();
        const count = all.reduce((sum, runner) => sum + runner.count, 0);
        if (count === before) break;
        before = count;
      }
      await peers?.flushed();
    },
  };
}

/** What verbs insert goes to the worker of this process, if it is one. */
function intakeOf<T extends WorkItem>(
  queue: Queue<T>,
  adoption: () => Adoption<T> | undefined,
  isLight: (item: T) => boolean = () => true,
): Intake<T> {
  return {
    leased: queue.leased,
    fitting: async (items) => adoption()?.fitting(items.filter(isLight)) ?? [],
    adopt: (items) => adoption()?.adopt(items) ?? items,
    giveBack: (items) => adoption()?.giveBack(items),
    getInLine: (items) => adoption()?.getInLine(items),
  };
}

interface Queues {
  jobs: Queue<Job>;
  deliveries: Queue<Delivery>;
  received: Queue<Received>;
}

interface Runners {
  jobs: Runner<Job>;
  deliveries: Runner<Delivery>;
  received: Runner<Received>;
}

interface Surroundings {
  generation: number;
  peers: Peers;
  pollMs: number;
  overlapMs: number;
}

function createRunners(
  ctx: Ctx,
  queues: Queues,
  { generation, peers, pollMs, overlapMs }: Surroundings,
): Runners {
  const { clock, log, settings } = ctx;
  const common = { clock, log, pollMs, overlapMs, mostMs: settings.workSeconds * 1000 };
  const deliveries = createDeliveryRunner(ctx, queues.deliveries, { ...common, gatherMs, generation, peers });
  const heardFrom = async (host: string): Promise<void> => {
    await peers.heardFrom(host);
    deliveries.review(host);
  };
  const events = { running: jobConcurrency, held: adoptMax.jobs };
  // Other kinds ask other servers for something, and may have to wait for it.
  const fetches = { running: jobConcurrency / 2, held: jobConcurrency };
  // All of them together, whatever many hosts they ask: those that never answer must not hold up what is our own.
  const crowd = { running: 2 * jobConcurrency };
  // One activity of an actor at a time, so that they keep their order.
  const perActor = { running: 1, held: 16 };
  return {
    jobs: new Runner({
      ...common,
      name: 'jobs',
      queue: queues.jobs,
      concurrency: jobConcurrency,
      adoptMax: adoptMax.jobs,
      rules: {
        allowance: (lane) => (lane === 'event' ? events : fetches),
        // Cards of one host one after the other: the second of the same link finds what the first has fetched.
        orderKey: ({ kind, lane }) => (kind === 'card' ? lane : null),
        crowd: (lane) => (lane === 'event' || lane === 'mail' ? null : crowd),
      },
      run: (job) => runJob(ctx, job, generation),
      onError: (job, error) => jobFailed(ctx, job, error),
    }),
    received: new Runner({
      ...common,
      name: 'received',
      queue: queues.received,
      concurrency: settings.inboxConcurrency,
      adoptMax: adoptMax.received,
      gatherMs,
      rules: { allowance: () => perActor },
      run: (received) => runReceived(ctx, received, heardFrom),
      onError: (received, error) => receivedFailed(ctx, received, error),
    }),
    deliveries,
  };
}
