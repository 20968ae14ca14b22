import type { User } from '../model/account.js';
import { passwordProblem } from './credentials.js';
import type { Ctx } from './ctx.js';
import { requestMail } from './mail/request.js';
import { endAllAccess } from './sessions.js';

/**
 * Puts a new password in the place of the old one and ends what was opened with that: sessions, codes under way, tokens
 * with their streams, links to choose another, and sign-ins that wait for a second factor (they carry a mark of the
 * password).
 */
export async function replacePassword(ctx: Ctx, userId: string, passwordHash: string): Promise<void> {
  await ctx.db.users.updateOne({ _id: userId }, { $set: { passwordHash } });
  await ctx.db.mailTokens.deleteMany({ userId, purpose: 'password-reset' });
  await endAllAccess(ctx, userId);
}

/** Somebody who proved the old password chooses a new one, and is signed out with it. @returns what is wrong with it, or null when it is set */
export async function changePassword(ctx: Ctx, user: User, password: string): Promise<string | null> {
  const problem = passwordProblem(password);
  if (problem) return problem.description;
  await replacePassword(ctx, user._id, await ctx.passwords.hash(password));
  await requestMail(ctx, { mail: 'password-changed', userId: user._id });
  return null;
}
