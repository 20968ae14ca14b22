import { AppError, forbidden, invalid } from '../errors.js';
import type { Account, User } from '../model/account.js';
import { createAccount } from './accounts.js';
import { announceSignUp } from './confirmation.js';
import { blank, isEmailAddress, passwordProblem } from './credentials.js';
import type { Ctx } from './ctx.js';
import { findInvite, useInvite } from './invites.js';
import { checkSignUpRules } from './sign-up-rules.js';
import { recordUserIp } from './user-ips.js';
import { requestMail } from './mail/request.js';

export interface SignUp {
  username: string;
  email: string;
  password: string;
  /** That the rules and terms were accepted. */
  agreement: boolean;
  locale?: string | undefined;
  /** Why somebody wants to join; asked for where staff decides. */
  reason?: string | undefined;
  /** One that is not good counts as none. */
  inviteCode?: string | undefined;
  /** The app that asks for them. */
  appId?: string | undefined;
  /** Where they come from. */
  ip?: string | null | undefined;
}

const maxReason = 2000;
/** Who may sign up at present; test mode is open. */
export function registrationsOf(ctx: Ctx): 'open' | 'approval' | 'closed' {
  return ctx.settings.testMode ? 'open' : ctx.settings.registrations;
}

/**
 * Makes an account for somebody who asks for one. Until they follow the link in the mail that they are sent, and until
 * staff agrees where staff decides, they cannot use it. Test mode asks for neither. Whoever comes with an invite is let in
 * when it is closed, and without staff's consent.
 * @throws AppError 403 when registrations are closed, the invite is used up by others at the same moment, or their network is blocked, 422 with `details` per field
 */
export async function signUp(ctx: Ctx, input: SignUp): Promise<{ account: Account; user: User }> {
  const registrations = registrationsOf(ctx);
  const invite = input.inviteCode ? await findInvite(ctx, input.inviteCode) : null;
  if (registrations === 'closed' && !invite) throw forbidden();
  const problems = findProblems(ctx, input, registrations === 'approval' && !invite);
  if (problems.length) throw refused(problems);
  const ip = input.ip ?? null;
  const { needsApproval } = await checkSignUpRules(ctx, { email: input.email, ip });
  const create = () =>
    createAccount(ctx, {
      username: input.username,
      email: input.email,
      password: input.password,
      approved: (registrations === 'open' || invite !== null) && !needsApproval,
      confirmed: ctx.settings.testMode,
      ...(isLocale(input.locale) && { locale: input.locale.replaceAll('_', '-') }),
    });
  const made = invite ? await useInvite(ctx, invite, create) : await create();
  const details = {
    ...(input.reason && { signUpReason: input.reason.slice(0, maxReason) }),
    ...(input.appId !== undefined && { signUpAppId: input.appId }),
    ...(invite && { invite: { id: invite._id, byId: invite.accountId, autofollow: invite.autofollow } }),
  };
  if (Object.keys(details).length) await ctx.db.users.updateOne({ _id: made.user._id }, { $set: details });
  await recordUserIp(ctx, made.user._id, ip);
  if (made.user.confirmedAt === null) await requestMail(ctx, { mail: 'confirmation', userId: made.user._id });
  else await announceSignUp(ctx, made.user);
  return { account: made.account, user: { ...made.user, ...details } };
}

interface Problem {
  field: 'username' | 'email' | 'password' | 'agreement' | 'reason' | 'locale';
  error: string;
  description: string;
}

function findProblems(ctx: Ctx, input: SignUp, needsReason: boolean): Problem[] {
  const found: Problem[] = [];
  if (input.username === '') found.push({ field: 'username', ...blank });
  if (input.email === '') found.push({ field: 'email', ...blank });
  else if (!isEmailAddress(input.email, { anyHost: ctx.settings.testMode }))
    found.push({ field: 'email', error: 'ERR_INVALID', description: 'is not a valid e-mail address' });
  const password = passwordProblem(input.password);
  if (password) found.push({ field: 'password', ...password });
  if (!input.agreement)
    found.push({ field: 'agreement', error: 'ERR_ACCEPTED', description: 'must be accepted' });
  if (input.locale !== undefined && input.locale !== '' && !isLocale(input.locale))
    found.push({ field: 'locale', error: 'ERR_INCLUSION', description: 'is not included in the list' });
  if (needsReason && !input.reason?.trim()) found.push({ field: 'reason', ...blank });
  return found;
}

function refused(problems: readonly Problem[]): AppError {
  const details: Record<string, { error: string; description: string }[]> = {};
  for (const { field, error, description } of problems) (details[field] ??= []).push({ error, description });
  const texts = problems.map(
    ({ field, description }) => `${field.charAt(0).toUpperCase()}${field.slice(1)} ${description}`,
  );
  return invalid(texts.join(', '), { details });
}

function isLocale(locale: string | undefined): locale is string {
  return locale !== undefined && /^[a-z]{2,3}([-_][a-z0-9]{2,8}){0,2}$/i.test(locale);
}
