import type { LookupFunction, Socket } from 'node:net';
import { isIPv6 } from 'node:net';
import { callbackify } from 'node:util';
import { classifyAddress } from './address.js';
import { AddressRefused } from './outcome.js';
import type { Resolve } from './resolver.js';
import { buildConnector } from './undici.js';

export interface ConnectorOptions {
  resolve: Resolve;
  allowLoopback: boolean;
  /** Milliseconds for DNS, TCP and TLS together. */
  timeoutMs: number;
  /** Further trusted certificates (PEM), for private authorities and tests. */
  ca?: string;
}

type Accept = (address: string) => boolean;
type Resolved = { address: string; family: 4 | 6 };

const MAX_ADDRESSES = 4;

/**
 * The lookup that sockets use: it hands out only addresses that passed the check, so the address that is checked is
 * the one that is dialled, and a name that changes its mind between two questions (DNS rebinding) gains nothing.
 */
function guardedLookup(resolve: Resolve, accept: Accept): LookupFunction {
  const find = async (hostname: string): Promise<Resolved[]> => {
    const resolved = await resolve(hostname);
    if (resolved.length === 0) throw Object.assign(new Error('no address'), { code: 'DNS_EMPTY' });
    const accepted = resolved.filter(accept).slice(0, MAX_ADDRESSES);
    if (accepted.length === 0) throw new AddressRefused('no address that may be dialled');
    return accepted.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  };
  // With `autoSelectFamily` sockets always ask for all addresses at once.
  return callbackify((hostname: string, _options: unknown) => find(hostname)) as LookupFunction;
}

/** Connects only where it may; undici's connector with a guarded lookup and a second look at the connected socket. */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { resolve, allowLoopback, timeoutMs, ca } = options;
  const acceptFor =
    (protocol: string): Accept =>
    (address) => {
      const kind = classifyAddress(address);
      // Plain http leaves the machine in no mode.
      return (kind === 'public' && protocol === 'https:') || (kind === 'loopback' && allowLoopback);
    };
  const build = (protocol: string): buildConnector.connector =>
    buildConnector({
      timeout: timeoutMs,
      lookup: guardedLookup(resolve, acceptFor(protocol)),
      // Tries the next address when one stays silent (broken IPv6), RFC 8305.
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 1000,
      // Said here, so that nothing in the environment (NODE_TLS_REJECT_UNAUTHORIZED, --tls-min-v1.0) can undo it.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
    });
  const connectors = { 'https:': build('https:'), 'http:': build('http:') };
  return (target, callback) => {
    const protocol = target.protocol === 'http:' ? 'http:' : 'https:';
    const accept = acceptFor(protocol);
    const checked = (error: Error | null, socket: Socket | null): void => {
      if (error || !socket) return callback(error ?? new Error('no socket'), null);
      if (accept(socket.remoteAddress ?? '')) return callback(null, socket);
      socket.destroy();
      callback(new AddressRefused('connected to an address that may not be dialled'), null);
    };
    connectors[protocol](target, checked as buildConnector.Callback);
  };
}
