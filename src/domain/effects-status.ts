import { settledToPlainText } from '../text/sanitise.js';
import type { Status } from '../model/status.js';
import { canSee } from '../policy/visibility.js';
import { accountsById } from './accounts.js';
import { requestCard } from './cards/cards.js';
import type { Ctx } from './ctx.js';
import type { DeletedStatus } from './events.js';
import type { Reached } from './home.js';
import { getPollVoters } from './poll-voters.js';
import { notify } from './notifications.js';
import { recordTagUse } from './tags.js';

/** Counts again what a status counts towards: its author, its parent, what it reblogs or quotes. */
export async function countAfter(
  ctx: Ctx,
  status: Pick<Status, 'accountId' | 'inReplyToId' | 'reblogOfId'>,
): Promise<void> {
  const { accountId, inReplyToId, reblogOfId } = status;
  const [newest] = await ctx.db.statuses.find({ accountId }).sort({ _id: -1 }).limit(1).toArray();
  const statusesCount = await ctx.db.statuses.countDocuments({ accountId });
  await ctx.db.accounts.updateOne(
    { _id: accountId },
    { $set: { statusesCount, lastStatusAt: newest?.createdAt ?? null } },
  );
  if (inReplyToId) {
    const repliesCount = await countReplies(ctx, inReplyToId);
    await ctx.db.statuses.updateOne({ _id: inReplyToId }, { $set: { repliesCount } });
  }
  if (reblogOfId) {
    const reblogsCount = await ctx.db.statuses.countDocuments({ reblogOfId });
    await ctx.db.statuses.updateOne({ _id: reblogOfId }, { $set: { reblogsCount } });
  }
}

/** Every so often all is counted again: one who counts and one who adds at the same moment may be off by one. */
const recountEvery = 64n;

/** The same for a status that was stored just now, without reading what was there before. */
export async function countOneMore(ctx: Ctx, status: Status): Promise<void> {
  const { _id, accountId, inReplyToId, reblogOfId, createdAt } = status;
  if (inReplyToId || reblogOfId || BigInt(_id) % recountEvery === 0n) return countAfter(ctx, status);
  await ctx.db.accounts.updateOne(
    { _id: accountId },
    { $inc: { statusesCount: 1 }, $max: { lastStatusAt: createdAt } },
  );
}

/** The number of an open status says nothing about the replies that are not. */
async function countReplies(ctx: Ctx, inReplyToId: string): Promise<number> {
  const parent = await ctx.db.statuses.findOne({ _id: inReplyToId });
  const isOpen = parent?.visibility === 'public' || parent?.visibility === 'unlisted';
  return ctx.db.statuses.countDocuments({
    inReplyToId,
    ...(isOpen && { visibility: { $in: ['public', 'unlisted'] } }),
  });
}

/** Puts a new status where it can be found, with the page it links to. */
export async function makeFindable(ctx: Ctx, status: Status): Promise<void> {
  await Promise.all([indexStatus(ctx, status), recordTagUse(ctx, status), requestCard(ctx, status)]);
}

/** Puts a new status on the streams. `reached`: the homes and lists that it is in. */
export function streamStatus(ctx: Ctx, status: Status, reached: Reached): void {
  const homes = reached.homes.map((id) => `user:${id}`);
  const lists = reached.lists.map((l) => `list:${l.accountId}:${l.listId}`);
  const channels = [...homes, ...lists, ...publicChannels(status)];
  if (channels.length) ctx.hub.publish({ channels, event: 'update', payload: { statusId: status._id } });
}

/** The streams of those who have it on screen, by what is there: the status itself, or a reblog of it. */
async function feedChannels(ctx: Ctx, id: string): Promise<Map<string, Set<string>>> {
  const lines = { $or: [{ statusId: id }, { shownId: id }] };
  const [homes, lists] = await Promise.all([
    ctx.db.homeEntries.find(lines).toArray(),
    ctx.db.listEntries.find(lines).toArray(),
  ]);
  const byLine = new Map<string, Set<string>>();
  const add = (statusId: string, channel: string): void =>
    void byLine.set(statusId, (byLine.get(statusId) ?? new Set()).add(channel));
  for (const e of homes) add(e.statusId, `user:${e.accountId}`);
  for (const e of lists) add(e.statusId, `list:${e.accountId}:${e.listId}`);
  return byLine;
}

