import type { Account, User } from '../model/account.js';
import type { Grantor } from './scopes.js';

/** Whether somebody may act at present. */
export type Standing = 'ok' | 'unconfirmed' | 'pending' | 'disabled' | 'suspended';

export function standingOf(
  user: Pick<User, 'confirmedAt' | 'approvedAt' | 'disabledAt'>,
  account: Pick<Account, 'suspendedAt' | 'deletedAt'>,
): Standing {
  if (!standsHere(account)) return 'suspended';
  if (user.disabledAt !== null) return 'disabled';
  if (user.confirmedAt === null) return 'unconfirmed';
  if (user.approvedAt === null) return 'pending';
  return 'ok';
}

/** Neither suspended by staff nor deleted. */
export const standsHere = (account: Pick<Account, 'suspendedAt' | 'deletedAt'>): boolean =>
  account.suspendedAt === null && account.deletedAt === null;

/** What is said to somebody who may not act, in the words clients know from Mastodon. */
export const standingTexts: Record<Exclude<Standing, 'ok'>, string> = {
  suspended: 'Your login is currently disabled',
  disabled: 'Your login is currently disabled',
  unconfirmed: 'Your login is missing a confirmed e-mail address',
  pending: 'Your login is currently pending approval',
};

export function isStaff(user: Pick<User, 'role'>): boolean {
  return user.role !== 'user';
}

/** Whether somebody may post with a date in the past: owners, and whom the owner allowed it. */
export function mayBackdate(user: Pick<User, 'role' | 'backdatingAllowedAt'>): boolean {
  return user.role === 'owner' || (user.backdatingAllowedAt ?? null) !== null;
}

/** What somebody may grant to an app (scopes.ts); an app of its own may grant nothing. */
export function grantorOf(user: Pick<User, 'role' | 'backdatingAllowedAt'> | null): Grantor {
  return { isStaff: user !== null && isStaff(user), mayBackdate: user !== null && mayBackdate(user) };
}
