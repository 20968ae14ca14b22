import type { Clock } from '../../federation/ports.js';
import type { Ids } from '../model/ids.js';
import type { Delivery, Job, Received, WorkItem } from '../model/work.js';
import { insertThose, isDuplicateKey, type Collection } from '../store/port.js';
import type { Held, JobRequest, JobsPort } from './port.js';
import type { Queue } from './queue.js';

export interface PortDeps {
  db: { jobs: Collection<Job>; deliveries: Collection<Delivery>; received: Collection<Received> };
  clock: Clock;
  ids: Ids;
  jobs: Intake<Job>;
  received: Intake<Received>;
  deliveries: Intake<Delivery>;
  nudge: JobsPort['nudge'];
}

/** How a queue takes what verbs insert. Without a worker in this process, nothing is ever fitting. */
export interface Intake<T extends WorkItem> {
  leased: Queue<T>['leased'];
  /** Those that the worker of this process would take at once, if they are inserted as leased. */
  fitting(items: readonly T[]): Promise<readonly T[]>;
  /** Hands inserted ones over. @returns those for which there is no room any more */
  adopt(items: readonly T[]): readonly T[];
  /** Back to the queue. */
  giveBack(items: readonly T[]): void;
  /** Tells of those that were inserted as ready. */
  getInLine(items: readonly T[]): void;
}

/** How long an intent waits for its release before it falls due by itself. */
const intentMs = 10_000;
/** An intent whose lease may have ended, or is about to, is written anew rather than trusted. */
const marginMs = 2000;

/**
 * The port that verbs use. An intent is inserted as leased by this process: its release costs nothing when the worker of
 * this process takes it over, and if the process dies the lease runs out.
 */
export function createPort(deps: PortDeps): JobsPort {
  const collection = deps.db.jobs;

  const release = async (job: Job): Promise<void> => {
    const trusted = Date.parse(job.leaseUntil ?? '') - marginMs > deps.clock.now().getTime();
    if (trusted && deps.jobs.adopt([job]).length === 0) return;
    const ready = {
      ...job,
      state: 'ready',
      leaseUntil: null,
      claim: null,
      dueAt: nowIso(deps),
      attempts: 0,
    } as const;
    const { _id, ...fields } = ready;
    const { matchedCount } = await collection.updateOne({ _id }, { $set: fields });
    if (matchedCount === 0) {
      // Its time was up before the documents were written, and it found nothing to do.
      await collection.insertOne(ready).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error;
      });
    }
    deps.nudge('jobs');
  };

  const enqueueMany = async (requests: readonly JobRequest[]): Promise<void> => {
    if (!requests.length) return;
    await collection.insertMany(requests.map((request) => toJob(deps, request)));
    deps.nudge('jobs');
  };

  return {
    intend: async (request) => {
      const job = { ...toJob(deps, request), ...deps.jobs.leased(intentMs) };
      await collection.insertOne(job);
      return { release: () => release(job) };
    },
    enqueue: (request) => enqueueMany([request]),
    enqueueMany,
    takeReceived: (received) => takeReceived(deps, received),
    addDeliveries: (deliveries) => addDeliveries(deps, deliveries),
    nudge: deps.nudge,
  };
}

/** Inserted as leased by this process where its worker has room: the worker then has nothing to look for and to claim. */
async function takeReceived({ db, received: intake, nudge }: PortDeps, received: Received): Promise<boolean> {
  const [mine] = await intake.fitting([received]);
  const document = mine ? { ...received, ...intake.leased(), backlogHost: null } : received;
  try {
    await db.received.insertOne(document);
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
  if (mine) intake.giveBack(intake.adopt([document]));
  else {
    intake.getInLine([document]);
    nudge('received');
  }
  return true;
}

/** The same for deliveries. Those that are there already are left as they are. */
async function addDeliveries(
  { db, deliveries: intake, nudge }: PortDeps,
  deliveries: readonly Delivery[],
): Promise<Held> {
  const fitting = new Set(await intake.fitting(deliveries));
  const lease = intake.leased();
  const documents = deliveries.map((one) => (fitting.has(one) ? { ...one, ...lease } : one));
  const written = await insertThose(db.deliveries, documents);
  const [mine, others] = [
    written.filter((d) => d.state === 'leased'),
    written.filter((d) => d.state === 'ready'),
  ];
  if (others.length) {
    intake.getInLine(others);
    nudge('deliveries');
  }
  return { begin: () => intake.giveBack(intake.adopt(mine)) };
}

const nowIso = ({ clock }: Pick<PortDeps, 'clock'>): string => clock.now().toISOString();

/** A job as it is inserted: ready. */
export function toJob(deps: Pick<PortDeps, 'clock' | 'ids'>, request: JobRequest): Job {
  const at = nowIso(deps);
  return {
    _id: deps.ids.next(),
    state: 'ready',
    dueAt: request.dueAt?.toISOString() ?? at,
    leaseUntil: null,
    claim: null,
    attempts: 0,
    lane: request.lane ?? request.kind,
    lastError: null,
    createdAt: at,
    kind: request.kind,
    payload: request.payload,
  };
}
