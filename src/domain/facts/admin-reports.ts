import type { Report } from '../../model/relations.js';
import type { InstanceRule } from '../../model/work.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { getInstance } from '../instance.js';
import { loadAdminAccounts, type AdminAccountFacts } from './admin-accounts.js';
import { loadStatuses, type StatusFacts } from './statuses.js';

/** Everything that staff sees of reports: also posts that are not for everybody. */
export interface AdminReportFacts {
  /** Without those whose reporter or target is gone. */
  reports: readonly Report[];
  accounts: ReadonlyMap<string, AdminAccountFacts>;
  statuses: StatusFacts;
  rules: readonly InstanceRule[];
}

/** The number of queries does not depend on the number of reports. */
export async function loadAdminReports(
  ctx: Ctx,
  viewerId: string,
  reports: readonly Report[],
): Promise<AdminReportFacts> {
  const people = reports.flatMap((r) =>
    [r.accountId, r.targetId, r.assignedId, r.actionTakenById].filter((id) => typeof id === 'string'),
  );
  const ids = [...new Set(reports.flatMap((r) => r.statusIds))];
  const [found, statuses, { rules }] = await Promise.all([
    accountsById(ctx, people),
    ids.length ? ctx.db.statuses.find({ _id: { $in: ids } }).toArray() : [],
    getInstance(ctx),
  ]);
  const accounts = await loadAdminAccounts(ctx, [...found.values()]);
  return {
    reports: reports.filter((r) => accounts.has(r.accountId) && accounts.has(r.targetId)),
    accounts,
    statuses: await loadStatuses(ctx, viewerId, statuses),
    rules,
  };
}
