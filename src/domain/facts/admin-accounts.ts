import type { Account, User } from '../../model/account.js';
import type { UserIp } from '../../model/moderation.js';
import type { Ctx } from '../ctx.js';
import { ipsOfUsers } from '../user-ips.js';
import { loadAccounts, type AccountFacts } from './accounts.js';

/** An account as staff sees it. */
export interface AdminAccountFacts {
  facts: AccountFacts;
  /** Null for accounts of other servers. */
  user: User | null;
  /** Where they were seen, the latest first. */
  ips: readonly UserIp[];
}

/** By account id; the number of queries does not depend on the number of accounts. */
export async function loadAdminAccounts(
  ctx: Ctx,
  accounts: readonly Account[],
): Promise<Map<string, AdminAccountFacts>> {
  const locals = [...new Set(accounts.filter((a) => a.domain === null).map((a) => a._id))];
  const [facts, users] = await Promise.all([
    loadAccounts(ctx, accounts),
    locals.length ? ctx.db.users.find({ accountId: { $in: locals } }).toArray() : [],
  ]);
  const ips = await ipsOfUsers(
    ctx,
    users.map((u) => u._id),
  );
  const byAccount = new Map(users.map((u) => [u.accountId, u]));
  return new Map(
    [...facts].map(([id, known]) => {
      const user = byAccount.get(id) ?? null;
      return [id, { facts: known, user, ips: user ? (ips.get(user._id) ?? []) : [] }];
    }),
  );
}
