import { notFound } from '../errors.js';
import { isId, toStoredId } from '../model/ids.js';
import type { Notification } from '../model/relations.js';
import type { Ctx } from './ctx.js';
import { listNotificationGroups, type GroupOptions } from './notification-groups.js';
import { listNotifications, type NotificationOptions } from './notifications.js';

/** @throws AppError 404 when it is not this account's */
export async function getNotification(ctx: Ctx, accountId: string, id: string): Promise<Notification> {
  const found = isId(id) ? await ctx.db.notifications.findOne({ _id: toStoredId(id), accountId }) : null;
  if (!found) throw notFound();
  return found;
}

export async function dismissNotifications(
  ctx: Ctx,
  accountId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length) await ctx.db.notifications.deleteMany({ accountId, _id: { $in: ids.map(toStoredId) } });
}

export async function dismissAll(ctx: Ctx, accountId: string): Promise<void> {
  await ctx.db.notifications.deleteMany({ accountId });
  await ctx.db.notificationRequests.deleteMany({ accountId });
}

/** How many came after the account's marker, counted up to `limit`. */
export async function countUnread(
  ctx: Ctx,
  accountId: string,
  { limit, ...options }: NotificationOptions & { limit: number },
): Promise<number> {
  const page = { limit, sinceId: await readUpTo(ctx, accountId) };
  return (await listNotifications(ctx, accountId, page, options)).length;
}

/** As `countUnread`, of groups. */
export async function countUnreadGroups(
  ctx: Ctx,
  accountId: string,
  { limit, ...options }: GroupOptions & { limit: number },
): Promise<number> {
  const page = { limit, sinceId: await readUpTo(ctx, accountId) };
  return (await listNotificationGroups(ctx, accountId, page, options)).length;
}

async function readUpTo(ctx: Ctx, accountId: string): Promise<string | undefined> {
  const marker = await ctx.db.markers.findOne({ accountId, timeline: 'notifications' });
  return marker ? toStoredId(marker.lastReadId) : undefined;
}
