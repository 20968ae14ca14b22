import type { Logger } from '../log.js';
import type { WorkItem } from '../model/work.js';
import type { Queue, Settlement } from './queue.js';

export interface SettlerDeps<T extends WorkItem> {
  queue: Pick<Queue<T>, 'settle'>;
  log: Logger;
  /** Whether more verdicts are about to come. */
  expectsMore: () => boolean;
  onFlushed: () => void;
  /** So long more are waited for while they are to be expected. Default: not at all. */
  gatherMs?: number;
}

/** Writes verdicts in batches: those that come in a moment, or while one batch is written, go together. */
export interface Settler<T extends WorkItem> {
  add(settlements: readonly Settlement<T>[]): void;
  /** Items whose verdict is not stored yet. */
  has(id: string): boolean;
  readonly size: number;
  /** Resolves once nothing is left to write, or writing was given up after `stop`. */
  flushed(): Promise<void>;
  /** From now on a batch that fails is tried twice more, not for ever. */
  stop(): void;
}

const batchSize = 500;
const pauseMs = 500;
const lastTries = 3;

export function createSettler<T extends WorkItem>(deps: SettlerDeps<T>): Settler<T> {
  const { queue, log, expectsMore, onFlushed, gatherMs = 0 } = deps;
  const pending = new Map<string, Settlement<T>>();
  let writing: Promise<void> | null = null;
  let stopping = false;
  let hurry: () => void = () => {};

  const gather = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const isUrgent = (): boolean => stopping || gatherMs === 0 || pending.size >= batchSize || !expectsMore();
  const write = async (): Promise<void> => {
    let failures = 0;
    while (pending.size) {
      if (!isUrgent()) await gather();
      const batch = [...pending.values()].slice(0, batchSize);
      try {
        await queue.settle(batch);
        for (const settlement of batch) {
          if (pending.get(settlement.item._id) === settlement) pending.delete(settlement.item._id);
        }
        failures = 0;
      } catch (error) {
        failures += 1;
        log.error({ err: error, items: batch.length }, 'results of work could not be stored');
        if (stopping && failures >= lastTries) break;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    writing = null;
    onFlushed();
  };

  return {
    add: (settlements) => {
      for (const settlement of settlements) pending.set(settlement.item._id, settlement);
      if (pending.size) writing ??= write();
      if (isUrgent()) hurry();
    },
    has: (id) => pending.has(id),
    get size() {
      return pending.size;
    },
    flushed: async () => {
      await writing;
    },
    stop: () => {
      stopping = true;
      hurry();
    },
  };
}
