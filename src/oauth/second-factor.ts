import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { answerChallenge } from '../domain/second-factor/challenge.js';
import {
  beginEnrolment,
  disableSecondFactor,
  enableSecondFactor,
  findSecondFactor,
  renewRecoveryCodes,
  useSecondFactor,
} from '../domain/second-factor/second-factor.js';
import type { SignInGuard } from '../domain/sign-in-guard.js';
import { confirmPassword } from '../domain/sign-in.js';
import { apiBody } from '../http/params.js';
import { byAddress } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import { checkForm, formToken } from './cookies.js';
import { fieldOf } from './forms.js';
import { codeAskedPage, disablePage, enrolPage, recoveryCodesPage } from './second-factor-pages.js';
import { beginSession, nextPath, waitText } from './sign-in.js';
import { signedInPageOf, type SignedInRequest } from './signed-in.js';

const wrongCode = 'This code is wrong, or was used already.';

/** The second step of signing in, and the pages on which it is turned on and off. */
export function secondFactorRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
  const router = express.Router();
  const body = apiBody(ctx);

  router.post('/auth/second_factor', body, async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    const csrf = formToken(ctx, req, res);
    const challenge = fieldOf(form, 'challenge', 4000);
    const code = fieldOf(form, 'code', 200);
    const result = await answerChallenge(ctx, guard, {
      challenge,
      code,
      browser: csrf,
      address: byAddress(req),
    });
    if (result.outcome === 'over') return res.redirect(302, '/auth/sign_in');
    if (result.outcome === 'ok') {
      await beginSession(ctx, req, res, result.user);
      return res.redirect(302, nextPath(form['continue']));
    }
    if (result.outcome === 'wait') res.set('Retry-After', String(result.seconds));
    const problem = result.outcome === 'wait' ? waitText(result.seconds) : wrongCode;
    const continueWith = fieldOf(form, 'continue', 20_000);
    res
      .status(result.outcome === 'wait' ? 429 : 401)
      .type('html')
      .send(codeAskedPage(ctx, { csrf, challenge, continueWith, problem }));
  });

  return router.use(factorSettingsRoutes(ctx, guard));
}

/** Turning it on and off. */
function factorSettingsRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
  const router = express.Router();
  const body = apiBody(ctx);

  router.get(
    '/auth/settings/second_factor',
    signedInPageOf(ctx, (request) => showForm(ctx, request, null)),
  );

  router.post(
    '/auth/settings/second_factor',
    body,
    signedInPageOf(ctx, async (request) => {
      const problem = await passwordProblemOf(ctx, guard, request);
      if (problem !== null) return showForm(ctx, request, problem);
      const codes = await enableSecondFactor(ctx, request.who.user._id, fieldOf(request.form, 'code', 200));
      if (codes === null) return showForm(ctx, request, wrongCode);
      request.res.type('html').send(recoveryCodesPage(ctx, codes));
    }),
  );

  router.post(
    '/auth/settings/second_factor/off',
    body,
    signedInPageOf(ctx, async (request) => {
      const problem = await bothProblemOf(ctx, guard, request);
      if (problem !== null) return showForm(ctx, request, problem);
      await disableSecondFactor(ctx, request.who.user._id);
      request.res.redirect(302, '/auth/settings');
    }),
  );

  router.post(
    '/auth/settings/second_factor/recovery_codes',
    body,
    signedInPageOf(ctx, async (request) => {
      const problem = await bothProblemOf(ctx, guard, request);
      if (problem !== null) return showForm(ctx, request, problem);
      request.res
        .type('html')
        .send(recoveryCodesPage(ctx, await renewRecoveryCodes(ctx, request.who.user._id)));
    }),
  );
  return router;
}

async function showForm(ctx: Ctx, { res, who }: SignedInRequest, problem: string | null): Promise<void> {
  const { csrf } = who.session;
  const enrolment = await beginEnrolment(ctx, who);
  const page = enrolment
    ? enrolPage(ctx, { csrf, problem, ...enrolment })
    : disablePage(ctx, { csrf, problem });
  res
    .status(problem === null ? 200 : 422)
    .type('html')
    .send(page);
}

async function passwordProblemOf(
  ctx: Ctx,
  guard: SignInGuard | null,
  request: SignedInRequest,
): Promise<string | null> {
  const { who, form, req } = request;
  const password = fieldOf(form, 'password', 5000);
  const result = await confirmPassword(ctx, guard, { user: who.user, password, address: byAddress(req) });
  if (result.outcome === 'wait') return waitText(result.seconds);
  return result.outcome === 'ok' ? null : 'The password is wrong.';
}

/** What is wrong with password and code; null when both are right, and the code is used up. */
async function bothProblemOf(
  ctx: Ctx,
  guard: SignInGuard | null,
  request: SignedInRequest,
): Promise<string | null> {
  const problem = await passwordProblemOf(ctx, guard, request);
  if (problem !== null) return problem;
  const { user } = request.who;
  const factor = await findSecondFactor(ctx, user._id);
  const seconds = guard?.begin(`code:${user._id}`, byAddress(request.req)) ?? 0;
  if (seconds > 0) return waitText(seconds);
  if (!factor || !(await useSecondFactor(ctx, factor, fieldOf(request.form, 'code', 200)))) return wrongCode;
  guard?.succeeded(`code:${user._id}`, byAddress(request.req));
  return null;
}
