import type { Status } from '../model/status.js';
import type { Ctx } from './ctx.js';
import type { ArrivalEvent } from './arrivals.js';
import type { DeletedStatus, DomainEvent } from './events.js';
import { purgeAccount } from './deletion.js';
import { addToMailing } from './email-subscriptions/mailings.js';
import { notifyStaff } from './reports.js';
import { forgetDirect, noteDirect } from './conversations.js';
import { countFavourites } from './favourites.js';
import { countFollows } from './follows.js';
import { trimLines } from './feed.js';
import { backfillHome, clearFromHome, fanOutHome, unreached, type Reached } from './home.js';
import { removeFromLists } from './list-feed.js';
import { leaveLists } from './lists.js';
import { carryFollowers } from './moves.js';
import { notify } from './notifications.js';
import {
  countAfter,
  countOneMore,
  makeFindable,
  notifyAboutEdit,
  notifyAboutStatus,
  streamStatus,
  unindexStatus,
} from './effects-status.js';
import { recountPoll } from './polls.js';
import { getPollVoters } from './poll-voters.js';
import { countQuotes, notifyAboutQuote } from './quotes.js';

/**
 * The consequences of an event on this server: timelines, notifications, counts, search, streams. Every line may run
 * twice (a job that was interrupted starts over) and does nothing where its document is absent. Verbs count what they
 * changed so that their answer is right; it is counted again here, because they may have been interrupted before.
 */
export async function applyEffects(ctx: Ctx, event: DomainEvent): Promise<void> {
  switch (event.type) {
    case 'status.published':
      return withStatus(ctx, event.statusId, async (status) => {
        await statusArrived(ctx, status, {
          notifies: !event.quiet,
          timelines: true,
          streams: !event.quiet,
          isNew: false,
        });
        if (event.mailed) await addToMailing(ctx, status);
      });
    case 'status.received':
      return withStatus(ctx, event.statusId, (status) => applyArrival(ctx, event, status));
    case 'status.edited':
      return withStatus(ctx, event.statusId, (status) => notifyAboutEdit(ctx, status, event.editId));
    case 'status.deleted':
      return statusDeleted(ctx, event.status);
    case 'favourite.added':
    case 'favourite.removed':
      return favouriteChanged(ctx, event);
    case 'follow.requested':
    case 'follow.accepted':
    case 'follow.rejected':
    case 'follow.undone':
      return followChanged(ctx, event);
    case 'block.added':
      return blockAdded(ctx, event.accountId, event.targetId);
    case 'poll.voted':
      return recountPoll(ctx, event.statusId);
    case 'poll.ended':
      return withStatus(ctx, event.statusId, (status) => pollEnded(ctx, status));
    case 'account.deleted':
      return purgeAccount(ctx, event.accountId);
    case 'account.moved':
      return carryFollowers(ctx, event.accountId, event.targetId);
    case 'report.filed':
      return notifyStaff(ctx, event.reportId);
    default:
      return;
  }
}

async function withStatus(
  ctx: Ctx,
  statusId: string,
  act: (status: Status) => Promise<unknown>,
): Promise<void> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  if (status) await act(status);
}

/** The consequences of a status of another server that has just been stored, or owes them. */
export function applyArrival(ctx: Ctx, { fetched, isNew }: ArrivalEvent, status: Status): Promise<void> {
  return statusArrived(ctx, status, {
    notifies: !fetched,
    timelines: !fetched,
    streams: true,
    isNew: isNew ?? false,
  });
}

async function statusArrived(
  ctx: Ctx,
  status: Status,
  { notifies, timelines, streams, isNew }: Record<'notifies' | 'timelines' | 'streams' | 'isNew', boolean>,
): Promise<void> {
  // Side by side, so that what they write is committed together.
  const [reached] = await Promise.all([
    timelines ? fanOutHome(ctx, status) : unreached(),
    isNew ? countOneMore(ctx, status) : countAfter(ctx, status),
    makeFindable(ctx, status),
  ]);
  await noteDirect(ctx, status, { quiet: !streams });
  if (streams) streamStatus(ctx, status, reached);
  if (notifies) await notifyAboutStatus(ctx, status, reached.bells);
  if (notifies) await notifyAboutQuote(ctx, status);
  if (Number(BigInt(status._id) % 16n) === 0) await trimFeeds(ctx, reached);
}

/** Now and then, so that the lines of a feed stay bounded. */
async function trimFeeds(ctx: Ctx, { homes, lists }: Reached): Promise<void> {
  for (const accountId of homes) await trimLines(ctx, ctx.db.homeEntries, { accountId });
  for (const { listId } of lists) await trimLines(ctx, ctx.db.listEntries, { listId });
}

