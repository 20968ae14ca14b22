import { notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Conversation } from '../model/conversations.js';
import { isId } from '../model/ids.js';
import { idRange, isUpwards, type Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import type { DeletedStatus } from './events.js';
import { hiddenBy } from './home-recipients.js';

/**
 * A direct post arrived: everybody here who takes part gets it as the latest of a conversation. Safe to repeat. `quiet`:
 * without telling them.
 */
export async function noteDirect(ctx: Ctx, status: Status, { quiet = false } = {}): Promise<void> {
  if (status.visibility !== 'direct' || status.reblogOfId !== null) return;
  const everybody = [...new Set([status.accountId, ...status.mentions.map((m) => m.accountId)])];
  const accounts = await accountsById(ctx, everybody);
  const locals = [...accounts.values()].filter((a) => a.domain === null && a.deletedAt === null);
  const hidden = await hiddenBy(
    ctx,
    locals.map((a) => a._id),
    { status, shown: status },
  );
  for (const { _id: accountId } of locals) {
    if (hidden(accountId).has(status.accountId)) continue;
    const stored = await noteFor(ctx, accountId, {
      status,
      participantIds: everybody.filter((id) => id !== accountId).sort(),
      unread: !quiet && status.accountId !== accountId,
    });
    if (quiet) continue;
    ctx.hub.publish({
      channels: [`direct:${accountId}`],
      event: 'conversation',
      payload: { conversationId: stored._id },
    });
  }
}

async function noteFor(
  ctx: Ctx,
  accountId: string,
  { status, participantIds, unread }: { status: Status; participantIds: string[]; unread: boolean },
): Promise<Conversation> {
  const key = { accountId, conversationId: status.conversationId, participantsKey: participantIds.join(' ') };
  const known = await ctx.db.conversations.findOne(key);
  const isNews = known === null || known.lastStatusId < status._id;
  const stored = await ctx.db.conversations.findOneAndUpdate(
    key,
    {
      $max: { lastStatusId: status._id },
      ...(isNews && { $set: { unread } }),
      $setOnInsert: { _id: ctx.ids.next(), participantIds },
    },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The conversation was not stored');
  return stored;
}

/** A direct post is gone: the one before it is the latest now, or the conversation is empty and goes too. */
export async function forgetDirect(ctx: Ctx, deleted: DeletedStatus): Promise<void> {
  if (deleted.visibility !== 'direct') return;
  const touched = await ctx.db.conversations.find({ lastStatusId: deleted.statusId }).limit(1000).toArray();
  for (const conversation of touched) {
    const latest = await latestOf(ctx, conversation);
    if (latest) {
      await ctx.db.conversations.updateOne({ _id: conversation._id }, { $set: { lastStatusId: latest._id } });
    } else await ctx.db.conversations.deleteOne({ _id: conversation._id });
  }
}

async function latestOf(
  ctx: Ctx,
  { conversationId, accountId, participantsKey }: Conversation,
): Promise<Status | null> {
  const thread = await ctx.db.statuses.find({ conversationId }).sort({ _id: -1 }).limit(500).toArray();
  const isBetweenThem = (s: Status): boolean =>
    [...new Set([s.accountId, ...s.mentions.map((m) => m.accountId)])]
      .filter((id) => id !== accountId)
      .sort()
      .join(' ') === participantsKey;
  return thread.find((s) => s.visibility === 'direct' && isBetweenThem(s)) ?? null;
}

/** Somebody's conversations, the ones with the latest posts first; paged by the ids of those. */
export async function conversationsOf(ctx: Ctx, accountId: string, page: Page): Promise<Conversation[]> {
  const up = isUpwards(page);
  const range = idRange(page);
  const found = await ctx.db.conversations
    .find({ accountId, ...(Object.keys(range).length && { lastStatusId: range }) })
    .sort({ lastStatusId: up ? 1 : -1 })
    .limit(page.limit)
    .toArray();
  return up ? found.reverse() : found;
}

/** @throws AppError 404 */
export async function getConversation(ctx: Ctx, accountId: string, id: string): Promise<Conversation> {
  const found = isId(id) ? await ctx.db.conversations.findOne({ _id: id, accountId }) : null;
  if (!found) throw notFound();
  return found;
}

export async function markConversation(
  ctx: Ctx,
  conversation: Conversation,
  unread: boolean,
): Promise<Conversation> {
  await ctx.db.conversations.updateOne({ _id: conversation._id }, { $set: { unread } });
  return { ...conversation, unread };
}

/** Takes a conversation off the list; its posts stay. */
export async function deleteConversation(ctx: Ctx, conversation: Conversation): Promise<void> {
  await ctx.db.conversations.deleteOne({ _id: conversation._id });
}

/** Direct posts that somebody wrote or that mention it, newest first. */
export async function directTimeline(ctx: Ctx, who: Account, page: Page): Promise<Status[]> {
  const up = isUpwards(page);
  const range = idRange(page);
  const sides = await Promise.all(
    [{ accountId: who._id }, { 'mentions.accountId': who._id }].map((side) =>
      ctx.db.statuses
        .find({ ...side, visibility: 'direct', ...(Object.keys(range).length && { _id: range }) })
        .sort({ _id: up ? 1 : -1 })
        .limit(page.limit)
        .toArray(),
    ),
  );
  const all = [...new Map(sides.flat().map((s) => [s._id, s])).values()];
  const newestFirst = all.sort((a, b) => (a._id < b._id ? 1 : -1));
  return up ? newestFirst.slice(-page.limit) : newestFirst.slice(0, page.limit);
}
