import type { List, ListEntry } from '../model/lists.js';
import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import { belongsInList } from '../policy/lists.js';
import type { Ctx } from './ctx.js';
import { readFeed, readLines } from './feed.js';
import { recipients } from './home-recipients.js';
import { insertThose } from '../store/port.js';

/** What its members posted, newest first. */
export async function listTimeline(ctx: Ctx, list: List, page: Page): Promise<Status[]> {
  return readFeed(ctx, list.accountId, {
    page,
    read: (slice) => readLines(ctx.db.listEntries, { listId: list._id }, slice),
  });
}

export interface ReachedList {
  listId: string;
  accountId: string;
  exclusive: boolean;
}

/**
 * Writes a line in each list of these owners that has the author as a member and wants the status. The owners' home
 * timelines want it already. Repeating it adds nothing.
 */
export async function fanOutLists(
  ctx: Ctx,
  ownerIds: readonly string[],
  status: Status,
): Promise<ReachedList[]> {
  if (!ownerIds.length) return [];
  const owners = [...ownerIds];
  const members = await ctx.db.listMembers
    .find({ targetId: status.accountId, accountId: { $in: owners } })
    .toArray();
  if (!members.length) return [];
  const listIds = [...new Set(members.map((m) => m.listId))];
  const lists = await ctx.db.lists.find({ _id: { $in: listIds } }).toArray();
  const parent = status.inReplyToAccountId;
  const alsoMembers = parent
    ? await ctx.db.listMembers.find({ targetId: parent, accountId: { $in: owners } }).toArray()
    : [];
  const withParent = new Set(alsoMembers.map((m) => m.listId));
  const wanted = lists.filter((l) => belongsInList(status, l, withParent.has(l._id)));
  await writeEntries(ctx, wanted, status);
  return wanted.map(({ _id: listId, accountId, exclusive }) => ({ listId, accountId, exclusive }));
}

async function writeEntries(ctx: Ctx, lists: readonly List[], status: Status): Promise<void> {
  const documents = lists.map((l): ListEntry => ({
    _id: ctx.ids.next(),
    listId: l._id,
    accountId: l.accountId,
    statusId: status._id,
    fromId: status.accountId,
    shownId: status.reblogOfId,
  }));
  await insertThose(ctx.db.listEntries, documents);
}

/** Fills a list with the latest of somebody who was just added. */
export async function backfillList(ctx: Ctx, list: List, authorId: string): Promise<void> {
  const follow = await ctx.db.follows.findOne({ accountId: list.accountId, targetId: authorId });
  if (follow?.state !== 'accepted') return;
  const recent = await ctx.db.statuses.find({ accountId: authorId }).sort({ _id: -1 }).limit(40).toArray();
  for (const status of recent.filter((s) => s.visibility !== 'direct')) {
    const shown = status.reblogOfId ? await ctx.db.statuses.findOne({ _id: status.reblogOfId }) : status;
    if (!shown) continue;
    const wanted = await recipients(ctx, [follow], { status, shown });
    await fanOutLists(ctx, wanted, status);
  }
}

/** Takes a status, and reblogs of it, out of all lists. */
export async function removeFromLists(ctx: Ctx, statusId: string): Promise<void> {
  await ctx.db.listEntries.deleteMany({ statusId });
  await ctx.db.listEntries.deleteMany({ shownId: statusId });
}
