import type { RequestHandler } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { findToken, revokeTokens } from '../domain/tokens.js';
import { paramsOf } from '../http/params.js';
import { authenticatedClient } from './client-auth.js';
import { oauthError } from './errors.js';

/** `POST /oauth/revoke` (RFC 7009). 200 also for tokens nobody knows; 403 for those of another client. */
export function revokeEndpoint(ctx: Ctx): RequestHandler {
  return async (req, res) => {
    const app = await authenticatedClient(ctx, req);
    const secret = paramsOf(req)['token'];
    const token = typeof secret === 'string' && secret !== '' ? await findToken(ctx, secret) : null;
    if (!app || (token && token.appId !== app._id))
      throw oauthError('unauthorized_client', 'This client may not revoke this token.', 403);
    if (token) await revokeTokens(ctx, { tokenId: token._id });
    res.json({});
  };
}
