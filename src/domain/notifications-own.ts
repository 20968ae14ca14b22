import { notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { Notification } from '../model/relations.js';
import type { Ctx } from './ctx.js';
import { listNotifications, type NotificationOptions } from './notifications.js';

/** @throws AppError 404 when it is not this account's */
export async function getNotification(ctx: Ctx, accountId: string, id: string): Promise<Notification> {
  const found = isId(id) ? await ctx.db.notifications.findOne({ _id: id, accountId }) : null;
  if (!found) throw notFound();
  return found;
}

export async function dismissNotifications(
  ctx: Ctx,
  accountId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length) await ctx.db.notifications.deleteMany({ accountId, _id: { $in: [...ids] } });
}

export async function dismissAll(ctx: Ctx, accountId: string): Promise<void> {
  await ctx.db.notifications.deleteMany({ accountId });
}

/** How many came after the account's marker, counted up to `limit`. */
export async function countUnread(
  ctx: Ctx,
  accountId: string,
  { limit, ...options }: NotificationOptions & { limit: number },
): Promise<number> {
  const marker = await ctx.db.markers.findOne({ accountId, timeline: 'notifications' });
  const page = { limit, sinceId: marker?.lastReadId };
  return (await listNotifications(ctx, accountId, page, options)).length;
}
