import express, { type Request, type Response, type Router } from 'express';
import { findAppByClientId } from '../domain/apps.js';
import type { Ctx } from '../domain/ctx.js';
import { createSession, endSession } from '../domain/sessions.js';
import { makeChallenge } from '../domain/second-factor/challenge.js';
import { findFactors } from '../domain/second-factor/factors.js';
import type { SignInGuard } from '../domain/sign-in-guard.js';
import { signIn, type SignInResult } from '../domain/sign-in.js';
import { parseForm } from '../http/form.js';
import { apiBody, queryOf } from '../http/params.js';
import { byAddress } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import type { User } from '../model/account.js';
import { standingTexts } from '../policy/standing.js';
import { authorizePath, parseAuthorizeParams } from './authorize-request.js';
import { checkForm, clearSession, formToken, sessionOf, sessionSecretOf, setSession } from './cookies.js';
import { signedInPage, signInPage } from './pages.js';
import { sendSecondStep } from './second-factor-step.js';

/** Where people look after their account. */
export const settingsPath = '/auth/settings';

type Refused = Exclude<SignInResult, { outcome: 'ok' }>;

/** `/auth/sign_in` and `/auth/sign_out`: the browser session that the consent step stands on. */
export function signInRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
  const router = express.Router();

  router.get('/auth/sign_in', async (req, res) => {
    const session = await sessionOf(ctx, req);
    const html = session
      ? signedInPage(ctx, session.account, session.session.csrf)
      : signInPage(ctx, {
          app: null,
          continueWith: queryOf(req)['continue'] === settingsPath ? settingsPath : '',
          csrf: formToken(ctx, req, res),
        });
    res.type('html').send(html);
  });

  router.post('/auth/sign_in', apiBody(ctx), async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    const login = typeof form['username'] === 'string' ? form['username'] : '';
    const password = typeof form['password'] === 'string' ? form['password'] : '';
    const result = await signIn(ctx, guard, { login, password, address: byAddress(req), ip: req.ip });
    if (result.outcome !== 'ok') return void (await showAgain(ctx, req, res, result));
    if (await findFactors(ctx, result.user._id)) return void (await askForFactor(ctx, req, res, result.user));
    await beginSession(ctx, req, res, result.user);
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

/** Signs a browser in. Whoever was signed in with it before is not any more. */
export async function beginSession(ctx: Ctx, req: Request, res: Response, user: User): Promise<void> {
  await endSession(ctx, sessionSecretOf(ctx, req));
  const { secret } = await createSession(ctx, user, req.get('user-agent'));
  setSession(ctx, res, secret);
}

/** The password was right; the page asks for the second factor. */
async function askForFactor(ctx: Ctx, req: Request, res: Response, user: User): Promise<void> {
  const challenge = await makeChallenge(ctx, user, formToken(ctx, req, res));
  await sendSecondStep(ctx, { req, res }, { userId: user._id, challenge, problem: null });
}

/** Where to go on: the authorization step with known parameters, never an address from the form. */
export function nextPath(continueWith: unknown): string {
  if (continueWith === settingsPath) return settingsPath;
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

export function waitText(seconds: number): string {
  return seconds < 90
    ? `Too many attempts. Please wait ${seconds} seconds.`
    : `Too many attempts. Please wait ${Math.ceil(seconds / 60)} minutes.`;
}

function problemText(result: Refused): string {
  if (result.outcome === 'barred') return `${standingTexts[result.standing]}.`;
  if (result.outcome === 'wrong') return 'The name or the password is wrong.';
  if (result.outcome === 'refused') return 'Nobody can sign in from this network.';
  return waitText(result.seconds);
}
