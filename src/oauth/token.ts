import type { Request, RequestHandler, Response } from 'express';
import { byAddress } from '../http/rate-limits.js';
import { redeemCode } from '../domain/codes.js';
import type { Ctx } from '../domain/ctx.js';
import { findFactors } from '../domain/second-factor/factors.js';
import { signIn } from '../domain/sign-in.js';
import { issueToken } from '../domain/tokens.js';
import { paramsOf } from '../http/params.js';
import type { AccessToken, App } from '../model/access.js';
import { grantableScopes } from '../policy/scopes.js';
import { grantorOf, standingTexts } from '../policy/standing.js';
import { authenticatedClient } from './client-auth.js';
import { oauthError } from './errors.js';
import { parseRequestedScopes } from './requested-scopes.js';

interface Issued {
  token: AccessToken;
  secret: string;
}

/** `POST /oauth/token` (RFC 6749 section 3.2): authorization_code, client_credentials; password in test mode. */
export function tokenEndpoint(ctx: Ctx): RequestHandler {
  return async (req, res) => {
    const app = await authenticatedClient(ctx, req);
    if (!app) {
      if (/^Basic /i.test(req.get('authorization') ?? '')) res.set('WWW-Authenticate', 'Basic realm="OAuth"');
      throw oauthError('invalid_client', 'The client is unknown, or its secret is missing or wrong.', 401);
    }
    sendToken(res, await issue(ctx, req, app));
  };
}

/** The Token entity. `created_at` is in seconds. */
export function sendToken(res: Response, { token, secret }: Issued): void {
  res.set('Cache-Control', 'no-store').json({
    access_token: secret,
    token_type: 'Bearer',
    scope: token.scopes.join(' '),
    created_at: Math.floor(Date.parse(token.createdAt) / 1000),
  });
}

function issue(ctx: Ctx, req: Request, app: App): Promise<Issued> {
  const params = paramsOf(req);
  const grantType = params['grant_type'];
  if (grantType === undefined || grantType === '')
    throw oauthError('invalid_request', 'The parameter grant_type is missing.');
  if (grantType === 'authorization_code') return fromCode(ctx, params, app);
  if (grantType === 'client_credentials') return forApp(ctx, params, app);
  if (grantType === 'password' && ctx.settings.testMode) return fromPassword(ctx, req, app);
  throw oauthError('unsupported_grant_type', 'This server does not issue tokens for this grant_type.');
}

async function fromCode(ctx: Ctx, params: Record<string, unknown>, app: App): Promise<Issued> {
  const { code, redirect_uri: redirectUri } = params;
  // Some clients send an empty code_verifier when they use no PKCE.
  const codeVerifier = params['code_verifier'] || null;
  if (typeof code !== 'string' || typeof redirectUri !== 'string')
    throw oauthError('invalid_request', 'The parameters code and redirect_uri are required, once each.');
  if (codeVerifier !== null && typeof codeVerifier !== 'string')
    throw oauthError('invalid_request', 'The parameter code_verifier must be given once.');
  const issued = await redeemCode(ctx, { app, code, redirectUri, codeVerifier });
  if (issued) return issued;
  throw oauthError(
    'invalid_grant',
    'The code is unknown, expired, used, or was made for another client, redirect_uri or code_verifier.',
  );
}

function forApp(ctx: Ctx, params: Record<string, unknown>, app: App): Promise<Issued> {
  const scopes = grantableScopes(parseRequestedScopes(params['scope'], app), grantorOf(null));
  return issueToken(ctx, { app, user: null, scopes });
}

async function fromPassword(ctx: Ctx, req: Request, app: App): Promise<Issued> {
  const { username, password, scope } = paramsOf(req);
  if (typeof username !== 'string' || typeof password !== 'string')
    throw oauthError('invalid_request', 'The parameters username and password are required.');
  const result = await signIn(ctx, null, { login: username, password, address: byAddress(req), ip: req.ip });
  if (result.outcome === 'barred') throw oauthError('invalid_grant', standingTexts[result.standing]);
  if (result.outcome !== 'ok') throw oauthError('invalid_grant', 'The username or the password is wrong.');
  if (await findFactors(ctx, result.user._id))
    throw oauthError(
      'invalid_grant',
      'This account asks for a second factor: it must sign in with a browser.',
    );
  const scopes = grantableScopes(parseRequestedScopes(scope, app), grantorOf(result.user));
  return issueToken(ctx, { app, user: result.user, scopes });
}
