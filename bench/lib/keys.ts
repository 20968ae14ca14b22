import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Pair {
  privatePem: string;
  publicPem: string;
}

/** Actors share these pairs: real keys, without minutes of making them. */
const pairCount = 16;

/** RSA-2048 pairs, made once and kept in a file for the next run. */
export function loadPairs(file: string): Pair[] {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Pair[];
  const pairs = Array.from({ length: pairCount }, (): Pair => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return {
      privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    };
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(pairs), { mode: 0o600 });
  return pairs;
}

export function pairOf(pairs: readonly Pair[], actor: number): Pair {
  const pair = pairs[actor % pairs.length];
  if (!pair) throw new Error('there are no keys');
  return pair;
}

export const privateKeys = (pairs: readonly Pair[]): KeyObject[] =>
  pairs.map((p) => createPrivateKey(p.privatePem));
export const publicKeys = (pairs: readonly Pair[]): KeyObject[] =>
  pairs.map((p) => createPublicKey(p.publicPem));
