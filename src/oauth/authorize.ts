import express, { type Response, type Router } from 'express';
import { badRequest } from '../errors.js';
import { issueCode } from '../domain/codes.js';
import type { Ctx } from '../domain/ctx.js';
import type { SignedInSession } from '../domain/sessions.js';
import { withoutFormAction } from '../http/app.js';
import { apiBody, paramsOf, queryOf } from '../http/params.js';
import { stateOf } from '../http/state.js';
import { grantableScopes } from '../policy/scopes.js';
import { grantorOf } from '../policy/standing.js';
import {
  authorizePath,
  checkAuthorizeRequest,
  clientRedirect,
  isOutOfBand,
  parseAuthorizeParams,
  type AuthorizeRequest,
} from './authorize-request.js';
import { checkForm, formToken, sessionOf } from './cookies.js';
import { oauthError, type OAuthErrorCode } from './errors.js';
import { codePage, consentPage, signInPage } from './pages.js';

/** The steps a person sees: sign-in, consent, and the code page for clients without a redirect target. */
export function authorizeRoutes(ctx: Ctx): Router {
  const router = express.Router();

  router.get('/oauth/authorize', async (req, res) => {
    const request = await checkAuthorizeRequest(ctx, parseAuthorizeParams(queryOf(req)));
    const session = await sessionOf(ctx, req);
    if (request.silent) return answerSilently(res, request, session !== null);
    if (session && !request.forceLogin) return void showConsent(ctx, res, request, session);
    const continueWith = queryText(authorizePath(request.params, { force_login: null, prompt: null }));
    const csrf = formToken(ctx, req, res);
    res.type('html').send(signInPage(ctx, { app: request.app, continueWith, csrf }));
  });

  router.post('/oauth/authorize', apiBody(ctx), async (req, res) => {
    const form = stateOf(req).body ?? {};
    const request = await checkAuthorizeRequest(ctx, parseAuthorizeParams(form));
    const session = await sessionOf(ctx, req);
    if (!session) return res.redirect(302, authorizePath(request.params));
    checkForm(ctx, req, session.session.csrf, form['csrf']);
    if (form['decision'] !== 'allow')
      return refuse(res, request, { code: 'access_denied', text: 'The owner of the account refused.' });
    const scopes = grantedScopes(request, session);
    const { app, redirectUri, codeChallenge } = request;
    const code = await issueCode(ctx, { app, user: session.user, redirectUri, scopes, codeChallenge });
    const own = `/oauth/authorize/native?${new URLSearchParams({ code }).toString()}`;
    res.redirect(302, isOutOfBand(request) ? own : clientRedirect(request, { code }));
  });

  router.get('/oauth/authorize/native', (req, res) => {
    const { code } = paramsOf(req);
    if (typeof code !== 'string' || !/^[\w-]{20,200}$/.test(code)) throw badRequest('There is no code here.');
    res.type('html').send(codePage(ctx, code));
  });
  return router;
}

const queryText = (path: string): string => path.slice(path.indexOf('?') + 1);

function showConsent(ctx: Ctx, res: Response, request: AuthorizeRequest, who: SignedInSession): void {
  const { app, params, redirectUri } = request;
  const page = consentPage(ctx, {
    app,
    account: who.account,
    scopes: grantedScopes(request, who),
    csrf: who.session.csrf,
    fields: { ...params, prompt: undefined, force_login: undefined },
    otherAccountPath: authorizePath(params, { prompt: null, force_login: 'true' }),
    outOfBand: isOutOfBand(request),
    redirectUri,
  });
  withoutFormAction(res);
  res.type('html').send(page);
}

/** `admin:*` only from staff, and so on; what is left must be something. */
function grantedScopes(request: AuthorizeRequest, who: SignedInSession): string[] {
  const scopes = grantableScopes(request.scopes, grantorOf(who.user));
  if (!scopes.length)
    throw oauthError(
      'invalid_scope',
      'Everything this app asks for is reserved for the staff of this server, or for whom its owner allows it.',
    );
  return scopes;
}

/** `prompt=none`: consent is asked for each time, so the answer is always no. */
function answerSilently(res: Response, request: AuthorizeRequest, signedIn: boolean): void {
  const code = signedIn ? 'consent_required' : 'login_required';
  refuse(res, request, { code, text: 'The owner of the account has to be asked.' });
}

function refuse(res: Response, request: AuthorizeRequest, why: { code: OAuthErrorCode; text: string }): void {
  if (isOutOfBand(request)) throw oauthError(why.code, why.text);
  res.redirect(302, clientRedirect(request, { error: why.code, error_description: why.text }));
}