async function statusDeleted(ctx: Ctx, deleted: DeletedStatus): Promise<void> {
  if (await ctx.db.statuses.findOne({ _id: deleted.statusId })) return;
  const id = deleted.statusId;
  await unindexStatus(ctx, deleted);
  await ctx.db.homeEntries.deleteMany({ statusId: id });
  await ctx.db.homeEntries.deleteMany({ shownId: id });
  await removeFromLists(ctx, id);
  await forgetDirect(ctx, deleted);
  await ctx.db.notifications.deleteMany({ statusId: id });
  const reblogs = await ctx.db.statuses.find({ reblogOfId: id }).limit(1000).toArray();
  for (const reblog of reblogs) {
    await ctx.db.homeEntries.deleteMany({ statusId: reblog._id });
    await removeFromLists(ctx, reblog._id);
    await ctx.db.statuses.deleteOne({ _id: reblog._id });
  }
  await ctx.db.favourites.deleteMany({ statusId: id });
  await ctx.db.bookmarks.deleteMany({ statusId: id });
  await ctx.db.statusEdits.deleteMany({ statusId: id });
  await ctx.db.pollVotes.deleteMany({ statusId: id });
  await ctx.db.statuses.updateMany(
    { inReplyToId: id },
    { $set: { inReplyToId: null, inReplyToUri: deleted.uri } },
  );
  await ctx.db.media.updateMany({ statusId: id }, { $set: { statusId: null } });
  await countAfter(ctx, deleted);
  if (deleted.quotedId !== undefined) await countQuotes(ctx, deleted.quotedId);
  if (deleted.reblogOfId) {
    await ctx.db.notifications.deleteMany({
      statusId: deleted.reblogOfId,
      fromId: deleted.accountId,
      type: 'reblog',
    });
  }
}

type FavouriteEvent = Extract<DomainEvent, { type: `favourite.${string}` }>;

async function favouriteChanged(ctx: Ctx, { type, accountId, statusId }: FavouriteEvent): Promise<void> {
  await countFavourites(ctx, statusId);
  if (type === 'favourite.removed') {
    await ctx.db.notifications.deleteMany({ statusId, fromId: accountId, type: 'favourite' });
    return;
  }
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  if (!status || !(await ctx.db.favourites.findOne({ accountId, statusId }))) return;
  await notify(ctx, {
    accountId: status.accountId,
    type: 'favourite',
    fromId: accountId,
    statusId,
    conversationId: status.conversationId,
  });
}

type FollowEvent = Extract<DomainEvent, { type: `follow.${string}` }>;

async function followChanged(ctx: Ctx, event: FollowEvent): Promise<void> {
  const { accountId, targetId } = event;
  await countFollows(ctx, { accountId, targetId });
  const follow = await ctx.db.follows.findOne({ accountId, targetId });
  if (event.type === 'follow.requested') {
    if (follow?.state === 'pending')
      await notify(ctx, { accountId: targetId, type: 'follow_request', fromId: accountId });
    return;
  }
  if (event.type === 'follow.accepted') {
    if (follow?.state !== 'accepted') return;
    await ctx.db.notifications.deleteMany({ accountId: targetId, key: `follow_request:${accountId}:::` });
    await notify(ctx, { accountId: targetId, type: 'follow', fromId: accountId });
    const follower = await ctx.db.accounts.findOne({ _id: accountId });
    if (follower?.domain === null) await backfillHome(ctx, accountId, targetId);
    return;
  }
  if (follow) return;
  await ctx.db.notifications.deleteMany({ accountId: targetId, key: `follow_request:${accountId}:::` });
  await ctx.db.notifications.deleteMany({ accountId: targetId, key: `follow:${accountId}:::` });
  await clearFromHome(ctx, accountId, targetId);
  await leaveLists(ctx, accountId, targetId);
  await ctx.db.endorsements.deleteMany({ accountId, targetId });
}

async function blockAdded(ctx: Ctx, accountId: string, targetId: string): Promise<void> {
  if (!(await ctx.db.blocks.findOne({ accountId, targetId }))) return;
  await clearFromHome(ctx, accountId, targetId);
  await clearFromHome(ctx, targetId, accountId);
  await ctx.db.notifications.deleteMany({ accountId, fromId: targetId });
}

async function pollEnded(ctx: Ctx, status: Status): Promise<void> {
  await ctx.db.statuses.updateOne({ _id: status._id }, { $set: { 'poll.closed': true } });
  for (const accountId of await getPollVoters(ctx, status)) {
    await notify(ctx, { accountId, type: 'poll', fromId: status.accountId, statusId: status._id });
  }
}
