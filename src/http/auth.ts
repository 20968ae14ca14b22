import type { NextFunction, Request, RequestHandler } from 'express';
import { AppError, forbidden, unauthorized } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { findTokenHolder, type TokenHolder } from '../domain/tokens.js';
import type { AccessToken, App } from '../model/access.js';
import type { Account, User } from '../model/account.js';
import { hasAnyScope } from '../policy/scopes.js';
import { standingOf, standingTexts, type Standing } from '../policy/standing.js';
import { queryOf } from './params.js';
import { stateOf, type RequestState } from './state.js';

/** Who asks. `user` and `account` are null for an app that acts for itself. */
export interface Viewer {
  token: AccessToken;
  app: App;
  user: User | null;
  account: Account | null;
  scopes: readonly string[];
}

/**
 * Finds out who asks: `Authorization: Bearer`, else `access_token` in the query, else in the parsed body. Decides
 * nothing: a guard below does. May be mounted again after the body was parsed.
 */
export function authenticate(ctx: Ctx): RequestHandler {
  const identify = async (state: RequestState, secret: string, next: NextFunction): Promise<void> => {
    state.triedToken = secret;
    state.bearer = await findTokenHolder(ctx, secret);
    next();
  };
  return (req, _res, next) => {
    const state = stateOf(req);
    const secret = state.bearer ? null : tokenText(req);
    if (secret === null || secret === state.triedToken) return next();
    return identify(state, secret, next);
  };
}

function tokenText(req: Request): string | null {
  const given = req.headers.authorization;
  const header = given === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(given)?.[1];
  if (header !== undefined) return header;
  const param = queryOf(req)['access_token'] ?? stateOf(req).body?.['access_token'];
  return typeof param === 'string' && param !== '' ? param : null;
}

/** A token of an app or a person, with any of these scopes. 401 without one, 403 outside its scopes. */
export function requireToken(...anyOfScopes: string[]): RequestHandler {
  return (req, _res, next) => {
    accept(req, require401(req), anyOfScopes);
    next();
  };
}

/**
 * Somebody who is signed in, with any of these scopes. 401 without a token, 403 outside its scopes, 422 for an app's
 * token, 403 for people whose login is disabled, unconfirmed or pending.
 */
export function requireUser(...anyOfScopes: string[]): RequestHandler {
  return (req, _res, next) => {
    const viewer = accept(req, require401(req), anyOfScopes);
    if (viewer.user === null) throw new AppError(422, 'This method requires an authenticated user');
    next();
  };
}

/** As `requireUser`, for what people may do whose address is not confirmed yet, or about whom staff has not decided. */
export function requireNewcomer(...anyOfScopes: string[]): RequestHandler {
  return (req, _res, next) => {
    const viewer = accept(req, require401(req), anyOfScopes, ['ok', 'unconfirmed', 'pending']);
    if (viewer.user === null) throw new AppError(422, 'This method requires an authenticated user');
    next();
  };
}

/** Anybody; a valid token must have any of these scopes (403). Unknown and revoked tokens count as none. */
export function optionalUser(...anyOfScopes: string[]): RequestHandler {
  return (req, _res, next) => {
    const { bearer } = stateOf(req);
    if (bearer) accept(req, bearer, anyOfScopes);
    next();
  };
}

function require401(req: Request): TokenHolder {
  const { bearer } = stateOf(req);
  if (!bearer) throw unauthorized();
  return bearer;
}

function accept(
  req: Request,
  holder: TokenHolder,
  anyOfScopes: readonly string[],
  standings: readonly Standing[] = ['ok'],
): Viewer {
  const { token, app, user, account } = holder;
  if (!hasAnyScope(token.scopes, anyOfScopes))
    throw forbidden('This action is outside the authorized scopes');
  if (user && account) {
    const standing = standingOf(user, account);
    if (standing !== 'ok' && !standings.includes(standing)) throw forbidden(standingTexts[standing]);
  }
  const viewer: Viewer = { token, app, user, account, scopes: token.scopes };
  stateOf(req).viewer = viewer;
  return viewer;
}

/**
 * For routes behind `requireUser`.
 * @throws AppError 401 elsewhere
 */
export function signedIn(req: Request): { account: Account; user: User; viewer: Viewer } {
  const { viewer } = stateOf(req);
  if (!viewer?.account || !viewer.user) throw unauthorized();
  return { account: viewer.account, user: viewer.user, viewer };
}

/** Whoever a guard has let through; null for anonymous requests and on routes without a guard. */
export function maybeViewer(req: Request): Viewer | null {
  return stateOf(req).viewer;
}

/** The account id of the viewer; null for anonymous requests and apps. */
export function viewerIdOf(req: Request): string | null {
  return stateOf(req).viewer?.account?._id ?? null;
}
