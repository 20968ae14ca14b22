import { findAppByClientId, outOfBand } from '../domain/apps.js';
import { isChallenge } from '../domain/codes.js';
import type { Ctx } from '../domain/ctx.js';
import type { App } from '../model/access.js';
import { oauthError } from './errors.js';
import { parseRequestedScopes } from './requested-scopes.js';

/** What travels through sign-in and consent unchanged; everything else in a request is dropped. */
const carried = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'prompt',
  'force_login',
  'lang',
] as const;
type Carried = (typeof carried)[number];
export type AuthorizeParams = Partial<Record<Carried, string>>;

/** An authorization request that was found good. */
export interface AuthorizeRequest {
  params: AuthorizeParams;
  app: App;
  redirectUri: string;
  scopes: string[];
  state: string | null;
  codeChallenge: string | null;
  /** The person must sign in again, to choose another account. */
  forceLogin: boolean;
  /** Nothing may be shown (OpenID Connect `prompt=none`). */
  silent: boolean;
}

const longest = 4000;

/**
 * The known parameters, each given once.
 * @throws AppError 400 invalid_request for lists, objects and very long values
 */
export function parseAuthorizeParams(raw: Record<string, unknown>): AuthorizeParams {
  const params: AuthorizeParams = {};
  for (const name of carried) {
    const value = raw[name];
    if (value === undefined || value === null || value === '') continue;
    const text = typeof value === 'boolean' ? String(value) : value;
    if (typeof text !== 'string' || text.length > longest)
      throw oauthError('invalid_request', `The parameter ${name} must be given once, as a text.`);
    params[name] = text;
  }
  return params;
}

/**
 * Checks everything anew, on showing the page and again on its answer. Nothing here redirects: as long as client and
 * redirect_uri are not known to belong together, the person is told instead.
 * @throws AppError 400 with `error` and `error_description`
 */
export async function checkAuthorizeRequest(ctx: Ctx, params: AuthorizeParams): Promise<AuthorizeRequest> {
  const app = params.client_id === undefined ? null : await findAppByClientId(ctx, params.client_id);
  if (!app) throw oauthError('invalid_client', 'No app with this client_id is registered on this server.');
  const redirectUri = params.redirect_uri;
  if (redirectUri === undefined || !app.redirectUris.includes(redirectUri))
    throw oauthError('invalid_redirect_uri', 'The redirect_uri is not one that the app was registered with.');
  if (params.response_type !== 'code')
    throw oauthError('unsupported_response_type', 'This server only knows the response_type "code".');
  const prompts = (params.prompt ?? '').split(' ');
  return {
    params,
    app,
    redirectUri,
    scopes: parseRequestedScopes(params.scope, app),
    state: params.state ?? null,
    codeChallenge: checkChallenge(params),
    forceLogin:
      ['true', '1', 'on'].includes(params.force_login ?? '') ||
      prompts.includes('login') ||
      prompts.includes('select_account'),
    silent: prompts.includes('none'),
  };
}

function checkChallenge(params: AuthorizeParams): string | null {
  const { code_challenge: challenge, code_challenge_method: method } = params;
  if (challenge === undefined) return null;
  if (method !== 'S256') throw oauthError('invalid_request', 'The code_challenge_method must be S256.');
  if (!isChallenge(challenge)) throw oauthError('invalid_request', 'The code_challenge is malformed.');
  return challenge;
}

/** The address of this step for the same request; `overrides` set or (null) remove a parameter. */
export function authorizePath(
  params: AuthorizeParams,
  overrides: Partial<Record<Carried, string | null>> = {},
): string {
  const query = new URLSearchParams();
  for (const name of carried) {
    const value = name in overrides ? overrides[name] : params[name];
    if (value !== undefined && value !== null) query.set(name, value);
  }
  return `/oauth/authorize?${query.toString()}`;
}

/** Back to the client. The registered text is kept as it is; only parameters are added. */
export function clientRedirect(request: AuthorizeRequest, answer: Record<string, string>): string {
  const query = new URLSearchParams(answer);
  if (request.state !== null) query.set('state', request.state);
  const { redirectUri } = request;
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query.toString()}`;
}

export const isOutOfBand = (request: AuthorizeRequest): boolean => request.redirectUri === outOfBand;
