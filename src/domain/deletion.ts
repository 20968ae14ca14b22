import type { Account } from '../model/account.js';
import { now, type Ctx } from './ctx.js';
import { removeSubscribers } from './email-subscriptions/remove.js';
import { withEvent } from './events.js';
import { pathsOf, removeUnusedFiles } from './files.js';
import { endAllAccess } from './sessions.js';
import { bury } from './statuses-delete.js';
import { deleteMedia } from './uploads.js';

/**
 * Deletes an account for good. The document stays as a tombstone (its name cannot be taken again, its URL answers 410);
 * what it wrote and whom it knew go in the job that follows, in bounded steps.
 */
export async function deleteAccount(ctx: Ctx, account: Account): Promise<void> {
  if (account.deletedAt) return;
  await withEvent(ctx, { type: 'account.deleted', accountId: account._id }, async () => {
    await bury(ctx, { uri: account.uri, accountId: account._id, formerType: account.actorType });
    await ctx.db.accounts.updateOne({ _id: account._id }, { $set: { deletedAt: now(ctx) } });
    await removeUser(ctx, account._id);
  });
}

/** Safe to repeat: the user itself goes last. */
async function removeUser(ctx: Ctx, accountId: string): Promise<void> {
  const user = await ctx.db.users.findOne({ accountId });
  if (!user) return;
  await endAllAccess(ctx, user._id);
  await ctx.db.userIps.deleteMany({ userId: user._id });
  await ctx.db.activeDays.deleteMany({ userId: user._id });
  await ctx.db.mailTokens.deleteMany({ userId: user._id });
  await ctx.db.secondFactors.deleteMany({ userId: user._id });
  await ctx.db.passkeys.deleteMany({ userId: user._id });
  await ctx.db.users.deleteOne({ _id: user._id });
}

const step = 200;

/** Removes everything that a deleted account left. Interrupted, it goes on where it was. */
export async function purgeAccount(ctx: Ctx, accountId: string): Promise<void> {
  const account = await ctx.db.accounts.findOne({ _id: accountId });
  if (!account?.deletedAt) return;
  // Whoever deleted it may have been killed on the way.
  await removeUser(ctx, accountId);
  await purgeStatuses(ctx, accountId);
  await removeSubscribers(ctx, accountId);
  await purgeEdges(ctx, accountId);
  await purgeBelongings(ctx, accountId);
  const empty = {
    displayName: '',
    nameWords: [],
    note: '',
    fields: [],
    avatar: null,
    header: null,
    followersCount: 0,
    followingCount: 0,
    statusesCount: 0,
  };
  await ctx.db.accounts.updateOne({ _id: accountId }, { $set: empty });
  await removeUnusedFiles(ctx, [...pathsOf(account.avatar), ...pathsOf(account.header)]);
}

/** What it had to do with other accounts, in both directions. */
async function purgeEdges(ctx: Ctx, accountId: string): Promise<void> {
  const touched = await ctx.db.follows
    .find({ $or: [{ accountId }, { targetId: accountId }] })
    .limit(10_000)
    .toArray();
  for (const collection of [
    ctx.db.follows,
    ctx.db.blocks,
    ctx.db.mutes,
    ctx.db.accountNotes,
    ctx.db.endorsements,
    ctx.db.listMembers,
    ctx.db.suggestionDismissals,
  ] as const) {
    await collection.deleteMany({ accountId });
    await collection.deleteMany({ targetId: accountId });
  }
  for (const collection of [
    ctx.db.notifications,
    ctx.db.notificationRequests,
    ctx.db.notificationPermissions,
  ] as const) {
    await collection.deleteMany({ accountId });
    await collection.deleteMany({ fromId: accountId });
  }
  for (const edge of touched)
    await recountNeighbour(ctx, edge.accountId === accountId ? edge.targetId : edge.accountId);
}

/** What was its own. */
async function purgeBelongings(ctx: Ctx, accountId: string): Promise<void> {
  const favourites = await ctx.db.favourites.find({ accountId }).limit(50_000).toArray();
  for (const collection of [
    ctx.db.favourites,
    ctx.db.bookmarks,
    ctx.db.homeEntries,
    ctx.db.pollVotes,
    ctx.db.markers,
    ctx.db.threadMutes,
    ctx.db.userDomainBlocks,
    ctx.db.followedTags,
    ctx.db.featuredTags,
    ctx.db.scheduledStatuses,
    ctx.db.pushSubscriptions,
    ctx.db.lists,
    ctx.db.listEntries,
    ctx.db.conversations,
    ctx.db.filters,
    ctx.db.notificationPolicies,
    ctx.db.announcementReactions,
    ctx.db.announcementDismissals,
    ctx.db.invites,
  ] as const) {
    await collection.deleteMany({ accountId });
  }
  // What is attached to nothing, and to posts that were never published.
  await deleteMedia(ctx, await ctx.db.media.find({ accountId }).limit(10_000).toArray());
  await ctx.db.accountWarnings.deleteMany({ targetId: accountId });
  for (const { statusId } of favourites) {
    const favouritesCount = await ctx.db.favourites.countDocuments({ statusId });
    await ctx.db.statuses.updateOne({ _id: statusId }, { $set: { favouritesCount } });
  }
}

async function purgeStatuses(ctx: Ctx, accountId: string): Promise<void> {
  for (;;) {
    const batch = await ctx.db.statuses.find({ accountId }).sort({ _id: 1 }).limit(step).toArray();
    if (!batch.length) return;
    const ids = batch.map((s) => s._id);
    const among = { $in: ids };
    for (const id of ids) await ctx.statusText.remove(id);
    await ctx.db.homeEntries.deleteMany({ statusId: among });
    await ctx.db.homeEntries.deleteMany({ shownId: among });
    await ctx.db.notifications.deleteMany({ statusId: among });
    await ctx.db.favourites.deleteMany({ statusId: among });
    await ctx.db.bookmarks.deleteMany({ statusId: among });
    await ctx.db.statusEdits.deleteMany({ statusId: among });
    await ctx.db.pollVotes.deleteMany({ statusId: among });
    await deleteMedia(ctx, await ctx.db.media.find({ statusId: among }).toArray());
    await ctx.db.statuses.deleteMany({ reblogOfId: among });
    await ctx.db.statuses.deleteMany({ _id: among });
  }
}

async function recountNeighbour(ctx: Ctx, accountId: string): Promise<void> {
  const [followingCount, followersCount] = await Promise.all([
    ctx.db.follows.countDocuments({ accountId, state: 'accepted' }),
    ctx.db.follows.countDocuments({ targetId: accountId, state: 'accepted' }),
  ]);
  await ctx.db.accounts.updateOne({ _id: accountId }, { $set: { followingCount, followersCount } });
}
