import type { Request, Response } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { findFactors } from '../domain/second-factor/factors.js';
import { askForPasskey } from '../domain/second-factor/passkeys.js';
import { stateOf } from '../http/state.js';
import { formToken } from './cookies.js';
import { fieldOf } from './forms.js';
import { sendWithPasskeys } from './passkey-script.js';
import { codeAskedPage } from './second-factor-pages.js';

/** Between password and session: the page that asks for a code or a passkey. */
export async function sendSecondStep(
  ctx: Ctx,
  { req, res }: { req: Request; res: Response },
  step: { userId: string; challenge: string; problem: string | null },
): Promise<void> {
  const { userId, challenge, problem } = step;
  const csrf = formToken(ctx, req, res);
  const codes = (await findFactors(ctx, userId))?.codes ?? false;
  const passkey = await askForPasskey(ctx, { userId, purpose: 'sign-in', browser: csrf });
  const continueWith = fieldOf(stateOf(req).body ?? {}, 'continue', 20_000);
  sendWithPasskeys(ctx, res, (head) =>
    codeAskedPage(ctx, { csrf, challenge, continueWith, problem, codes, passkey, head }),
  );
}
