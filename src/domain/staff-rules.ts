import { forbidden } from '../errors.js';
import type { Account, Role } from '../model/account.js';
import { outranks } from '../policy/permissions.js';
import { acctOf } from './accounts.js';
import type { Ctx } from './ctx.js';

/** Somebody of the staff who acts. */
export interface Staff {
  account: Account;
  role: Role;
}

/** Who acted, as it is put on record. */
export const staffName = (by: Staff): string => acctOf(by.account);

/** @throws AppError 403 when the account is the instance itself, or of somebody of the same or a higher rank */
export async function requireRankOver(ctx: Ctx, by: Staff, account: Account): Promise<void> {
  if (account.domain !== null) return;
  if (account.actorType === 'Application') throw forbidden();
  const user = await ctx.db.users.findOne({ accountId: account._id });
  if (!outranks(by.role, user?.role ?? 'user')) throw forbidden();
}
