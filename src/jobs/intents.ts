import type { Clock } from '../../federation/ports.js';
import type { Ids } from '../model/ids.js';
import type { Delivery, Job, Received } from '../model/work.js';
import { isDuplicateKey, type Collection } from '../store/port.js';
import type { JobRequest, JobsPort } from './port.js';
import type { Queue } from './queue.js';

export interface PortDeps {
  db: { jobs: Collection<Job>; deliveries: Collection<Delivery>; received: Collection<Received> };
  clock: Clock;
  ids: Ids;
  /** Names this process among all that share the store. */
  claim: string;
  jobs: Queue<Job>;
  /** Hands a job that this process has leased to its own worker; false when there is none, or no room. */
  adopt(job: Job): boolean;
  received: Queue<Received>;
  /** The same for received activities: asked for room first, since they are stored as leased only when there is some. */
  hasRoom(received: Received): boolean;
  adoptReceived(received: Received): void;
  nudge: JobsPort['nudge'];
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
    if (trusted && deps.adopt(job)) return;
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
    nudge: deps.nudge,
  };
}

/** Inserted as leased by this process where its worker has room: the worker then has nothing to look for and to claim. */
async function takeReceived(deps: PortDeps, received: Received): Promise<boolean> {
  const mine = deps.hasRoom(received);
  const document = mine ? { ...received, ...deps.received.leased(), backlogHost: null } : received;
  try {
    await deps.db.received.insertOne(document);
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
  if (mine) deps.adoptReceived(document);
  else deps.nudge('received');
  return true;
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
