import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { answerChallenge, openChallenge } from '../domain/second-factor/challenge.js';
import { findFactors } from '../domain/second-factor/factors.js';
import { renewRecoveryCodes } from '../domain/second-factor/recovery.js';
import {
  beginEnrolment,
  disableSecondFactor,
  enableSecondFactor,
} from '../domain/second-factor/second-factor.js';
import type { SignInGuard } from '../domain/sign-in-guard.js';
import { apiBody } from '../http/params.js';
import { byAddress } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import { checkForm, formToken } from './cookies.js';
import { fieldOf } from './forms.js';
import { sendWithPasskeys } from './passkey-script.js';
import { askForProof, longestAnswer, passwordProblemOf, proofProblemOf, wrongFactor } from './proof.js';
import { disablePage, enrolPage, recoveryCodesPage } from './second-factor-pages.js';
import { sendSecondStep } from './second-factor-step.js';
import { beginSession, nextPath, settingsPath, waitText } from './sign-in.js';
import { signedInPageOf, type SignedInRequest } from './signed-in.js';

/** The second step of signing in, and the pages on which codes are turned on and off. */
export function secondFactorRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
  const router = express.Router();

  router.post('/auth/second_factor', apiBody(ctx), async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    const browser = formToken(ctx, req, res);
    const challenge = fieldOf(form, 'challenge', 4000);
    const given = { code: fieldOf(form, 'code', 200), passkey: fieldOf(form, 'passkey', longestAnswer) };
    const answer = { ...given, challenge, browser, address: byAddress(req) };
    const result = await answerChallenge(ctx, guard, answer);
    if (result.outcome === 'ok') {
      await beginSession(ctx, req, res, result.user);
      return res.redirect(302, nextPath(form['continue']));
    }
    const open = await openChallenge(ctx, answer);
    if (result.outcome === 'over' || !open) return res.redirect(302, '/auth/sign_in');
    if (result.outcome === 'wait') res.set('Retry-After', String(result.seconds));
    const problem = result.outcome === 'wait' ? waitText(result.seconds) : wrongFactor;
    res.status(result.outcome === 'wait' ? 429 : 401);
    await sendSecondStep(ctx, { req, res }, { userId: open.user._id, challenge, problem });
  });

  return router.use(codeSettingsRoutes(ctx, guard));
}

/** Turning codes on and off. */
function codeSettingsRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
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
      if (codes === null) return showForm(ctx, request, wrongFactor);
      showRecoveryCodes(ctx, request, codes);
    }),
  );

  router.post(
    '/auth/settings/second_factor/off',
    body,
    signedInPageOf(ctx, async (request) => {
      const problem = await proofProblemOf(ctx, guard, request);
      if (problem !== null) return showForm(ctx, request, problem);
      await disableSecondFactor(ctx, request.who.user._id);
      request.res.redirect(302, settingsPath);
    }),
  );

  router.post(
    '/auth/settings/second_factor/recovery_codes',
    body,
    signedInPageOf(ctx, async (request) => {
      const problem = await proofProblemOf(ctx, guard, request);
      if (problem !== null) return showForm(ctx, request, problem);
      showRecoveryCodes(ctx, request, await renewRecoveryCodes(ctx, request.who.user._id));
    }),
  );
  return router;
}

/** Where there are none to show, those of before are still good. */
export function showRecoveryCodes(ctx: Ctx, { res }: SignedInRequest, codes: readonly string[]): void {
  if (codes.length) res.type('html').send(recoveryCodesPage(ctx, codes));
  else res.redirect(302, settingsPath);
}

async function showForm(ctx: Ctx, request: SignedInRequest, problem: string | null): Promise<void> {
  const { res, who } = request;
  const { csrf } = who.session;
  res.status(problem === null ? 200 : 422);
  const enrolment = await beginEnrolment(ctx, who);
  if (enrolment) return void res.type('html').send(enrolPage(ctx, { csrf, problem, ...enrolment }));
  const passkey = await askForProof(ctx, request);
  sendWithPasskeys(ctx, res, (head) => disablePage(ctx, { csrf, problem, passkey, head }));
}

/** The line of the settings page about what signing in takes. */
export async function factorsText(ctx: Ctx, userId: string): Promise<string> {
  const factors = await findFactors(ctx, userId);
  if (!factors) return 'Only your password is asked for.';
  const passkeys = factors.passkeys.length;
  const asked = [
    ...(factors.codes ? ['Codes are asked for.'] : []),
    ...(passkeys ? [`${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'} can sign in.`] : []),
  ];
  return `${asked.join(' ')} ${factors.recoveryCodes} recovery codes are left.`;
}
