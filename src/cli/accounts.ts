import type { Context } from '../context.js';
import { acctOf } from '../domain/accounts.js';
import type { Account, Role, User } from '../model/account.js';

/** An account as commands show it. */
export interface ShownAccount {
  id: string;
  username: string;
  acct: string;
  handle: string;
  url: string;
  role: Role | null;
  email: string | null;
  state: 'active' | 'suspended' | 'deleted' | 'disabled' | 'unconfirmed' | 'pending';
  locked: boolean;
  discoverable: boolean | null;
  posts: number;
  followers: number;
  following: number;
  created_at: string;
  last_sign_in_at: string | null;
}

export function toShown(ctx: Context, account: Account, user: User | null): ShownAccount {
  return {
    id: account._id,
    username: account.username,
    acct: acctOf(account),
    handle: `@${account.username}@${account.domain ?? ctx.names.handleDomain}`,
    url: account.url,
    role: user?.role ?? null,
    email: user?.email ?? null,
    state: stateOf(account, user),
    locked: account.locked,
    discoverable: account.discoverable,
    posts: account.statusesCount,
    followers: account.followersCount,
    following: account.followingCount,
    created_at: account.createdAt,
    last_sign_in_at: user?.lastSignInAt ?? null,
  };
}

function stateOf(account: Account, user: User | null): ShownAccount['state'] {
  if (account.deletedAt !== null) return 'deleted';
  if (account.suspendedAt !== null) return 'suspended';
  if (!user) return 'active';
  if (user.disabledAt !== null) return 'disabled';
  if (user.confirmedAt === null) return 'unconfirmed';
  return user.approvedAt === null ? 'pending' : 'active';
}

/** A person of this server: not the instance's own actor, nobody from elsewhere. */
export function isLocalAccount(account: Account): boolean {
  return account.domain === null && account.actorType !== 'Application';
}

const pageSize = 1000;

/** People of this server in the order in which they came. */
export async function pageOfAccounts(
  ctx: Context,
  { limit, role, after = '' }: { limit: number; role?: Role; after?: string },
): Promise<ShownAccount[]> {
  const shown: ShownAccount[] = [];
  for (let last = after; shown.length < limit;) {
    const filter = { domain: null, _id: { $gt: last } };
    const accounts = await ctx.db.accounts.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
    const users = await ctx.db.users.find({ accountId: { $in: accounts.map((a) => a._id) } }).toArray();
    const byAccount = new Map(users.map((user) => [user.accountId, user]));
    for (const account of accounts.filter(isLocalAccount)) {
      const user = byAccount.get(account._id) ?? null;
      if (role === undefined || user?.role === role) shown.push(toShown(ctx, account, user));
    }
    if (accounts.length < pageSize) break;
    last = accounts.at(-1)?._id ?? '';
  }
  return shown.slice(0, limit);
}
