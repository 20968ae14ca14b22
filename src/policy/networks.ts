import { isIPv4, isIPv6 } from 'node:net';

/** Addresses and networks as numbers of 128 bits; IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). Pure. */

const mapped = 0xffffn << 32n;
const allOnes = (1n << 128n) - 1n;

export interface Network {
  /** As shown: `203.0.113.0/24`, `2001:db8::/32`. */
  text: string;
  /** Its name for look-ups: first address and length. */
  key: string;
  /** Keys (`addressKey`) of the first and the last address. */
  first: string;
  last: string;
}

/** An address or CIDR network as somebody typed it; bits beyond the length are dropped. Null when it is none. */
export function parseNetwork(input: string): Network | null {
  const [address = '', length, ...rest] = input.trim().split('/');
  const value = toNumber(address);
  if (value === null || rest.length || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
  const offset = isIPv4(address) ? 96 : 0;
  const bits = length === undefined ? 128 : Number(length) + offset;
  if (bits > 128) return null;
  return toNetwork(value, bits);
}

/** The number of an address as 32 hexadecimal digits; null when it is no address. */
export function addressKey(address: string): string | null {
  const value = toNumber(address);
  return value === null ? null : toHex(value);
}

/** An address as shown; null when it is none. */
export function addressText(address: string): string | null {
  const value = toNumber(address);
  return value === null ? null : toText(value);
}

/** The keys of every network that an address lies in, the narrowest first. Empty when it is no address. */
export function networksAround(address: string): string[] {
  const value = toNumber(address);
  if (value === null) return [];
  return Array.from({ length: 129 }, (_, i) => toNetwork(value, 128 - i).key);
}

function toNetwork(value: bigint, bits: number): Network {
  const host = allOnes >> BigInt(bits);
  const first = value & (allOnes ^ host);
  const isV4 = bits >= 96 && first >> 32n === 0xffffn;
  return {
    text: `${toText(first)}/${isV4 ? bits - 96 : bits}`,
    key: `${toHex(first)}/${bits}`,
    first: toHex(first),
    last: toHex(first | host),
  };
}

const toHex = (value: bigint): string => value.toString(16).padStart(32, '0');

function toNumber(address: string): bigint | null {
  if (isIPv4(address)) return mapped | v4Number(address);
  const bare = address.replace(/%.*$/, '');
  if (!isIPv6(bare)) return null;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(bare);
  const tail = dotted?.[2] === undefined ? null : v4Number(dotted[2]);
  const plain =
    tail === null
      ? bare
      : `${dotted?.[1] ?? ''}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [head = '', rest] = plain.split('::');
  const before = head ? head.split(':') : [];
  const after = rest ? rest.split(':') : [];
  const zeros = rest === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function v4Number(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(Number(part)), 0n);
}

/** IPv6 in the form of RFC 5952, which URLs have. */
function toText(value: bigint): string {
  if (value >> 32n === 0xffffn) {
    const bytes = [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn));
    return bytes.join('.');
  }
  const groups = toHex(value).match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
