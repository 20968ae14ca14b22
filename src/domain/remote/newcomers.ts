import type { Clock } from '../../../federation/ports.js';
import type { Settings } from '../../config/settings.js';
import type { Ctx } from '../ctx.js';
import { createWindows, isUncounted, registrableDomain } from './host-counts.js';

/** Counts of the current minute, in the memory of this process. */
export interface Newcomers {
  /** Counts an actor of `host` that nobody here knows; false when the host had its share. */
  takeActor(host: string): boolean;
  /** Counts `host` (with port) as one of its registrable domain; false when the domain has no room for another. */
  takeHost(host: string): boolean;
}

type Limits = Pick<Settings, 'newActorsPerHost' | 'newHostsPerDomain'>;

export function createNewcomers(clock: Clock, limits: Limits): Newcomers {
  const actors = createWindows(clock, () => ({ count: 0 }));
  const hosts = createWindows(clock, () => ({ names: new Set<string>() }));
  return {
    takeActor(host) {
      const { counts } = actors(host);
      counts.count += 1;
      return counts.count <= limits.newActorsPerHost;
    },
    takeHost(host) {
      const { names } = hosts(registrableDomain(host)).counts;
      if (!names.has(host) && names.size >= limits.newHostsPerDomain) return false;
      names.add(host);
      return true;
    },
  };
}

/**
 * Whether a host may be asked about an actor that nobody here knows. Disposable actors cost nothing, and with a
 * wildcard in the DNS hosts do not either: both are met only so fast (ATTACKS 138 and 168; Mastodon CVE-2022-46405).
 * Whoever is turned away is told to come back, or is looked up with the next mention.
 */
export async function mayMeet(ctx: Ctx, host: string): Promise<boolean> {
  if (isUncounted(host, ctx.settings)) return true;
  if (!ctx.newcomers.takeActor(host)) return false;
  return (await ctx.db.accounts.findOne({ domain: host })) !== null || ctx.newcomers.takeHost(host);
}
