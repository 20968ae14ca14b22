import express, { type Request, type Response, type Router } from 'express';
import { findAppByClientId } from '../domain/apps.js';
import type { Ctx } from '../domain/ctx.js';
import { createSession, endSession } from '../domain/sessions.js';
import { createSignInGuard } from '../domain/sign-in-guard.js';
import { signIn, type SignInResult } from '../domain/sign-in.js';
import { parseForm } from '../http/form.js';
import { apiBody } from '../http/params.js';
import { byAddress } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import { standingTexts } from '../policy/standing.js';
import { authorizePath, parseAuthorizeParams } from './authorize-request.js';
import { checkForm, clearSession, formToken, sessionOf, sessionSecretOf, setSession } from './cookies.js';
import { signedInPage, signInPage } from './pages.js';

type Refused = Exclude<SignInResult, { outcome: 'ok' }>;

/** `/auth/sign_in` and `/auth/sign_out`: the browser session that the consent step stands on. */
export function signInRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const guard = ctx.settings.testMode ? null : createSignInGuard(ctx.clock);

  router.get('/auth/sign_in', async (req, res) => {
    const session = await sessionOf(ctx, req);
    const html = session
      ? signedInPage(ctx, session.account, session.session.csrf)
      : signInPage(ctx, { app: null, continueWith: '', csrf: formToken(ctx, req, res) });
    res.type('html').send(html);
  });

  router.post('/auth/sign_in', apiBody(ctx), async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    const login = typeof form['username'] === 'string' ? form['username'] : '';
    const password = typeof form['password'] === 'string' ? form['password'] : '';
    const result = await signIn(ctx, guard, { login, password, address: byAddress(req), ip: req.ip });
    if (result.outcome !== 'ok') return void (await showAgain(ctx, req, res, result));
    await endSession(ctx, sessionSecretOf(ctx, req));
    const { secret } = await createSession(ctx, result.user);
    setSession(ctx, res, secret);
    res.redirect(302, nextPath(form['continue']));
  });

  router.post('/auth/sign_out', apiBody(ctx), async (req, res) => {
    const session = await sessionOf(ctx, req);
    if (session) {
      checkForm(ctx, req, session.session.csrf, stateOf(req).body?.['csrf']);
      await endSession(ctx, sessionSecretOf(ctx, req));
    }
    clearSession(ctx, res);
    res.redirect(302, '/auth/sign_in');
  });
  return router;
}

/** Where to go on: the authorization step with known parameters, never an address from the form. */
function nextPath(continueWith: unknown): string {
  if (typeof continueWith !== 'string' || continueWith === '') return '/auth/sign_in';
  return authorizePath(parseAuthorizeParams(parseForm(continueWith)), { force_login: null, prompt: null });
}

async function showAgain(ctx: Ctx, req: Request, res: Response, result: Refused): Promise<void> {
  const form = stateOf(req).body ?? {};
  const continueWith = typeof form['continue'] === 'string' ? form['continue'].slice(0, 20_000) : '';
  const clientId = parseAuthorizeParams(parseForm(continueWith)).client_id;
  const app = clientId === undefined ? null : await findAppByClientId(ctx, clientId);
  if (result.outcome === 'wait') res.set('Retry-After', String(result.seconds));
  const status = { wrong: 401, barred: 403, refused: 403, wait: 429 }[result.outcome];
  const page = signInPage(ctx, {
    app,
    continueWith,
    csrf: formToken(ctx, req, res),
    login: typeof form['username'] === 'string' ? form['username'].slice(0, 320) : '',
    problem: problemText(result),
  });
  res.status(status).type('html').send(page);
}

function problemText(result: Refused): string {
  if (result.outcome === 'barred') return `${standingTexts[result.standing]}.`;
  if (result.outcome === 'wrong') return 'The name or the password is wrong.';
  if (result.outcome === 'refused') return 'Nobody can sign in from this network.';
  const minutes = Math.ceil(result.seconds / 60);
  return result.seconds < 90
    ? `Too many attempts. Please wait ${result.seconds} seconds.`
    : `Too many attempts. Please wait ${minutes} minutes.`;
}
