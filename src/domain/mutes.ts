import { forbidden } from '../errors.js';
import type { Account } from '../model/account.js';
import { now, type Ctx } from './ctx.js';
import { getVisibleStatus } from './visible.js';
import type { Status } from '../model/status.js';

export interface MuteOptions {
  notifications: boolean;
  /** 0: for ever. */
  durationSeconds: number;
}

/** Hides an account from oneself; it is not told. Muting again replaces the options. */
export async function mute(ctx: Ctx, who: Account, target: Account, options: MuteOptions): Promise<void> {
  if (who._id === target._id) throw forbidden('You cannot mute yourself');
  const ends =
    options.durationSeconds > 0
      ? new Date(ctx.clock.now().getTime() + options.durationSeconds * 1000).toISOString()
      : null;
  await ctx.db.mutes.updateOne(
    { accountId: who._id, targetId: target._id },
    {
      $set: { notifications: options.notifications, expiresAt: ends },
      $setOnInsert: { _id: ctx.ids.next(), createdAt: now(ctx) },
    },
    { upsert: true },
  );
  await ctx.db.homeEntries.deleteMany({ accountId: who._id, fromId: target._id });
}

export async function unmute(ctx: Ctx, accountId: string, targetId: string): Promise<void> {
  await ctx.db.mutes.deleteOne({ accountId, targetId });
}

/** No more notifications about a thread. @throws AppError 404 */
export async function muteThread(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await getVisibleStatus(ctx, who._id, statusId);
  const key = { accountId: who._id, conversationId: status.conversationId };
  await ctx.db.threadMutes.updateOne(key, { $setOnInsert: { _id: ctx.ids.next() } }, { upsert: true });
  return status;
}

export async function unmuteThread(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await getVisibleStatus(ctx, who._id, statusId);
  await ctx.db.threadMutes.deleteOne({ accountId: who._id, conversationId: status.conversationId });
  return status;
}
