import { isIPv4 } from 'node:net';

/** What an address is for, after the IANA special-purpose registries. Only `public` is ever dialled in production. */
export type AddressKind =
  | 'public'
  | 'loopback'
  | 'unspecified'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'multicast'
  | 'documentation'
  | 'benchmarking'
  | 'reserved'
  /** IPv6 that carries an IPv4 address: mapped, 6to4, Teredo, and NAT64 of anything but a public address. */
  | 'translated'
  | 'invalid';

type Range = readonly [prefix: string, bits: number, kind: AddressKind];

/** RFC 6890 and successors; the union of what Mastodon and GoToSocial refuse. First match counts. */
const ranges4: readonly Range[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'shared'],
  ['127.0.0.0', 8, 'loopback'],
  // 169.254.169.254 is the metadata service of most clouds.
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.31.196.0', 24, 'reserved'],
  ['192.52.193.0', 24, 'reserved'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['192.175.48.0', 24, 'reserved'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

/** What is taken out of 2000::/3, the only space in public use. */
const ranges6: readonly Range[] = [
  ['2001:0:0:0:0:0:0:0', 32, 'translated'],
  ['2001:0:0:0:0:0:0:0', 23, 'reserved'],
  ['2001:db8:0:0:0:0:0:0', 32, 'documentation'],
  ['2002:0:0:0:0:0:0:0', 16, 'translated'],
  ['2620:4f:8000:0:0:0:0:0', 48, 'reserved'],
  ['3fff:0:0:0:0:0:0:0', 20, 'documentation'],
  ['2000:0:0:0:0:0:0:0', 3, 'public'],
  ['fe80:0:0:0:0:0:0:0', 10, 'link-local'],
  ['fc00:0:0:0:0:0:0:0', 7, 'private'],
  ['ff00:0:0:0:0:0:0:0', 8, 'multicast'],
];

const number4 = (address: string): bigint =>
  address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);

/** Takes the canonical spelling only (lower case, one `::`, no dotted tail), as the URL parser writes it. */
function number6(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

/** A test for the addresses that have their first `bits` of `width` in common with `base`. */
function within(base: bigint, bits: number, width: number): (value: bigint) => boolean {
  const shift = BigInt(width - bits);
  const prefix = base >> shift;
  return (value) => value >> shift === prefix;
}

const kinds4 = ranges4.map(([prefix, bits, kind]) => ({ kind, holds: within(number4(prefix), bits, 32) }));
const kinds6 = ranges6.map(([prefix, bits, kind]) => ({ kind, holds: within(number6(prefix), bits, 128) }));
const isNat64 = within(number6('64:ff9b::'), 96, 128);
const isMapped = within(number6('::ffff:0:0'), 96, 128);

function classify4(value: bigint): AddressKind {
  return kinds4.find(({ holds }) => holds(value))?.kind ?? 'public';
}

function classify6(value: bigint): AddressKind {
  if (value === 0n) return 'unspecified';
  if (value === 1n) return 'loopback';
  if (isMapped(value)) return 'translated';
  // An IPv6-only host behind DNS64 reaches IPv4 servers this way; what counts is where it leads.
  if (isNat64(value)) return classify4(value & 0xffff_ffffn) === 'public' ? 'public' : 'translated';
  return kinds6.find(({ holds }) => holds(value))?.kind ?? 'reserved';
}

/** The host of an http URL in canonical spelling, or null. Knows all the odd forms: `0x7f.1`, `2130706433`, `①.1`. */
function canonicalHost(text: string): string | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare === '' || bare.length > 253 || /[@/?#\\%\s[\]]/.test(bare)) return null;
  try {
    return new URL(bare.includes(':') ? `http://[${bare}]/` : `http://${bare}/`).hostname;
  } catch {
    return null;
  }
}

/**
 * Says what kind of address a host is, in any spelling that a URL may use: dotted, decimal, octal, hexadecimal, short
 * forms, full-width digits, IPv6 with or without brackets and with a dotted tail. `name` for a host name, `invalid`
 * for what no URL may hold (zone ids included).
 */
export function classifyAddress(host: string): AddressKind | 'name' {
  const canonical = canonicalHost(host);
  if (canonical === null) return 'invalid';
  if (canonical.startsWith('[')) return classify6(number6(canonical.slice(1, -1)));
  return isIPv4(canonical) ? classify4(number4(canonical)) : 'name';
}

/** `localhost` and names below it, which RFC 6761 reserves for the machine itself. */
export const isLoopbackName = (hostname: string): boolean => /^(?:.+\.)?localhost\.?$/i.test(hostname);

/** True for the names and addresses of this machine, in a URL's host (port allowed): what development mode opens. */
export function isLoopbackHost(host: string): boolean {
  const hostname = host.replace(/:\d{1,5}$/, '');
  return isLoopbackName(hostname) || classifyAddress(hostname) === 'loopback' || host === '::1';
}
