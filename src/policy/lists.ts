import type { List } from '../model/lists.js';
import type { Status } from '../model/status.js';

/**
 * Does a status that its owner's home timeline wants belong in a list that has its author? Replies to others only as the
 * list says; home has let through replies to people whom the owner follows.
 */
export function belongsInList(
  status: Pick<Status, 'accountId' | 'inReplyToAccountId'>,
  list: Pick<List, 'accountId' | 'repliesPolicy'>,
  parentIsMember: boolean,
): boolean {
  const parent = status.inReplyToAccountId;
  if (parent === null || parent === status.accountId || parent === list.accountId) return true;
  if (list.repliesPolicy === 'followed') return true;
  return list.repliesPolicy === 'list' && parentIsMember;
}
