import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PublicKey } from '../ports.js';
import { parseBase58, toBase58 } from './base58.js';
import { parseBase64 } from './base64.js';

/** Key material that was found usable. */
export type ParsedKey = Pick<PublicKey, 'algorithm' | 'publicKey'>;

/** Longest key text that is read; an RSA-8192 PEM has about 1,400 characters. */
const MAX_TEXT_LENGTH = 4096;
const RSA_BITS = { min: 2048, max: 8192 };
/** A larger exponent buys nothing and makes each check slower. */
const MAX_EXPONENT = 2n ** 32n;
/** Multicodec `ed25519-pub` (0xed) as varint, before the 32 bytes of the key. */
const ED25519_PREFIX = Buffer.from([0xed, 0x01]);

/**
 * Reads a public key from untrusted text: PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`), Multikey (`z6Mk…`, FEP-521a), or a JWK
 * as JSON text. Null for all that must not verify anything: private keys, other kinds of key, RSA below 2048 or above
 * 8192 bits or with a bad exponent, damaged or oversized text.
 */
export function parsePublicKey(text: string): ParsedKey | null {
  if (text.length > MAX_TEXT_LENGTH) return null;
  const trimmed = text.trim();
  if (trimmed.startsWith('-----BEGIN ')) return parsePem(trimmed);
  if (trimmed.startsWith('{')) return parseJwkText(trimmed);
  return parseMultikey(trimmed);
}

/** Reads PEM. The armour is taken off here, since many servers wrap lines oddly or not at all. */
export function parsePem(pem: string): ParsedKey | null {
  if (pem.length > MAX_TEXT_LENGTH) return null;
  const text = pem.trim();
  for (const [label, type] of [
    ['PUBLIC KEY', 'spki'],
    ['RSA PUBLIC KEY', 'pkcs1'],
  ] as const) {
    const begin = `-----BEGIN ${label}-----`;
    const end = `-----END ${label}-----`;
    if (!text.startsWith(begin) || !text.endsWith(end) || text.length < begin.length + end.length) continue;
    const der = parseBase64(text.slice(begin.length, -end.length).replace(/[ \t\r\n]/g, ''));
    return der && accept(() => createPublicKey({ key: der, format: 'der', type }));
  }
  return null;
}

/** Reads an Ed25519 Multikey (`publicKeyMultibase` of W3C Controlled Identifiers, base58btc). */
export function parseMultikey(text: string): ParsedKey | null {
  const bytes = text.startsWith('z') ? parseBase58(text.slice(1)) : null;
  if (!bytes || bytes.length !== 34 || !bytes.subarray(0, 2).equals(ED25519_PREFIX)) return null;
  const x = bytes.subarray(2).toString('base64url');
  return accept(() => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
}

/** Reads a public JWK (RFC 7517, RFC 8037). One with a private part is refused: whoever publishes it lost it. */
export function parseJwk(value: unknown): ParsedKey | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'd' in value) return null;
  const { kty, n, e, crv, x } = value as Record<string, unknown>;
  let jwk: JsonWebKey;
  if (kty === 'RSA' && isShort(n) && isShort(e)) jwk = { kty, n, e };
  else if (kty === 'OKP' && crv === 'Ed25519' && isShort(x)) jwk = { kty, crv, x };
  else return null;
  return accept(() => createPublicKey({ key: jwk, format: 'jwk' }));
}

/** SPKI PEM of a public key, as actor documents carry it in `publicKeyPem`. */
export function toPublicKeyPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** Multikey text of an Ed25519 public key. Throws TypeError for any other kind. */
export function toMultikey(key: KeyObject): string {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined)
    throw new TypeError('Multikey needs an Ed25519 key');
  return `z${toBase58(Buffer.concat([ED25519_PREFIX, Buffer.from(x, 'base64url')]))}`;
}

/**
 * A `parsePublicKey` that remembers up to `max` keys by their text: parsing costs more than a check does. Text that is
 * no key is not remembered, so that garbage cannot drive good keys out.
 */
export function createKeyParser({ max = 5000 }: { max?: number } = {}): (text: string) => ParsedKey | null {
  const cache = new LRUCache<string, ParsedKey>({ max });
  return (text) => {
    const known = cache.get(text);
    if (known) return known;
    const parsed = parsePublicKey(text);
    if (parsed) cache.set(text, parsed);
    return parsed;
  };
}

function parseJwkText(text: string): ParsedKey | null {
  try {
    return parseJwk(JSON.parse(text));
  } catch {
    return null;
  }
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH;
}

/** OpenSSL throws on what it cannot read; what it can read may still be too weak, too big, or the wrong kind. */
function accept(make: () => KeyObject): ParsedKey | null {
  let publicKey: KeyObject;
  try {
    publicKey = make();
  } catch {
    return null;
  }
  if (publicKey.asymmetricKeyType === 'ed25519') return { algorithm: 'ed25519', publicKey };
  if (publicKey.asymmetricKeyType !== 'rsa') return null;
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  const sizeIsFine = modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max;
  const exponentIsFine = publicExponent >= 3n && publicExponent % 2n === 1n && publicExponent <= MAX_EXPONENT;
  return sizeIsFine && exponentIsFine ? { algorithm: 'rsa', publicKey } : null;
}
