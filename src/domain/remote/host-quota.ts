import type { Ctx } from '../ctx.js';
import { createWindows, isUncounted, minuteMs, registrableDomain } from './host-counts.js';

/**
 * Counts one request of a host. @returns 0 when there was room for it, else in how many seconds there is again
 */
export type HostQuota = (host: string) => number;

/**
 * So many requests in a minute from all servers of one registrable domain together: with a wildcard in the DNS, names cost
 * nothing. Count only what a signature proves, or anybody could shut out a host by naming it. `perMinute` 0: no limit.
 */
export function createHostQuota(ctx: Pick<Ctx, 'clock' | 'settings'>, perMinute: number): HostQuota {
  if (perMinute === 0) return () => 0;
  const windows = createWindows(ctx.clock, () => ({ count: 0 }));
  return (host) => {
    if (isUncounted(host, ctx.settings)) return 0;
    const { since, counts } = windows(registrableDomain(host));
    if (counts.count >= perMinute)
      return Math.ceil((minuteMs - Math.abs(ctx.clock.now().getTime() - since)) / 1000);
    counts.count += 1;
    return 0;
  };
}
