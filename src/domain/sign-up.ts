import { AppError, forbidden, invalid } from '../errors.js';
import type { Account, User } from '../model/account.js';
import { createAccount } from './accounts.js';
import type { Ctx } from './ctx.js';

export interface SignUp {
  username: string;
  email: string;
  password: string;
  /** That the rules and terms were accepted. */
  agreement: boolean;
  locale?: string | undefined;
  /** Why somebody wants to join; asked for where staff decides. */
  reason?: string | undefined;
}

const passwordLength = { min: 8, max: 256 };
const maxReason = 2000;
/** One plain address: no quoting, routing (`%`, `,`) or control characters. */
const emailPattern =
  /^[a-z0-9.!#$&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

/** Who may sign up at present; test mode is open. */
export function registrationsOf(ctx: Ctx): 'open' | 'approval' | 'closed' {
  return ctx.settings.testMode ? 'open' : ctx.settings.registrations;
}

/**
 * Makes an account for somebody who asks for one. Where staff decides, it stays pending.
 * @throws AppError 403 when registrations are closed, 422 with `details` per field
 */
export async function signUp(ctx: Ctx, input: SignUp): Promise<{ account: Account; user: User }> {
  const registrations = registrationsOf(ctx);
  if (registrations === 'closed') throw forbidden();
  const problems = findProblems(input, registrations === 'approval');
  if (problems.length) throw refused(problems);
  const made = await createAccount(ctx, {
    username: input.username,
    email: input.email,
    password: input.password,
    approved: registrations === 'open',
    ...(isLocale(input.locale) && { locale: input.locale }),
  });
  if (input.reason) {
    const signUpReason = input.reason.slice(0, maxReason);
    await ctx.db.users.updateOne({ _id: made.user._id }, { $set: { signUpReason } });
  }
  return made;
}

interface Problem {
  field: 'username' | 'email' | 'password' | 'agreement' | 'reason';
  error: string;
  description: string;
}

const blank = { error: 'ERR_BLANK', description: "can't be blank" };

function findProblems(input: SignUp, needsReason: boolean): Problem[] {
  const { min, max } = passwordLength;
  const found: Problem[] = [];
  if (input.username === '') found.push({ field: 'username', ...blank });
  if (input.email === '') found.push({ field: 'email', ...blank });
  else if (input.email.length > 254 || !emailPattern.test(input.email))
    found.push({ field: 'email', error: 'ERR_INVALID', description: 'is not a valid e-mail address' });
  if (input.password === '') found.push({ field: 'password', ...blank });
  else if (input.password.length < min)
    found.push({
      field: 'password',
      error: 'ERR_TOO_SHORT',
      description: `is too short (minimum is ${min} characters)`,
    });
  else if (input.password.length > max)
    found.push({
      field: 'password',
      error: 'ERR_TOO_LONG',
      description: `is too long (maximum is ${max} characters)`,
    });
  if (!input.agreement)
    found.push({ field: 'agreement', error: 'ERR_ACCEPTED', description: 'must be accepted' });
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
  return locale !== undefined && /^[a-z]{2,3}(-[a-z0-9]{2,8})?$/i.test(locale);
}
