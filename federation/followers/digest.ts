import { hash } from 'node:crypto';

/** A digest in the making. */
export interface FollowersDigest {
  /** Takes one id in. Each id once: the same one twice takes itself out again. */
  add(id: string): void;
  /** 64 hexadecimal digits in lower case; all zeros for nobody. */
  hex(): string;
}

/** The digest of a partial followers collection: SHA-256 of each id, joined by XOR in any order (FEP-8fcf). */
export function createFollowersDigest(): FollowersDigest {
  const sum = Buffer.alloc(32);
  return {
    add(id) {
      const digest = hash('sha256', id, 'buffer');
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (digest[i] ?? 0);
    },
    hex: () => sum.toString('hex'),
  };
}

/** As `createFollowersDigest`, of ids that are at hand; repeated ones count once. */
export function followersDigest(ids: Iterable<string>): string {
  const digest = createFollowersDigest();
  for (const id of new Set(ids)) digest.add(id);
  return digest.hex();
}
