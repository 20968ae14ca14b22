import { notFound } from '../errors.js';
import type { Account, Role } from '../model/account.js';
import { isId } from '../model/ids.js';
import { idRange, isUpwards, type Page } from '../model/page.js';
import type { Filter } from '../store/port.js';
import type { Ctx } from './ctx.js';
import { parseDomain } from './domains.js';
import { nameWordsOf } from './name-words.js';
import { usersFromNetwork } from './user-ips.js';

export interface AccountQuery {
  origin?: 'local' | 'remote' | undefined;
  status?: 'active' | 'pending' | 'disabled' | 'silenced' | 'suspended' | 'sensitized' | undefined;
  /** Any of these. */
  roles?: readonly Role[] | undefined;
  /** Beginnings, in any case. */
  username?: string | undefined;
  displayName?: string | undefined;
  email?: string | undefined;
  byDomain?: string | undefined;
  /** Who came with an invite of this account. */
  invitedBy?: string | undefined;
  /** An address, or a network as CIDR. */
  ip?: string | undefined;
}

/** How many users are looked at for what only they have; the newest. */
const mostUsers = 5000;
const steps = 10;

/** Accounts as staff sees them, newest first; also suspended ones. @throws AppError 422 when the domain is none */
export async function listAccounts(ctx: Ctx, query: AccountQuery, page: Page): Promise<Account[]> {
  const users = await accountIdsByUser(ctx, query);
  if (users?.length === 0) return [];
  const filter = filterOf(query);
  const up = isUpwards(page);
  const found: Account[] = [];
  let bounds = idRange(page);
  for (let step = 0; step < steps && found.length < page.limit; step += 1) {
    const id = { ...bounds, ...(users && { $in: users }) };
    const batch = await ctx.db.accounts
      .find({ ...filter, ...(Object.keys(id).length && { _id: id }) })
      .sort({ _id: up ? 1 : -1 })
      .limit(page.limit * 2)
      .toArray();
    found.push(...batch.filter((a) => isWanted(a, query)));
    const last = batch.at(-1);
    if (!last || batch.length < page.limit * 2) break;
    bounds = up ? { ...bounds, $gt: last._id } : { ...bounds, $lt: last._id };
  }
  const shown = found.slice(0, page.limit);
  return up ? shown.reverse() : shown;
}

/** Also suspended ones; the instance's own actor is not one. @throws AppError 404 */
export async function getAccountForStaff(ctx: Ctx, id: string): Promise<Account> {
  const account = isId(id) ? await ctx.db.accounts.findOne({ _id: id }) : null;
  if (!account || !isWanted(account, {})) throw notFound();
  return account;
}

/** The accounts of the users that fit; null when nothing is asked that only users have. */
async function accountIdsByUser(ctx: Ctx, query: AccountQuery): Promise<string[] | null> {
  const { status, roles, email, ip, invitedBy } = query;
  const from = ip === undefined ? null : await usersFromNetwork(ctx, ip);
  const mail = email?.trim().toLowerCase();
  const filter: Filter = {
    ...(status === 'pending' && { approvedAt: null }),
    ...(status === 'disabled' && { disabledAt: { $gt: '' } }),
    ...(roles && { role: { $in: [...roles] } }),
    ...(invitedBy !== undefined && { 'invite.byId': invitedBy }),
    ...(mail && { email: beginsWith(mail) }),
    ...(from && { _id: { $in: from } }),
  };
  if (!Object.keys(filter).length) return null;
  const users = await ctx.db.users.find(filter).sort({ _id: -1 }).limit(mostUsers).toArray();
  return users.map((u) => u.accountId);
}

function filterOf({ origin, status, username, displayName, byDomain }: AccountQuery): Filter {
  const name = username?.trim().replace(/^@/, '').toLowerCase();
  const [word] = nameWordsOf(displayName ?? '');
  return {
    ...(origin === 'local' && { domain: null }),
    ...(origin === 'remote' && { domain: { $gt: '' } }),
    ...(byDomain !== undefined && { domain: parseDomain(byDomain) }),
    ...(status === 'suspended' && { suspendedAt: { $gt: '' } }),
    ...(status === 'silenced' && { silencedAt: { $gt: '' } }),
    ...(status === 'sensitized' && { sensitizedAt: { $gt: '' } }),
    ...(name && { acctKey: beginsWith(name) }),
    ...(word !== undefined && { nameWords: { $gte: word, $lt: `${word}\uffff` } }),
  };
}

const beginsWith = (text: string) => ({ $gte: text, $lt: `${text}\uffff` });

/** What no index knows. */
function isWanted(account: Account, { displayName, status }: AccountQuery): boolean {
  if (account.deletedAt !== null || (account.domain === null && account.actorType === 'Application'))
    return false;
  if (status === 'active' && account.suspendedAt !== null) return false;
  const wanted = displayName?.trim().toLowerCase() ?? '';
  return account.displayName.toLowerCase().startsWith(wanted);
}
