import type { AccountFacts } from '../../domain/facts/accounts.js';
import type { Report } from '../../model/relations.js';
import { toAccount } from './accounts.js';
import { toTime, toTimeOrNull, type View } from './view.js';

export function toReport(view: View, report: Report, target: AccountFacts) {
  return {
    id: report._id,
    action_taken: report.actionTakenAt !== null,
    action_taken_at: toTimeOrNull(report.actionTakenAt),
    category: report.category,
    comment: report.comment,
    forwarded: report.forwarded,
    created_at: toTime(report.createdAt),
    status_ids: report.statusIds,
    rule_ids: report.ruleIds,
    target_account: toAccount(view, target),
  };
}
