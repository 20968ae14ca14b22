import type { App } from '../model/access.js';
import { defaultScope, hasAllScopes, isKnownScope, parseScopes } from '../policy/scopes.js';
import { oauthError } from './errors.js';

/**
 * The scopes a client asks for: known ones, within those it was registered with. Without any: `read`, or all it has
 * where it was registered without `read`.
 * @throws AppError 400 invalid_scope
 */
export function parseRequestedScopes(raw: unknown, app: App): string[] {
  const wanted = parseScopes(raw);
  if (!wanted.length) return hasAllScopes(app.scopes, [defaultScope]) ? [defaultScope] : app.scopes;
  const unknown = wanted.find((scope) => !isKnownScope(scope));
  if (unknown !== undefined)
    throw oauthError('invalid_scope', `The scope ${unknown.slice(0, 100)} is not known here.`);
  if (!hasAllScopes(app.scopes, wanted))
    throw oauthError('invalid_scope', 'The app asks for more than it was registered for.');
  return wanted;
}
