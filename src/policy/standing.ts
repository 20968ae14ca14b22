import type { Account, User } from '../model/account.js';

/** Whether somebody may act at present. */
export type Standing = 'ok' | 'unconfirmed' | 'pending' | 'disabled' | 'suspended';

export function standingOf(
  user: Pick<User, 'confirmedAt' | 'approvedAt' | 'disabledAt'>,
  account: Pick<Account, 'suspendedAt' | 'deletedAt'>,
): Standing {
  if (account.suspendedAt !== null || account.deletedAt !== null) return 'suspended';
  if (user.disabledAt !== null) return 'disabled';
  if (user.confirmedAt === null) return 'unconfirmed';
  if (user.approvedAt === null) return 'pending';
  return 'ok';
}

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
