import { notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { NotificationRequest } from '../model/notification-policy.js';
import type { Page } from '../model/page.js';
import type { Notification } from '../model/relations.js';
import { now, type Ctx } from './ctx.js';
import { readPage } from './edges.js';

/** Counts a notification that was put aside towards its sender's request. */
export async function noteRequest(ctx: Ctx, { accountId, fromId, statusId }: Notification): Promise<void> {
  const key = { accountId, fromId };
  const counted = (): Promise<number> =>
    ctx.db.notifications.countDocuments({ ...key, filtered: true }, { limit: 1000 });
  const count = await counted();
  await ctx.db.notificationRequests.updateOne(
    key,
    {
      $set: { count, updatedAt: now(ctx), ...(statusId !== null && { lastStatusId: statusId }) },
      $setOnInsert: {
        _id: ctx.ids.next(),
        createdAt: now(ctx),
        ...(statusId === null && { lastStatusId: null }),
      },
    },
    { upsert: true },
  );
  // Several come at once: whoever writes last must have seen them all.
  const after = await counted();
  if (after !== count) await ctx.db.notificationRequests.updateOne(key, { $max: { count: after } });
}

/** Senders whose notifications were put aside, newest first. */
export function notificationRequestsOf(
  ctx: Ctx,
  accountId: string,
  page: Page,
): Promise<NotificationRequest[]> {
  return readPage(ctx.db.notificationRequests, { accountId }, page);
}

/** @throws AppError 404 */
export async function getNotificationRequest(
  ctx: Ctx,
  accountId: string,
  id: string,
): Promise<NotificationRequest> {
  const found = isId(id) ? await ctx.db.notificationRequests.findOne({ _id: id, accountId }) : null;
  if (!found) throw notFound();
  return found;
}

/** From now on the sender's notifications are told, those put aside as well. */
export async function acceptRequest(
  ctx: Ctx,
  { _id, accountId, fromId }: NotificationRequest,
): Promise<void> {
  await ctx.db.notificationPermissions.updateOne(
    { accountId, fromId },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  await ctx.db.notifications.updateMany({ accountId, fromId, filtered: true }, { $set: { filtered: false } });
  await ctx.db.notificationRequests.deleteOne({ _id });
  ctx.hub.publish({
    channels: [`user:${accountId}`, `user:notification:${accountId}`],
    event: 'notifications_merged',
    payload: { json: 1 },
  });
}

/** Forgets what was put aside; later ones are put aside again. */
export async function dismissRequest(
  ctx: Ctx,
  { _id, accountId, fromId }: NotificationRequest,
): Promise<void> {
  await ctx.db.notifications.deleteMany({ accountId, fromId, filtered: true });
  await ctx.db.notificationRequests.deleteOne({ _id });
}
