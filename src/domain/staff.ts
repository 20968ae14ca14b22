import { invalid, notFound } from '../errors.js';
import type { Account, Role, User } from '../model/account.js';
import { asStaff } from './audit.js';
import { acctOf } from './accounts.js';
import { now, type Ctx } from './ctx.js';
import { deleteAccount } from './deletion.js';
import { removeSubscribers } from './email-subscriptions/remove.js';
import { publish, withEvent } from './events.js';
import { replacePassword } from './password-change.js';
import { longestPassword } from './passwords.js';
import { endAllAccess } from './sessions.js';

/** What staff does to accounts. `by` names who, for the record (see audit.ts). */

/** @throws AppError 404 when nobody signs in to this account */
export async function getUserOf(ctx: Ctx, account: Account): Promise<User> {
  const user = await ctx.db.users.findOne({ accountId: account._id });
  if (!user) throw notFound(`${acctOf(account)} has no user`);
  return user;
}

/** Nobody signs in, posts or is shown any more; it can be undone. */
export async function suspendAccount(ctx: Ctx, by: string, account: Account): Promise<void> {
  if (account.suspendedAt !== null) return;
  await asStaff(ctx, { actor: by, action: 'account.suspend', target: acctOf(account) }, async () => {
    await changeAccount(ctx, account, { suspendedAt: now(ctx) });
    await removeSubscribers(ctx, account._id);
    const user = await ctx.db.users.findOne({ accountId: account._id });
    if (user) await endAllAccess(ctx, user._id);
  });
}

export async function unsuspendAccount(ctx: Ctx, by: string, account: Account): Promise<void> {
  if (account.suspendedAt === null) return;
  await asStaff(ctx, { actor: by, action: 'account.unsuspend', target: acctOf(account) }, () =>
    changeAccount(ctx, account, { suspendedAt: null }),
  );
}

async function changeAccount(ctx: Ctx, account: Account, fields: Partial<Account>): Promise<void> {
  const write = () => ctx.db.accounts.updateOne({ _id: account._id }, { $set: { ...fields } });
  if (account.domain !== null) return void (await write());
  await withEvent(ctx, { type: 'account.updated', accountId: account._id, at: now(ctx) }, write);
}

/** Deletes a local account for good, by decision of staff. @throws AppError 422 when it is the only owner's */
export async function deleteAccountAsStaff(ctx: Ctx, by: string, account: Account): Promise<void> {
  if (account.deletedAt !== null) return;
  const user = await ctx.db.users.findOne({ accountId: account._id });
  if (user) await requireAnotherOwner(ctx, account, user);
  await asStaff(ctx, { actor: by, action: 'account.delete', target: acctOf(account) }, () =>
    deleteAccount(ctx, account),
  );
}

/** @throws AppError 422 when an instance would be left without an owner */
async function requireAnotherOwner(ctx: Ctx, account: Account, user: User): Promise<void> {
  if (user.role === 'owner' && (await ctx.db.users.countDocuments({ role: 'owner' })) === 1)
    throw invalid(`${acctOf(account)} is the only owner`);
}

/** @throws AppError 422 when it would leave the instance without an owner */
export async function setRole(
  ctx: Ctx,
  by: string,
  { account, role }: { account: Account; role: Role },
): Promise<void> {
  const user = await getUserOf(ctx, account);
  if (user.role === role) return;
  await requireAnotherOwner(ctx, account, user);
  const details = { from: user.role, to: role };
  await asStaff(ctx, { actor: by, action: 'account.role', target: acctOf(account), details }, async () => {
    await ctx.db.users.updateOne({ _id: user._id }, { $set: { role } });
    await publish(ctx, { type: 'account.updated', accountId: account._id, at: now(ctx) });
  });
}

/** Sets a password and ends every session and token: whoever had the old one is out. @throws AppError 422 */
export async function setPassword(
  ctx: Ctx,
  by: string,
  { account, password }: { account: Account; password: string },
): Promise<void> {
  if (password.length < 8 || password.length > longestPassword)
    throw invalid(`Password must have 8 to ${longestPassword} characters`);
  const user = await getUserOf(ctx, account);
  const passwordHash = await ctx.passwords.hash(password);
  await asStaff(ctx, { actor: by, action: 'account.password', target: acctOf(account) }, () =>
    replacePassword(ctx, user._id, passwordHash),
  );
}

/** Signs somebody out everywhere: sessions, tokens, streams, codes under way. The password stays. */
export async function signOutEverywhere(ctx: Ctx, by: string, account: Account): Promise<void> {
  const user = await getUserOf(ctx, account);
  await asStaff(ctx, { actor: by, action: 'account.sign_out', target: acctOf(account) }, () =>
    endAllAccess(ctx, user._id),
  );
}

/** Whether somebody may post with a date in the past, through an app to which they grant it. @throws AppError 404 */
export async function setBackdating(
  ctx: Ctx,
  by: string,
  { account, allowed }: { account: Account; allowed: boolean },
): Promise<void> {
  const user = await getUserOf(ctx, account);
  const backdatingAllowedAt = allowed ? (user.backdatingAllowedAt ?? now(ctx)) : null;
  const action = allowed ? 'account.allow_backdating' : 'account.forbid_backdating';
  await asStaff(ctx, { actor: by, action, target: acctOf(account) }, () =>
    ctx.db.users.updateOne({ _id: user._id }, { $set: { backdatingAllowedAt } }),
  );
}
