import { CompactEncrypt, compactDecrypt } from 'jose';
import type { Seals } from './ctx.js';

/**
 * Secrets that must be read again are kept sealed (JWE `dir` + A256GCM under the instance key), bound to what they are
 * for: one sealed for something else does not open.
 */
export function createSeals(instanceKey: Uint8Array): Seals {
  return {
    seal: (purpose, secret) =>
      new CompactEncrypt(new TextEncoder().encode(secret))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: purpose })
        .encrypt(instanceKey),
    open: async (purpose, sealed) => {
      const opened = await compactDecrypt(sealed, instanceKey, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      }).catch(() => null);
      return opened?.protectedHeader.kid === purpose ? new TextDecoder().decode(opened.plaintext) : null;
    },
  };
}
