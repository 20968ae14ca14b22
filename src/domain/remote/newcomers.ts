import { LRUCache } from 'lru-cache';
import { getDomain } from 'tldts';
import { isLoopbackHost } from '../../../federation/fetch/address.js';
import type { Clock } from '../../../federation/ports.js';
import type { Settings } from '../../config/settings.js';
import type { Ctx } from '../ctx.js';

/** Not the names below `localhost`, which play a wildcard. */
const thisMachine = /^(?:localhost(?::\d+)?|[\d.:[\]]+)$/;

/** Counts of the current minute, in the memory of this process. */
export interface Newcomers {
  /** Counts an actor of `host` that nobody here knows; false when the host had its share. */
  takeActor(host: string): boolean;
  /** Counts `host` (with port) as one of its registrable domain; false when the domain has no room for another. */
  takeHost(host: string): boolean;
}

type Limits = Pick<Settings, 'newActorsPerHost' | 'newHostsPerDomain'>;

const minuteMs = 60_000;
/** Hosts or domains that are counted at a time; the ones that were not seen for longest begin anew. */
const most = 10_000;

export function createNewcomers(clock: Clock, limits: Limits): Newcomers {
  const actors = createWindows(clock, () => ({ count: 0 }));
  const hosts = createWindows(clock, () => ({ names: new Set<string>() }));
  return {
    takeActor(host) {
      const window = actors(host);
      window.count += 1;
      return window.count <= limits.newActorsPerHost;
    },
    takeHost(host) {
      const { names } = hosts(registrableDomain(host));
      if (!names.has(host) && names.size >= limits.newHostsPerDomain) return false;
      names.add(host);
      return true;
    },
  };
}

/** Fixed windows of a minute by name, bounded in number. */
function createWindows<T extends object>(clock: Clock, empty: () => T): (name: string) => T {
  const windows = new LRUCache<string, { since: number; counts: T }>({ max: most });
  return (name) => {
    const at = clock.now().getTime();
    const known = windows.get(name);
    if (known && at - known.since < minuteMs) return known.counts;
    const begun = { since: at, counts: empty() };
    windows.set(name, begun);
    return begun.counts;
  };
}

/** What somebody has to pay for: all ports and all names below it count as one (public suffix list). */
function registrableDomain(host: string): string {
  const hostname = host.replace(/:\d+$/, '');
  return getDomain(hostname) ?? hostname;
}

/**
 * Whether a host may be asked about an actor that nobody here knows. Disposable actors cost nothing, and with a
 * wildcard in the DNS hosts do not either: both are met only so fast (ATTACKS 138 and 168; Mastodon CVE-2022-46405).
 * Whoever is turned away is told to come back, or is looked up with the next mention.
 */
export async function mayMeet(ctx: Ctx, host: string): Promise<boolean> {
  // Development: this machine plays all the servers.
  if (ctx.settings.federateLoopback && thisMachine.test(host) && isLoopbackHost(host)) return true;
  if (!ctx.newcomers.takeActor(host)) return false;
  return (await ctx.db.accounts.findOne({ domain: host })) !== null || ctx.newcomers.takeHost(host);
}
