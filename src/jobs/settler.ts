import type { Logger } from '../log.js';
import type { WorkItem } from '../model/work.js';
import type { Queue, Settlement } from './queue.js';

/** Writes verdicts in batches: those that come while one batch is written make up the next. */
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

export function createSettler<T extends WorkItem>(
  { queue, log }: { queue: Pick<Queue<T>, 'settle'>; log: Logger },
  onFlushed: () => void,
): Settler<T> {
  const pending = new Map<string, Settlement<T>>();
  let writing: Promise<void> | null = null;
  let stopping = false;

  const write = async (): Promise<void> => {
    let failures = 0;
    while (pending.size) {
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
    },
  };
}
