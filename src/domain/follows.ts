import { forbidden, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Follow } from '../model/relations.js';
import { isDuplicateKey } from '../store/port.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { isBlockedEitherWay, isLimitedHere, isSuspendedHere } from './relationships.js';
import { activityUri } from './urls.js';

export interface FollowOptions {
  reblogs?: boolean | undefined;
  notify?: boolean | undefined;
  languages?: string[] | null | undefined;
  /** The Follow activity's IRI when it came from another server. */
  uri?: string | undefined;
}

/**
 * Asks to follow. Local accounts that are not locked accept at once, but for those that staff limited; remote ones answer later. Following again changes
 * the options only.
 * @throws AppError 403 when either blocks the other; 404 when the target is gone or moved
 */
export async function requestFollow(
  ctx: Ctx,
  who: Account,
  target: Account,
  options: FollowOptions = {},
): Promise<Follow> {
  if (who._id === target._id) throw forbidden('You cannot follow yourself');
  if (await isSuspendedHere(ctx, target)) throw notFound();
  if (await isBlockedEitherWay(ctx, who._id, target._id)) throw forbidden('This action is not allowed');
  const known = await ctx.db.follows.findOne({ accountId: who._id, targetId: target._id });
  if (known) return updateFollow(ctx, known, options);
  if (target.movedToId && who.domain === null) throw forbidden('This account has moved');
  const id = ctx.ids.next();
  const accepted = target.domain === null && !target.locked && !(await isLimitedHere(ctx, who));
  const follow: Follow = {
    _id: id,
    accountId: who._id,
    targetId: target._id,
    state: accepted ? 'accepted' : 'pending',
    uri: options.uri ?? activityUri(who.uri, 'follow', id),
    reblogs: options.reblogs ?? true,
    notify: options.notify ?? false,
    languages: options.languages ?? null,
    createdAt: now(ctx),
  };
  return storeFollow(ctx, follow);
}

async function storeFollow(ctx: Ctx, follow: Follow): Promise<Follow> {
  const { accountId, targetId, uri } = follow;
  const event =
    follow.state === 'accepted'
      ? ({ type: 'follow.accepted', accountId, targetId, uri, wasPending: false } as const)
      : ({ type: 'follow.requested', accountId, targetId, uri } as const);
  return withEvent(ctx, event, async () => {
    try {
      await ctx.db.follows.insertOne(follow);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const stored = await ctx.db.follows.findOne({ accountId, targetId });
      if (!stored) throw error;
      return stored;
    }
    await countFollows(ctx, follow);
    return follow;
  });
}

async function updateFollow(ctx: Ctx, follow: Follow, options: FollowOptions): Promise<Follow> {
  const { reblogs, notify, languages, uri } = options;
  const changed = {
    ...(reblogs !== undefined && { reblogs }),
    ...(notify !== undefined && { notify }),
    ...(languages !== undefined && { languages }),
    ...(uri !== undefined && { uri }),
  };
  if (!Object.keys(changed).length) return follow;
  const updated =
    (await ctx.db.follows.findOneAndUpdate(
      { _id: follow._id },
      { $set: changed },
      { returnDocument: 'after' },
    )) ?? follow;
  // A server that asks again has lost our answer.
  if (uri !== undefined && updated.state === 'accepted') {
    await withEvent(
      ctx,
      {
        type: 'follow.accepted',
        accountId: updated.accountId,
        targetId: updated.targetId,
        uri,
        wasPending: true,
      },
      async () => undefined,
    );
  }
  return updated;
}

/** The followed one agrees. @returns null when nobody asked */
export async function acceptFollow(ctx: Ctx, accountId: string, targetId: string): Promise<Follow | null> {
  const pending = await ctx.db.follows.findOne({ accountId, targetId, state: 'pending' });
  if (!pending) return null;
  return withEvent(
    ctx,
    { type: 'follow.accepted', accountId, targetId, uri: pending.uri, wasPending: true },
    async () => {
      const accepted = await ctx.db.follows.findOneAndUpdate(
        { _id: pending._id },
        { $set: { state: 'accepted' } },
        { returnDocument: 'after' },
      );
      await countFollows(ctx, pending);
      return accepted;
    },
  );
}

/** The followed one refuses, or removes a follower. @returns false when there was nothing to refuse */
export async function rejectFollow(ctx: Ctx, accountId: string, targetId: string): Promise<boolean> {
  const follow = await ctx.db.follows.findOne({ accountId, targetId });
  if (!follow) return false;
  const removed = follow.state === 'accepted';
  await withEvent(ctx, { type: 'follow.rejected', accountId, targetId, uri: follow.uri, removed }, () =>
    dropFollow(ctx, follow),
  );
  return true;
}

/** Stops following, or takes the request back. @returns false when there was nothing */
export async function unfollow(ctx: Ctx, accountId: string, targetId: string): Promise<boolean> {
  const follow = await ctx.db.follows.findOne({ accountId, targetId });
  if (!follow) return false;
  const wasAccepted = follow.state === 'accepted';
  await withEvent(ctx, { type: 'follow.undone', accountId, targetId, uri: follow.uri, wasAccepted }, () =>
    dropFollow(ctx, follow),
  );
  return true;
}

async function dropFollow(ctx: Ctx, follow: Follow): Promise<void> {
  await ctx.db.follows.deleteOne({ _id: follow._id });
  await countFollows(ctx, follow);
}

/** Counts again rather than incrementing, so that repeating it after a crash is harmless. */
export async function countFollows(
  ctx: Ctx,
  { accountId, targetId }: Pick<Follow, 'accountId' | 'targetId'>,
): Promise<void> {
  const [followingCount, followersCount] = await Promise.all([
    ctx.db.follows.countDocuments({ accountId, state: 'accepted' }),
    ctx.db.follows.countDocuments({ targetId, state: 'accepted' }),
  ]);
  await ctx.db.accounts.updateOne({ _id: accountId }, { $set: { followingCount } });
  await ctx.db.accounts.updateOne({ _id: targetId }, { $set: { followersCount } });
}
