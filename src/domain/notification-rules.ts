import { defaultNotificationRules, type NotificationRules } from '../policy/notifications.js';
import type { Ctx } from './ctx.js';

/** Whom somebody does not want to hear from just like that. */
export async function notificationRulesOf(ctx: Ctx, accountId: string): Promise<NotificationRules> {
  const found = await ctx.db.notificationPolicies.findOne({ accountId });
  if (!found) return defaultNotificationRules;
  const { _id: _, accountId: __, ...rules } = found;
  return rules;
}

/** Changes some of one's rules; what was put aside before stays so. */
export async function setNotificationRules(
  ctx: Ctx,
  accountId: string,
  changes: Partial<NotificationRules>,
): Promise<NotificationRules> {
  const rules = { ...(await notificationRulesOf(ctx, accountId)), ...changes };
  await ctx.db.notificationPolicies.updateOne(
    { accountId },
    { $set: rules, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  return rules;
}

/** How many senders wait, and with how many notifications. */
export async function pendingNotifications(
  ctx: Ctx,
  accountId: string,
): Promise<{ requests: number; notifications: number }> {
  const found = await ctx.db.notificationRequests.find({ accountId }).limit(10_000).toArray();
  return { requests: found.length, notifications: found.reduce((sum, r) => sum + r.count, 0) };
}
