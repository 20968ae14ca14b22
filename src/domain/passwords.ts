import { hash, verify } from '@node-rs/argon2';
import type { Passwords } from './ctx.js';

/** Argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane): about 30 ms of one core. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const prefix = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;

/** Longer passwords are refused where they are set; a check against one fails without costing anything. */
export const longestPassword = 1024;

/** Hashes in the library's thread pool; the event loop goes on. */
export function createPasswords(): Passwords {
  return {
    hash: (password) => hash(password.normalize('NFKC'), parameters),
    verify: async (stored, password) => {
      if (password.length > longestPassword) return false;
      // A damaged hash is nobody's password.
      return verify(stored, password.normalize('NFKC')).catch(() => false);
    },
    isOutdated: (stored) => !stored.startsWith(prefix),
  };
}
