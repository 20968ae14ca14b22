import { signCavage } from './cavage.js';
import type { Dialect } from './claim.js';
import type { SigningInput } from './request.js';
import { signRfc9421 } from './rfc9421.js';

/** Signs a request in the given dialect; returns all header fields to send, lower-cased. Sign anew for each attempt. */
export function signRequest(dialect: Dialect, input: SigningInput): Record<string, string> {
  return dialect === 'cavage' ? signCavage(input) : signRfc9421(input);
}
