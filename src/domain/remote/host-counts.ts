import { LRUCache } from 'lru-cache';
import { getDomain } from 'tldts';
import { isLoopbackHost } from '../../../federation/fetch/address.js';
import type { Clock } from '../../../federation/ports.js';
import type { Settings } from '../../config/settings.js';
import { growing } from '../../growing.js';

/** What other servers did in the current minute, counted in the memory of this process and bounded in number. */
export interface Window<T> {
  /** Milliseconds since 1970. */
  since: number;
  counts: T;
}

export const minuteMs = 60_000;
/** Names that are counted at a time; the ones that were not seen for longest begin anew. */
const most = 10_000;
/** Not the names below `localhost`, which play a wildcard. */
const thisMachine = /^(?:localhost(?::\d+)?|[\d.:[\]]+)$/;

/** Fixed windows of a minute by name. */
export function createWindows<T extends object>(clock: Clock, empty: () => T): (name: string) => Window<T> {
  const windows = new LRUCache<string, Window<T>>(growing(most));
  return (name) => {
    const at = clock.now().getTime();
    const known = windows.get(name);
    // Either side: a clock that is set back must not keep a refusal alive.
    if (known && Math.abs(at - known.since) < minuteMs) return known;
    const begun = { since: at, counts: empty() };
    windows.set(name, begun);
    return begun;
  };
}

/** What somebody has to pay for: all ports and all names below it count as one (public suffix list). */
export function registrableDomain(host: string): string {
  const hostname = host.replace(/:\d+$/, '');
  return getDomain(hostname) ?? hostname;
}

/** Development: this machine plays all the servers, and none of them is counted. */
export function isUncounted(host: string, settings: Pick<Settings, 'federateLoopback'>): boolean {
  return settings.federateLoopback && thisMachine.test(host) && isLoopbackHost(host);
}
