import { randomBytes, randomFillSync } from 'node:crypto';

/** URL-safe texts of random bytes. The system is asked for many at once: every request takes some for its name. */
export function createRandomTokens(): (bytes?: number) => string {
  const pool = Buffer.alloc(4096);
  let used = pool.length;
  return (bytes = 32) => {
    if (bytes > pool.length / 4) return randomBytes(bytes).toString('base64url');
    if (used + bytes > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const token = pool.toString('base64url', used, used + bytes);
    // Nothing of what was given out stays behind.
    pool.fill(0, used, used + bytes);
    used += bytes;
    return token;
  };
}
