import type { NotificationFacts } from '../../domain/facts/notifications.js';
import type { NotificationGroup } from '../../domain/notification-groups.js';
import { toPublicId } from '../../model/ids.js';
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
  return {
    id: toPublicId(notification._id),
    type: notification.type,
    group_key: notification.groupKey,
    created_at: toTime(notification.createdAt),
    account: toAccount(view, sender),
    ...(status && { status: toStatus(view, facts.statuses, status) }),
    ...toReportOf(view, facts, notification),
    ...toWarningOf(view, facts, notification),
    ...(notification.filtered && { filtered: true }),
  };
}

function toReportOf(view: View, facts: NotificationFacts, { reportId }: Notification) {
  const report = facts.reports.get(reportId ?? '');
  const target = report && facts.accounts.get(report.targetId);
  return report && target ? { report: toReport(view, report, target) } : {};
}

/** Appeals are not taken here. */
function toWarningOf(view: View, facts: NotificationFacts, { warningId, accountId }: Notification) {
  const warning = facts.warnings.get(warningId ?? '');
  const target = facts.accounts.get(accountId);
  if (!warning || !target) return {};
  const { _id, action, text, statusIds, createdAt } = warning;
  return {
    moderation_warning: {
      id: _id,
      action,
      text,
      status_ids: statusIds,
      target_account: toAccount(view, target),
      appeal: null,
      created_at: toTime(createdAt),
    },
  };
}

/** Statuses and accounts stand beside the groups and are named by their ids. */
export function toNotificationGroup(view: View, facts: NotificationFacts, group: NotificationGroup) {
  return {
    group_key: group.key,
    notifications_count: group.count,
    type: group.newest.type,
    // A number on the wire, unlike every other id: notifications have small ones.
    most_recent_notification_id: Number(group.newest._id),
    page_min_id: toPublicId(group.pageMinId),
    page_max_id: toPublicId(group.pageMaxId),
    latest_page_notification_at: toTime(group.latestAt),
    sample_account_ids: group.sampleIds.filter((id) => facts.accounts.has(id)),
    ...(group.newest.statusId !== null && { status_id: group.newest.statusId }),
    ...toReportOf(view, facts, group.newest),
    ...toWarningOf(view, facts, group.newest),
  };
}
