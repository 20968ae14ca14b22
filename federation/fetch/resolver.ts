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
export function createResolver(
  options: {
    timeoutMs?: number;
    tries?: number;
    /** `address:port`, instead of the system's */ servers?: readonly string[];
  } = {},
): Resolve {
  const { timeoutMs = 2500, tries = 2, servers } = options;
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries });
  if (servers) resolver.setServers(servers);
  return async (hostname) => {
    if (isLoopbackName(hostname)) return ['127.0.0.1', '::1'];
    const [six, four] = await Promise.allSettled([resolver.resolve6(hostname), resolver.resolve4(hostname)]);
    const found = [six, four].flatMap((part) =>
      part.status === 'fulfilled' ? part.value.slice(0, MAX_PER_FAMILY) : [],
    );
    if (found.length > 0) return found;
    const reason: unknown = four.status === 'rejected' ? four.reason : null;
    const code = (reason as { code?: unknown } | null)?.code;
    // A name server that cannot be reached says ECONNREFUSED, as a peer would.
    throw Object.assign(new Error('name not resolved', { cause: reason }), {
      code: `DNS_${String(code ?? 'EMPTY')}`,
    });
  };
}

/** A domain to the names of the servers that take its mails, lower case; none where it names none. Throws as above. */
export type MailExchangers = (domain: string) => Promise<readonly string[]>;

const MAX_EXCHANGERS = 20;
/** The domain is not there, or names no servers (RFC 5321 section 5.1). */
const noneNamed = new Set<unknown>(['ENOTFOUND', 'ENODATA']);

/** Asks for MX records. Nothing is ever connected to by their names: mails leave by the server of the settings. */
export function createMailExchangers(
  options: { timeoutMs?: number; tries?: number; servers?: readonly string[] } = {},
): MailExchangers {
  const { timeoutMs = 2000, tries = 2, servers } = options;
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries });
  if (servers) resolver.setServers(servers);
  return async (domain) => {
    try {
      const records = await resolver.resolveMx(domain);
      const names = records.map(({ exchange }) => exchange.toLowerCase().replace(/\.$/, ''));
      return names.filter(Boolean).slice(0, MAX_EXCHANGERS);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (noneNamed.has(code)) return [];
      throw Object.assign(new Error('mail servers not known', { cause: error }), {
        code: `DNS_${String(code)}`,
      });
    }
  };
}
