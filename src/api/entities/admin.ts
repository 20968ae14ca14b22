import type { AdminAccountFacts } from '../../domain/facts/admin-accounts.js';
import type { AdminReportFacts } from '../../domain/facts/admin-reports.js';
import type { Report } from '../../model/relations.js';
import { toAccount } from './accounts.js';
import { toRule } from './instance.js';
import { toRole } from './roles.js';
import { toStatus } from './statuses.js';
import { toTime, toTimeOrNull, type View } from './view.js';

/** An account as staff sees it: also what a suspended one wrote of itself stays hidden, but not its standing. */
export function toAdminAccount(view: View, { facts, user, ips }: AdminAccountFacts) {
  const { account } = facts;
  return {
    id: account._id,
    username: account.username,
    domain: account.domain,
    created_at: toTime(account.createdAt),
    email: user?.email ?? '',
    ip: ips[0]?.ip ?? null,
    ips: ips.map(({ ip, usedAt }) => ({ ip, used_at: toTime(usedAt) })),
    locale: user?.locale ?? null,
    invite_request: user?.signUpReason ?? null,
    role: user && toRole(user.role, view),
    confirmed: (user?.confirmedAt ?? null) !== null,
    approved: (user?.approvedAt ?? null) !== null,
    disabled: (user?.disabledAt ?? null) !== null,
    sensitized: (account.sensitizedAt ?? null) !== null,
    silenced: account.silencedAt !== null,
    suspended: account.suspendedAt !== null,
    account: toAccount(view, facts),
    ...(user?.invite?.byId && { invited_by_account_id: user.invite.byId }),
    ...(user?.signUpAppId !== undefined && { created_by_application_id: user.signUpAppId }),
  };
}

export type AdminAccountEntity = ReturnType<typeof toAdminAccount>;

export function toAdminReports(view: View, facts: AdminReportFacts) {
  return facts.reports.map((report) => toAdminReport(view, facts, report));
}

export function toAdminReport(view: View, facts: AdminReportFacts, report: Report) {
  const person = (id: string | null | undefined): AdminAccountEntity | null => {
    const known = facts.accounts.get(id ?? '');
    return known ? toAdminAccount(view, known) : null;
  };
  return {
    id: report._id,
    action_taken: report.actionTakenAt !== null,
    action_taken_at: toTimeOrNull(report.actionTakenAt),
    category: report.category,
    comment: report.comment,
    forwarded: report.forwarded,
    created_at: toTime(report.createdAt),
    updated_at: toTime(report.updatedAt ?? report.createdAt),
    account: person(report.accountId),
    target_account: person(report.targetId),
    assigned_account: person(report.assignedId),
    action_taken_by_account: person(report.actionTakenById),
    statuses: facts.statuses.statuses
      .filter((s) => report.statusIds.includes(s._id))
      .map((s) => toStatus(view, facts.statuses, s)),
    rules: facts.rules.filter((r) => report.ruleIds.includes(r.id)).map(toRule),
  };
}
