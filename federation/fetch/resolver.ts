import { promises as dns } from 'node:dns';
import { isLoopbackName } from './address.js';

/** Host name to addresses, the preferred first; throws an error with a DNS code when there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

const MAX_PER_FAMILY = 2;

/**
 * Asks the DNS servers of the system directly (c-ares). `getaddrinfo` would run in the thread pool, where a few slow
 * names of an attacker stop file access and password hashing. The hosts file is therefore not read; `localhost` and
 * names below it mean this machine (RFC 6761). At most two addresses per family, IPv6 first (RFC 8305).
 */
export function createResolver({ timeoutMs = 2500, tries = 2 } = {}): Resolve {
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries });
  return async (hostname) => {
    if (isLoopbackName(hostname)) return ['127.0.0.1', '::1'];
    const [six, four] = await Promise.allSettled([resolver.resolve6(hostname), resolver.resolve4(hostname)]);
    const found = [six, four].flatMap((part) =>
      part.status === 'fulfilled' ? part.value.slice(0, MAX_PER_FAMILY) : [],
    );
    if (found.length === 0 && four.status === 'rejected') throw four.reason as Error;
    return found;
  };
}
