import type { Delivery, Received } from '../model/work.js';

/** What verbs and handlers ask of the job room. */

export interface JobRequest {
  kind: string;
  payload: Record<string, unknown>;
  /** Default: the kind. Jobs of one lane never starve another lane. */
  lane?: string;
  /** Default: now. */
  dueAt?: Date;
}

/**
 * An intent: a durable job that was written before the documents it is about. If the process dies before `release`,
 * the job falls due by itself a few seconds later; its handler does nothing where the documents are absent.
 */
export interface Intent {
  release(): Promise<void>;
}

/** Work that was stored, and that the worker of this process holds back until told. */
export interface Held {
  begin(): void;
}

export interface JobsPort {
  /** Writes a job that is held back for a few seconds, or until released. */
  intend(job: JobRequest): Promise<Intent>;
  enqueue(job: JobRequest): Promise<void>;
  enqueueMany(jobs: readonly JobRequest[]): Promise<void>;
  /**
   * Stores a received activity for good and hands it to the worker. @returns false for a request that was taken before
   */
  takeReceived(received: Received): Promise<boolean>;
  /** Stores deliveries, each inbox of an activity once. Those that this process takes itself begin when told. */
  addDeliveries(deliveries: readonly Delivery[]): Promise<Held>;
  /** Tells the workers of this process that there is something to do in a queue (a hint, not needed for correctness). */
  nudge(queue: 'jobs' | 'deliveries' | 'received'): void;
}
