import { isKnownScope, parseScopes } from '../policy/scopes.js';
import { invalid } from '../errors.js';

/** What a client gets when nothing else is said. */
export const defaultScopes = 'read write follow push';

/** @throws AppError 422 that names the unknown one */
export function knownScopes(text: string | readonly string[]): string[] {
  const scopes = parseScopes(text);
  const unknown = scopes.find((scope) => !isKnownScope(scope));
  if (unknown !== undefined) throw invalid(`${unknown} is no scope`);
  return scopes;
}
