import { hash, timingSafeEqual } from 'node:crypto';

/**
 * The stored form of a token, code or client secret: SHA-256, base64url. Only for values with high entropy; passwords
 * go through `ctx.passwords`.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Compares two texts in a time that does not depend on where they differ. Lengths may differ. */
export function isSameText(a: string, b: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(a), digest(b));
}
