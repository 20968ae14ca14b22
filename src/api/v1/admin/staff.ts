import type { Request, RequestHandler } from 'express';
import { forbidden } from '../../../errors.js';
import type { Staff } from '../../../domain/staff-rules.js';
import { requireUser, signedIn } from '../../../http/auth.js';
import { hasPermission, type Permission } from '../../../policy/permissions.js';

/**
 * Staff with this permission, whose token has any of these scopes. Both are asked at each request: whoever is no longer
 * staff has a token that opens nothing here.
 */
export function requireStaff(permission: Permission, ...anyOfScopes: string[]): RequestHandler {
  const signedInFor = requireUser(...anyOfScopes);
  return (req, res, next) => {
    const permitted = (): void => {
      if (!hasPermission(signedIn(req).user.role, permission)) throw forbidden();
      next();
    };
    return signedInFor(req, res, permitted);
  };
}

/** Guards for reading and writing one noun, whose scopes are `admin:read:<noun>` and `admin:write:<noun>`. */
export function staffFor(
  permission: Permission,
  noun: string,
): { read: RequestHandler; write: RequestHandler } {
  return {
    read: requireStaff(permission, 'admin:read', `admin:read:${noun}`),
    write: requireStaff(permission, 'admin:write', `admin:write:${noun}`),
  };
}

/** Who acts; behind a guard of this file. */
export function staffOf(req: Request): Staff {
  const { account, user } = signedIn(req);
  return { account, role: user.role };
}
