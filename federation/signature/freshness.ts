import type { ClaimedTimes } from './claim.js';
import { parseHttpDate } from './http-date.js';

/** How far from now a signature may have been made, in milliseconds. */
export interface FreshnessWindow {
  maxAge: number;
  maxFuture: number;
}

/** What Mastodon allows: deliveries that waited in a queue for half a day, and clocks that are an hour ahead. */
export const DEFAULT_WINDOW: FreshnessWindow = { maxAge: 12 * 3_600_000, maxFuture: 3_600_000 };

export type FreshnessVerdict =
  'fresh' | 'date-malformed' | 'date-not-signed' | 'too-old' | 'in-future' | 'expired';

/**
 * Judges the signed times against the clock. Every time that is signed must lie in the window (both ends included);
 * `expires` must lie ahead and after `created`. Sources: draft-cavage-12 section 2.1.5, RFC 9421 section 2.3.
 */
export function checkFreshness(times: ClaimedTimes, now: Date, window: FreshnessWindow): FreshnessVerdict {
  const signed: number[] = [];
  if (times.date !== null) {
    const date = parseHttpDate(times.date);
    if (!date) return 'date-malformed';
    signed.push(date.getTime());
  }
  if (times.created !== null) signed.push(times.created * 1000);
  if (signed.length === 0) return 'date-not-signed';
  for (const time of signed) {
    if (now.getTime() - time > window.maxAge) return 'too-old';
    if (time - now.getTime() > window.maxFuture) return 'in-future';
  }
  if (times.expires === null) return 'fresh';
  const endsBeforeStart = times.created !== null && times.expires < times.created;
  return endsBeforeStart || times.expires * 1000 <= now.getTime() ? 'expired' : 'fresh';
}
