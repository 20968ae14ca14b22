import type { Notification, Report } from '../../model/relations.js';
import type { AccountWarning } from '../../model/moderation.js';
import type { Ctx } from '../ctx.js';
import { visibleOf } from '../visible.js';
import { loadAccountsById, type AccountFacts } from './accounts.js';
import { loadStatuses, type StatusFacts } from './statuses.js';

/** Everything that a serialiser needs to show notifications to the one who got them. */
export interface NotificationFacts {
  /** Without those whose sender is no longer there, or whose status is gone or hidden by now. */
  notifications: readonly Notification[];
  accounts: ReadonlyMap<string, AccountFacts>;
  statuses: StatusFacts;
  /** For staff, by id. */
  reports: ReadonlyMap<string, Report>;
  /** By id. */
  warnings: ReadonlyMap<string, AccountWarning>;
}

/** The number of queries does not depend on the number of notifications. */
export async function loadNotifications(
  ctx: Ctx,
  viewerId: string,
  notifications: readonly Notification[],
): Promise<NotificationFacts> {
  const statusIds = [...new Set(notifications.flatMap((n) => n.statusId ?? []))];
  const found = statusIds.length ? await ctx.db.statuses.find({ _id: { $in: statusIds } }).toArray() : [];
  const visible = found.length ? await visibleOf(ctx, viewerId, found) : [];
  const reports = await loadReports(ctx, notifications);
  const warnings = await loadWarnings(ctx, notifications);
  const people = [...notifications.map((n) => n.fromId), ...[...reports.values()].map((r) => r.targetId)];
  const [statuses, accounts] = await Promise.all([
    loadStatuses(ctx, viewerId, visible),
    loadAccountsById(ctx, people),
  ]);
  const shown = new Set(statuses.statuses.map((s) => s._id));
  return {
    notifications: notifications.filter(
      (n) =>
        accounts.has(n.fromId) &&
        (n.statusId === null || shown.has(n.statusId)) &&
        (n.reportId === null || reports.has(n.reportId)) &&
        (n.warningId === undefined || warnings.has(n.warningId)),
    ),
    accounts,
    statuses,
    reports,
    warnings,
  };
}

async function loadWarnings(
  ctx: Ctx,
  notifications: readonly Notification[],
): Promise<Map<string, AccountWarning>> {
  const ids = [...new Set(notifications.flatMap((n) => n.warningId ?? []))];
  const found = ids.length ? await ctx.db.accountWarnings.find({ _id: { $in: ids } }).toArray() : [];
  return new Map(found.map((w) => [w._id, w]));
}

async function loadReports(ctx: Ctx, notifications: readonly Notification[]): Promise<Map<string, Report>> {
  const ids = [...new Set(notifications.flatMap((n) => n.reportId ?? []))];
  const found = ids.length ? await ctx.db.reports.find({ _id: { $in: ids } }).toArray() : [];
  return new Map(found.map((r) => [r._id, r]));
}
