import type { Ctx } from './ctx.js';
import { claimMailToken, findMailToken } from './mail/tokens.js';
import { requestMail } from './mail/request.js';
import { passwordProblem } from './credentials.js';
import { replacePassword } from './password-change.js';

/** Has a link sent to the address, if anybody here has it. Takes as long either way. */
export function requestPasswordReset(ctx: Ctx, email: string): Promise<void> {
  return requestMail(ctx, { mail: 'password-reset', email: email.slice(0, 320) });
}

export async function isResetLink(ctx: Ctx, secret: string): Promise<boolean> {
  return (await findMailToken(ctx, 'password-reset', secret)) !== null;
}

export type ResetResult = { outcome: 'ok' | 'invalid' } | { outcome: 'unfit'; problem: string };

/**
 * Sets the password that the holder of the link chose, and ends every session, code, token and other link: whoever
 * knew the old one is out. The link works once; `unfit` leaves it as it is.
 */
export async function resetPassword(ctx: Ctx, secret: string, password: string): Promise<ResetResult> {
  const found = await findMailToken(ctx, 'password-reset', secret);
  if (!found) return { outcome: 'invalid' };
  const problem = passwordProblem(password);
  if (problem) return { outcome: 'unfit', problem: problem.description };
  const passwordHash = await ctx.passwords.hash(password);
  if (!(await claimMailToken(ctx, found.token))) return { outcome: 'invalid' };
  const { user } = found;
  await replacePassword(ctx, user._id, passwordHash);
  await requestMail(ctx, { mail: 'password-changed', userId: user._id });
  return { outcome: 'ok' };
}
