/** Decoding and signing are heavy and share libuv's few threads with disk and DNS: only some may happen at once. */
import { unavailable } from './errors.js';

export interface Gate {
  /** Runs `work` when there is room. Throws a 503 when too many wait already. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** A gate for `width` at once and `queue` waiting. */
export function createGate({ width, queue }: { width: number; queue: number }): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (running >= width) {
        if (waiting.length >= queue) throw unavailable('Too many files are being processed, try again later');
        // Whoever leaves hands its place over, so that `running` is not touched here.
        await new Promise<void>((enter) => waiting.push(enter));
      } else {
        running += 1;
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
