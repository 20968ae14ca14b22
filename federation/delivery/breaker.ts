/**
 * What is known about a host that we deliver to. Plain JSON, to be stored as it is. `closed`: all is well; `open`: it
 * fails, nothing is sent; `half-open`: one delivery is under way to see whether it is back; `dead`: it failed for two
 * weeks, nothing is sent until we hear from it.
 */
export interface Breaker {
  state: 'closed' | 'open' | 'half-open' | 'dead';
  /** Failures since the last success. */
  failures: number;
  /** ISO time of the first of them. */
  failingSince: string | null;
  /** ISO time from which one delivery may be tried. */
  nextProbeAt: string | null;
}

/**
 * `failure`: no answer or 5xx. `success`: any other answer, or a signed request that came from the host. `probe`: a
 * delivery was let through to an open breaker.
 */
export type BreakerEvent = 'success' | 'failure' | 'probe';

const MINUTE = 60_000;

/** Failures in a row that open the breaker. */
export const FAILURE_THRESHOLD = 5;
/** The pause before a probe doubles with each failed one, between these. */
const FIRST_PAUSE = MINUTE;
const LONGEST_PAUSE = 60 * MINUTE;
/** A probe that has not reported back after this long is taken for lost (its worker died). */
const PROBE_LEASE = 2 * MINUTE;
export const DEAD_AFTER_MS = 14 * 24 * 60 * MINUTE;

export const CLOSED_BREAKER: Readonly<Breaker> = {
  state: 'closed',
  failures: 0,
  failingSince: null,
  nextProbeAt: null,
};

const after = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString();

function failed(breaker: Breaker, now: Date): Breaker {
  const failures = breaker.failures + 1;
  const failingSince = breaker.failingSince ?? now.toISOString();
  if (now.getTime() - Date.parse(failingSince) >= DEAD_AFTER_MS) {
    return { state: 'dead', failures, failingSince, nextProbeAt: null };
  }
  if (failures < FAILURE_THRESHOLD) return { state: 'closed', failures, failingSince, nextProbeAt: null };
  // Deliveries that were already under way when the breaker opened report late: they move nothing.
  if (breaker.state === 'open') return breaker;
  const pause = Math.min(FIRST_PAUSE * 2 ** Math.min(failures - FAILURE_THRESHOLD, 20), LONGEST_PAUSE);
  return { state: 'open', failures, failingSince, nextProbeAt: after(now, pause) };
}

/** The next state of a breaker. Pure: the same host, event and time always give the same answer. */
export function reduceBreaker(breaker: Breaker, event: BreakerEvent, now: Date): Breaker {
  if (event === 'success') return { ...CLOSED_BREAKER };
  if (breaker.state === 'dead') return breaker;
  if (event === 'failure') return failed(breaker, now);
  return breaker.state === 'closed'
    ? breaker
    : { ...breaker, state: 'half-open', nextProbeAt: after(now, PROBE_LEASE) };
}

/**
 * Whether a delivery may go out now: `send`; `probe` (send this one alone, after a `probe` event); `wait` until
 * `nextProbeAt`; `drop` (the host is dead).
 */
export function admit(breaker: Breaker, now: Date): 'send' | 'probe' | 'wait' | 'drop' {
  if (breaker.state === 'closed') return 'send';
  if (breaker.state === 'dead') return 'drop';
  const due = breaker.nextProbeAt === null ? 0 : Date.parse(breaker.nextProbeAt);
  return now.getTime() >= due ? 'probe' : 'wait';
}
