import { forbidden } from '../../errors.js';
import type { Account, User } from '../../model/account.js';
import { isWithin } from '../../policy/circles.js';
import { acctOf } from '../accounts.js';
import { asStaff } from '../audit.js';
import { now, type Ctx } from '../ctx.js';
import { getUserOf } from '../staff.js';
import { emailSubscriptionsOpenTo } from './offer.js';

/**
 * Lets others subscribe to one's posts by mail, or not any more: nobody is mailed from then on, and those who were get
 * the next posts again when it is turned on again. @throws AppError 403 for whom the instance does not let
 */
export async function setEmailSubscriptions(
  ctx: Ctx,
  { account, user }: { account: Account; user: User },
  wanted: boolean,
): Promise<void> {
  if (wanted && !isWithin(user.role, emailSubscriptionsOpenTo(ctx))) throw forbidden();
  const emailSubscriptionsAt = wanted ? (account.emailSubscriptionsAt ?? now(ctx)) : null;
  await ctx.db.accounts.updateOne({ _id: account._id }, { $set: { emailSubscriptionsAt } });
}

/** The same by staff, on record. @throws AppError 403, 404 when nobody signs in to this account */
export async function setEmailSubscriptionsAsStaff(
  ctx: Ctx,
  by: string,
  { account, wanted }: { account: Account; wanted: boolean },
): Promise<void> {
  const user = await getUserOf(ctx, account);
  const action = wanted ? 'account.allow_subscribers' : 'account.forbid_subscribers';
  await asStaff(ctx, { actor: by, action, target: acctOf(account) }, () =>
    setEmailSubscriptions(ctx, { account, user }, wanted),
  );
}
