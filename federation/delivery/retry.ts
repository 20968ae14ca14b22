import { parseHttpDate } from '../signature/http-date.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

const FIRST_DELAY = 30 * SECOND;
const LONGEST_DELAY = 12 * HOUR;
/** The first attempt and 24 more. */
export const MAX_ATTEMPTS = 25;
/** Each delay is stretched or shortened by up to a quarter, so that a recovering host is not met by all at once. */
const JITTER = 0.25;

const RETRY_AFTER_MIN = SECOND;
const RETRY_AFTER_MAX = 24 * HOUR;

/**
 * How long to wait after the `attempt`-th failed attempt (counted from 1), in milliseconds; `random` gives numbers in
 * [0, 1). The delay doubles from 30 s up to 12 h:
 *
 * | after attempt | delay | about since the first |
 * |---|---|---|
 * | 1, 2, 3, 4, 5 | 30 s, 1, 2, 4, 8 min | 16 min |
 * | 6, 7, 8 | 16, 32, 64 min | 2 h |
 * | 9, 10, 11 | 2 h 8, 4 h 16, 8 h 32 min | 17 h |
 * | 12 to 24 | 12 h each | 7 days 5 h |
 * | 25 | give up | |
 */
export function nextAttempt(attempt: number, random: () => number): number | 'give-up' {
  if (attempt >= MAX_ATTEMPTS) return 'give-up';
  const doublings = Math.max(0, Math.min(attempt - 1, 20));
  const base = Math.min(FIRST_DELAY * 2 ** doublings, LONGEST_DELAY);
  return Math.round(base * (1 - JITTER + 2 * JITTER * random()));
}

/** The later of our own schedule and what the host asked for (`retryAfterMs`, null when it did not ask). */
export function nextAttemptAfter(
  attempt: number,
  retryAfterMs: number | null,
  random: () => number,
): number | 'give-up' {
  const delay = nextAttempt(attempt, random);
  return delay === 'give-up' ? delay : Math.max(delay, retryAfterMs ?? 0);
}

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3: seconds, or an HTTP date) as milliseconds from `now`, held between one
 * second and a day. Null for anything else.
 */
export function retryAfterOf(header: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? '';
  if (text === '' || text.length > 64) return null;
  const wanted = /^\d+$/.test(text)
    ? Number(text) * SECOND
    : (parseHttpDate(text)?.getTime() ?? NaN) - now.getTime();
  if (Number.isNaN(wanted)) return null;
  return Math.min(Math.max(wanted, RETRY_AFTER_MIN), RETRY_AFTER_MAX);
}
