import type { NotificationFacts } from '../../domain/facts/notifications.js';
import type { Notification } from '../../model/relations.js';
import { toAccount } from './accounts.js';
import { toReport } from './reports.js';
import { toStatus } from './statuses.js';
import { toTime, type View } from './view.js';

export function toNotifications(view: View, facts: NotificationFacts) {
  return facts.notifications.map((n) => toNotification(view, facts, n));
}

export function toNotification(view: View, facts: NotificationFacts, notification: Notification) {
  const sender = facts.accounts.get(notification.fromId);
  if (!sender) throw new Error('The sender of a notification was not loaded');
  const status = facts.statuses.statuses.find((s) => s._id === notification.statusId);
  const report = facts.reports.get(notification.reportId ?? '');
  const target = report && facts.accounts.get(report.targetId);
  return {
    id: notification._id,
    type: notification.type,
    group_key: notification.groupKey,
    created_at: toTime(notification.createdAt),
    account: toAccount(view, sender),
    ...(status && { status: toStatus(view, facts.statuses, status) }),
    ...(report && target && { report: toReport(view, report, target) }),
  };
}
