import { forbidden, invalid } from '../errors.js';
import type { App } from '../model/access.js';
import type { User } from '../model/account.js';
import { isDuplicateKey } from '../store/port.js';
import { now, type Ctx } from './ctx.js';
import { requestMail } from './mail/request.js';
import { findMailToken } from './mail/tokens.js';
import { notify } from './notifications.js';
import { isEmailAddress } from './credentials.js';
import { checkSignUpRules } from './sign-up-rules.js';

/**
 * Takes the link of a confirmation mail. It may be followed again. `pending`: staff decides next.
 */
export async function confirmEmail(ctx: Ctx, secret: string): Promise<'confirmed' | 'pending' | 'invalid'> {
  const found = await findMailToken(ctx, 'confirmation', secret);
  if (!found) return 'invalid';
  const { user } = found;
  const { modifiedCount } = await ctx.db.users.updateOne(
    { _id: user._id, confirmedAt: null, email: user.email },
    { $set: { confirmedAt: now(ctx) } },
  );
  if (modifiedCount) await announceSignUp(ctx, user);
  return user.approvedAt === null ? 'pending' : 'confirmed';
}

/**
 * Sends the mail again for the app that somebody signed up with, to another address when one is given.
 * @throws AppError 403 for other apps and for confirmed people, 422 for an address that cannot be used
 */
export async function confirmAgain(
  ctx: Ctx,
  user: User,
  { app, email }: { app: App; email?: string | undefined },
): Promise<void> {
  if (user.signUpAppId !== app._id)
    throw forbidden('This method is only available to the application the user originally signed-up with');
  // In test mode everybody is confirmed from the start; clients' suites ask all the same.
  if (user.confirmedAt !== null && !ctx.settings.testMode)
    throw forbidden('This method is only available while the e-mail is awaiting confirmation');
  if (email !== undefined && email !== '') await changeUnconfirmed(ctx, user, email.trim().toLowerCase());
  await requestMail(ctx, { mail: 'confirmation', userId: user._id });
}

async function changeUnconfirmed(ctx: Ctx, user: User, email: string): Promise<void> {
  if (email === user.email) return;
  if (!isEmailAddress(email, { anyHost: ctx.settings.testMode }))
    throw invalid('Email is not a valid e-mail address');
  await checkSignUpRules(ctx, { email, ip: null });
  await ctx.db.users
    .updateOne({ _id: user._id, confirmedAt: null }, { $set: { email } })
    .catch((error: unknown) => {
      if (isDuplicateKey(error)) throw invalid('Email has already been taken');
      throw error;
    });
}

/** Has the staff told of somebody new whose address is known to be theirs. */
export function announceSignUp(ctx: Ctx, user: Pick<User, 'accountId'>): Promise<void> {
  return ctx.jobs.enqueue({ kind: 'signed-up', payload: { accountId: user.accountId } });
}

/** Tells the staff, once. */
export async function notifyStaffOfSignUp(ctx: Ctx, accountId: string): Promise<void> {
  const staff = await ctx.db.users
    .find({ role: { $in: ['owner', 'admin', 'moderator'] } })
    .limit(500)
    .toArray();
  for (const user of staff) {
    await notify(ctx, { accountId: user.accountId, type: 'admin.sign_up', fromId: accountId });
  }
}
