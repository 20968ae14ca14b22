import type { Account, Role } from '../model/account.js';
import type { Status } from '../model/status.js';
import { isWithin, type Circle } from './circles.js';

type Author = Pick<Account, 'domain' | 'suspendedAt' | 'deletedAt' | 'silencedAt' | 'emailSubscriptionsAt'>;

/**
 * Whether an account's posts can be had by mail: it is of this server, in good standing, wants it, and is of those who
 * may. `role`: of its user; null where there is none.
 */
export function isMailed(author: Author, role: Role | null, allowed: Circle): boolean {
  if (author.domain !== null || role === null || !isWithin(role, allowed)) return false;
  if (author.suspendedAt !== null || author.deletedAt !== null || author.silencedAt !== null) return false;
  return (author.emailSubscriptionsAt ?? null) !== null;
}

/** Whether a post goes to subscribers: public, no reblog, no reply but to oneself. As Mastodon. */
export function isForSubscribers(
  status: Pick<
    Status,
    'accountId' | 'visibility' | 'reblogOfId' | 'inReplyToId' | 'inReplyToUri' | 'inReplyToAccountId'
  >,
): boolean {
  if (status.visibility !== 'public' || status.reblogOfId !== null) return false;
  const isReply = status.inReplyToId !== null || status.inReplyToUri !== null;
  return !isReply || status.inReplyToAccountId === status.accountId;
}
