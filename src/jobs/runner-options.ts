import type { Clock } from '../../federation/ports.js';
import type { Logger } from '../log.js';
import type { WorkItem } from '../model/work.js';
import type { LaneRules } from './lanes.js';
import type { Queue, Verdict } from './queue.js';

export interface RunnerOptions<T extends WorkItem> {
  name: string;
  queue: Queue<T>;
  rules: LaneRules<T>;
  /** Items under way at once. One that takes long gives its place to others (it only waits for somebody else). */
  concurrency: number;
  /** Items that wait here at most when this process hands its own to `adopt`: four times `concurrency`, or more. */
  adoptMax?: number;
  /**
   * How long a verdict waits for others while more is under way: each batch is a transaction, and a sync of the disk; but
   * what was not written when the process died is done again. Default: not at all.
   */
  gatherMs?: number;
  pollMs: number;
  /** See FeederDeps. */
  overlapMs: number;
  clock: Clock;
  log: Logger;
  /** An item under way for longer is taken for failed: whatever holds it up must not hold its lane for ever. */
  mostMs: number;
  /** `signal` is aborted when a stop has waited long enough. */
  run(item: T, signal: AbortSignal): Promise<Verdict>;
  /** What becomes of an item whose `run` threw. */
  onError(item: T, error: unknown): Verdict;
  /** Loads what `rules` needs to know about lanes. */
  prepare?(lanes: readonly string[]): Promise<void>;
}
