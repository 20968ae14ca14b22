import { hash, timingSafeEqual } from 'node:crypto';
import { parseBase64 } from './base64.js';
import { parseDictionary } from './structured-fields.js';

/** `weak`: nothing in the field is a digest worth trusting (only MD5, SHA-1, unknown names, or nothing at all). */
export type DigestVerdict = 'match' | 'mismatch' | 'malformed' | 'weak';

/** Strong digest names of RFC 3230 / RFC 9530, lower-cased. All others are ignored. */
const STRONG: Readonly<Record<string, { hash: string; bytes: number }>> = {
  'sha-256': { hash: 'sha256', bytes: 32 },
  'sha-512': { hash: 'sha512', bytes: 64 },
};
const MAX_FIELD_LENGTH = 1024;

/** `Digest` (RFC 3230) of the raw bytes, e.g. `SHA-256=ZOyI…=`. */
export function toDigest(body: Uint8Array): string {
  return `SHA-256=${hash('sha256', body, 'base64')}`;
}

/** `Content-Digest` (RFC 9530) of the raw bytes, e.g. `sha-256=:ZOyI…=:`. */
export function toContentDigest(body: Uint8Array): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}

/**
 * Compares a `Digest` field with the raw bytes. Names are read in any case (Fedify writes `sha-256`). Every strong
 * entry must match, so that of a good and a bad one no reader can pick another than we do; one name twice is malformed.
 */
export function checkDigest(field: string, body: Uint8Array): DigestVerdict {
  if (field.length > MAX_FIELD_LENGTH) return 'malformed';
  const wanted = new Map<string, Buffer>();
  for (const entry of field.split(',')) {
    const equals = entry.indexOf('=');
    if (equals < 0) return 'malformed';
    const name = entry.slice(0, equals).trim().toLowerCase();
    if (!Object.hasOwn(STRONG, name)) continue;
    const value = parseBase64(entry.slice(equals + 1).trim());
    if (!value || wanted.has(name)) return 'malformed';
    wanted.set(name, value);
  }
  return compare(wanted, body);
}

/** Compares a `Content-Digest` field, a structured dictionary of byte sequences (RFC 9530), with the raw bytes. */
export function checkContentDigest(field: string, body: Uint8Array): DigestVerdict {
  const members = field.length > MAX_FIELD_LENGTH ? null : parseDictionary(field);
  if (!members) return 'malformed';
  const wanted = new Map<string, Buffer>();
  for (const [name, member] of members) {
    if (!Object.hasOwn(STRONG, name)) continue;
    if (member.kind !== 'item' || member.value.type !== 'bytes') return 'malformed';
    wanted.set(name, member.value.value);
  }
  return compare(wanted, body);
}

function compare(wanted: ReadonlyMap<string, Buffer>, body: Uint8Array): DigestVerdict {
  if (wanted.size === 0) return 'weak';
  for (const [name, value] of wanted) {
    const algorithm = STRONG[name];
    if (!algorithm || value.length !== algorithm.bytes) return 'malformed';
    if (!timingSafeEqual(hash(algorithm.hash, body, 'buffer'), value)) return 'mismatch';
  }
  return 'match';
}
