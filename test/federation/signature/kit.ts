/** Helpers for tests of signatures: keys made once, a resolver that counts, requests as they come over the wire. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Clock, KeyResolver, PublicKey, SigningKey } from '../../../federation/ports.js';
import { headersFromRaw, type SignedRequest } from '../../../federation/signature/request.js';

export interface Signer {
  signing: SigningKey;
  published: PublicKey;
}

export const NOW = new Date('2026-03-01T12:00:00Z');
export const HOUR = 3_600_000;

export function fixedClock(now: Date = NOW): Clock {
  return { now: () => now };
}

export function makeSigner(owner: string, kind: 'rsa' | 'ed25519' = 'rsa', fragment = '#main-key'): Signer {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
  const keyId = owner + fragment;
  return {
    signing: { keyId, algorithm: kind === 'rsa' ? 'rsa-sha256' : 'ed25519', privateKey: pair.privateKey },
    published: {
      keyId,
      owner,
      algorithm: kind,
      publicKey: pair.publicKey,
      fetchedAt: new Date(NOW.getTime() - 24 * HOUR),
    },
  };
}

export interface CountingResolver extends KeyResolver {
  /** Each call as `keyId` or `keyId (refresh)`. */
  readonly calls: string[];
}

type Answer = PublicKey | 'gone' | 'unavailable' | 'refused';

/** Answers from `stored`, and from `fresh` when a refresh is asked for and there is one. Unknown keys are unavailable. */
export function resolverOf(
  stored: Record<string, Answer>,
  fresh: Record<string, Answer> = {},
): CountingResolver {
  const calls: string[] = [];
  return {
    calls,
    async resolve(keyId, { refresh }) {
      calls.push(refresh ? `${keyId} (refresh)` : keyId);
      return (refresh ? fresh[keyId] : undefined) ?? stored[keyId] ?? 'unavailable';
    },
  };
}

export function resolverFor(...signers: Signer[]): CountingResolver {
  return resolverOf(Object.fromEntries(signers.map((s) => [s.published.keyId, s.published])));
}

/** A request as the HTTP layer hands it over. `headers` as a record, or as a raw list for repeated fields. */
export function toRequest(
  method: string,
  url: string,
  headers: Record<string, string | string[]> | string[],
  body: Buffer = Buffer.alloc(0),
): SignedRequest {
  const parsed = new URL(url);
  const raw = Array.isArray(headers)
    ? headers
    : Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((line) => [name, line]));
  return {
    method,
    url: parsed.pathname + parsed.search,
    hosts: [parsed.host],
    headers: headersFromRaw(raw),
    body,
    scheme: parsed.protocol === 'http:' ? 'http' : 'https',
  };
}
