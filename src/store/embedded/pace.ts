/** When transactions may begin. */
export interface Pace {
  /** One begins now. */
  take(): void;
  /** How long the next one should wait, ms. */
  wait(): number;
}

/** So many one after the other begin at once; then one every few milliseconds. */
const burst = 12;
const everyMs = 8;

/**
 * Under load a transaction of many writes costs far less than many of few: they touch the same pages, each of which is
 * written once. A few in a row, as one request makes them, begin at once (a leaky bucket). `now` in ms, monotonic.
 */
export function createPace(now: () => number = () => performance.now()): Pace {
  /** When all that have begun would have, at an even pace. */
  let even = -Infinity;
  return {
    take: () => {
      even = Math.max(even, now()) + everyMs;
    },
    wait: () => Math.max(0, Math.ceil(even - burst * everyMs - now())),
  };
}