type Streamed = Pick<
  Status,
  | 'accountId'
  | 'visibility'
  | 'local'
  | 'tags'
  | 'reblogOfId'
  | 'mediaIds'
  | 'inReplyToId'
  | 'inReplyToAccountId'
> & { inReplyToUri?: string | null };

/** The public streams a status belongs to: as on the timelines, replies to others are on those of their tags only. */
export function publicChannels(status: Streamed): string[] {
  if (status.visibility !== 'public' || status.reblogOfId !== null) return [];
  const tags = status.tags.flatMap((t) => [`hashtag:${t}`, ...(status.local ? [`hashtag:local:${t}`] : [])]);
  const isReply = status.inReplyToId !== null || (status.inReplyToUri ?? null) !== null;
  if (isReply && status.inReplyToAccountId !== status.accountId) return tags;
  const origin = status.local ? 'local' : 'remote';
  const media = status.mediaIds.length ? ['public:media', `public:${origin}:media`] : [];
  return ['public', `public:${origin}`, ...media, ...tags];
}

/** Puts a status where it can be found. */
async function indexStatus(ctx: Ctx, status: Status): Promise<void> {
  if (status.reblogOfId !== null) return;
  const poll = status.poll?.options.map((o) => o.title).join(' ') ?? '';
  await ctx.statusText.put(
    status._id,
    `${status.spoilerText} ${settledToPlainText(status.content)} ${poll}`.trim(),
  );
}

/** Takes a deleted status out of search, and off the streams together with the reblogs of it. */
export async function unindexStatus(ctx: Ctx, deleted: DeletedStatus): Promise<void> {
  const { statusId: id } = deleted;
  await ctx.statusText.remove(id);
  const feeds = await feedChannels(ctx, id);
  feeds.set(id, new Set([...(feeds.get(id) ?? []), ...publicChannels(deleted)]));
  for (const [statusId, channels] of feeds)
    if (channels.size) ctx.hub.publish({ channels: [...channels], event: 'delete', payload: { statusId } });
}

/** Mentions, reblogs, and people who asked to be told about the author (`bells`). */
export async function notifyAboutStatus(ctx: Ctx, status: Status, bells: readonly string[]): Promise<void> {
  const { _id: statusId, accountId: fromId, conversationId } = status;
  if (status.reblogOfId) {
    const shown = await ctx.db.statuses.findOne({ _id: status.reblogOfId });
    if (shown)
      await notify(ctx, {
        accountId: shown.accountId,
        type: 'reblog',
        fromId,
        statusId: shown._id,
        conversationId,
      });
    return;
  }
  for (const { accountId } of status.mentions)
    await notify(ctx, { accountId, type: 'mention', fromId, statusId, conversationId });
  if (status.inReplyToId !== null && status.inReplyToAccountId !== fromId) return;
  const mentioned = new Set(status.mentions.map((m) => m.accountId));
  for (const accountId of bells) {
    const facts = { viewerId: accountId, follows: true, blockedByAuthor: false, authorSuspended: false };
    if (!mentioned.has(accountId) && canSee(status, facts))
      await notify(ctx, { accountId, type: 'status', fromId, statusId, conversationId });
  }
}

/** Those who reblogged it or voted learn of an edit; everybody who has it on screen gets the new look. */
export async function notifyAboutEdit(ctx: Ctx, status: Status, editId: string): Promise<void> {
  await indexStatus(ctx, status);
  await requestCard(ctx, status);
  const [feeds, reblogs] = await Promise.all([
    feedChannels(ctx, status._id),
    ctx.db.statuses.find({ reblogOfId: status._id }).limit(10_000).toArray(),
  ]);
  const channels = [...new Set([...feeds.values()].flatMap((c) => [...c])), ...publicChannels(status)];
  if (channels.length)
    ctx.hub.publish({ channels, event: 'status.update', payload: { statusId: status._id } });
  const voters = status.poll ? await getPollVoters(ctx, status) : [];
  const interested = await accountsById(ctx, [...reblogs.map((r) => r.accountId), ...voters]);
  for (const account of interested.values()) {
    if (account.domain !== null) continue;
    await notify(ctx, {
      accountId: account._id,
      type: 'update',
      fromId: status.accountId,
      statusId: status._id,
      distinct: editId,
    });
  }
  for (const { accountId } of status.mentions) {
    await notify(ctx, {
      accountId,
      type: 'mention',
      fromId: status.accountId,
      statusId: status._id,
      conversationId: status.conversationId,
    });
  }
}
