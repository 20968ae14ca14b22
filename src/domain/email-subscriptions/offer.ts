import { notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import type { Circle } from '../../policy/circles.js';
import { isMailed } from '../../policy/email-subscriptions.js';
import type { Ctx } from '../ctx.js';

/** Who may have subscribers here. Nobody where nothing is shown to people who are not signed in. */
export function emailSubscriptionsOpenTo(ctx: Ctx): Circle {
  return ctx.settings.limitedFederation ? 'nobody' : ctx.settings.emailSubscriptions;
}

/** Whether an account's posts can be had by mail at present. */
export async function isSubscribable(ctx: Ctx, account: Account): Promise<boolean> {
  const openTo = emailSubscriptionsOpenTo(ctx);
  // Most accounts want none: they cost no query.
  if (!isMailed(account, 'owner', openTo)) return false;
  const user = await ctx.db.users.findOne({ accountId: account._id });
  return isMailed(account, user?.role ?? null, openTo);
}

/** An account whose posts can be had by mail. @throws AppError 404 for every other */
export async function getSubscribable(ctx: Ctx, id: string): Promise<Account> {
  const account = await ctx.db.accounts.findOne({ _id: id });
  if (!account || !(await isSubscribable(ctx, account))) throw notFound();
  return account;
}

/** How many get an account's posts by mail. */
export function countSubscribers(ctx: Ctx, accountId: string): Promise<number> {
  return ctx.db.emailSubscriptions.countDocuments({ accountId, confirmedAt: { $ne: null } });
}
