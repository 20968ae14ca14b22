import type { Ctx } from '../domain/ctx.js';
import { askForPasskey, usePasskey } from '../domain/second-factor/passkeys.js';
import { useCode } from '../domain/second-factor/second-factor.js';
import type { SignInGuard } from '../domain/sign-in-guard.js';
import { confirmPassword } from '../domain/sign-in.js';
import { byAddress } from '../http/rate-limits.js';
import { fieldOf } from './forms.js';
import { waitText } from './sign-in.js';
import type { SignedInRequest } from './signed-in.js';

/** Asking somebody who is signed in for password and second factor again, before what must not happen behind their back. */

export const wrongFactor = 'This code or passkey is wrong, or was used already.';
export const longestAnswer = 20_000;

/** What is wrong with the password; null when it is right. */
export async function passwordProblemOf(
  ctx: Ctx,
  guard: SignInGuard | null,
  { who, form, req }: SignedInRequest,
): Promise<string | null> {
  const password = fieldOf(form, 'password', 5000);
  const result = await confirmPassword(ctx, guard, { user: who.user, password, address: byAddress(req) });
  if (result.outcome === 'wait') return waitText(result.seconds);
  return result.outcome === 'ok' ? null : 'The password is wrong.';
}

/** What is wrong with password and factor; null when both are right, and the code or challenge is used up. */
export async function proofProblemOf(
  ctx: Ctx,
  guard: SignInGuard | null,
  request: SignedInRequest,
): Promise<string | null> {
  const problem = await passwordProblemOf(ctx, guard, request);
  if (problem !== null) return problem;
  const { _id: userId } = request.who.user;
  const [key, address] = [`code:${userId}`, byAddress(request.req)];
  const seconds = (await guard?.begin(key, address)) ?? 0;
  if (seconds > 0) return waitText(seconds);
  const passkey = fieldOf(request.form, 'passkey', longestAnswer);
  const right = passkey
    ? await usePasskey(ctx, placeOf(request), passkey)
    : await useCode(ctx, userId, fieldOf(request.form, 'code', 200));
  if (!right) return wrongFactor;
  await guard?.succeeded(key, address);
  return null;
}

const placeOf = ({ who }: SignedInRequest) =>
  ({ userId: who.user._id, purpose: 'confirm', browser: who.session._id }) as const;

/** Options for a passkey in a form that asks for proof; null where there is none. */
export const askForProof = (ctx: Ctx, request: SignedInRequest): Promise<string | null> =>
  askForPasskey(ctx, placeOf(request));
