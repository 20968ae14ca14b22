import { notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import { asSuspended, getAccount } from './accounts.js';
import type { Ctx } from './ctx.js';

/** An account that may be shown: deleted ones do not exist, suspended ones keep their name. @throws AppError 404 */
export async function getShownAccount(ctx: Ctx, id: unknown): Promise<Account> {
  const account = await getAccount(ctx, typeof id === 'string' ? id : '');
  if (account.deletedAt !== null) throw notFound();
  return (await asSuspended(ctx, [account]))[0] ?? account;
}

/** An account whose posts and lists may be read. @throws AppError 404 also for suspended ones */
export async function getActiveAccount(ctx: Ctx, id: unknown): Promise<Account> {
  const account = await getShownAccount(ctx, id);
  if (account.suspendedAt !== null) throw notFound();
  return account;
}
