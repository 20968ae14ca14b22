import { notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { Page } from '../model/page.js';
import type { Report } from '../model/relations.js';
import type { Filter } from '../store/port.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { readPage } from './edges.js';
import { staffName, type Staff } from './staff-rules.js';

export interface ReportQuery {
  /** Default: those that wait. */
  resolved?: boolean | undefined;
  accountId?: string | undefined;
  targetId?: string | undefined;
}

export function listReports(ctx: Ctx, query: ReportQuery, page: Page): Promise<Report[]> {
  const filter: Filter = {
    actionTakenAt: query.resolved ? { $gt: '' } : null,
    ...(query.accountId !== undefined && { accountId: query.accountId }),
    ...(query.targetId !== undefined && { targetId: query.targetId }),
  };
  return readPage(ctx.db.reports, filter, page);
}

/** @throws AppError 404 */
export async function getReport(ctx: Ctx, id: string): Promise<Report> {
  const found = isId(id) ? await ctx.db.reports.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

type Change = Partial<
  Pick<Report, 'category' | 'ruleIds' | 'assignedId' | 'actionTakenAt' | 'actionTakenById'>
>;

async function change(
  ctx: Ctx,
  by: Staff,
  { report, action, fields }: { report: Report; action: string; fields: Change },
): Promise<Report> {
  const act = { actor: staffName(by), action: `report.${action}`, target: report._id };
  const changed = { ...fields, updatedAt: now(ctx) };
  await asStaff(ctx, act, () => ctx.db.reports.updateOne({ _id: report._id }, { $set: changed }));
  return { ...report, ...changed };
}

/** Rules count only where rules were broken. */
export function classifyReport(
  ctx: Ctx,
  by: Staff,
  { report, ...given }: { report: Report; category: Report['category']; ruleIds: readonly string[] },
): Promise<Report> {
  const { category } = given;
  const ruleIds = category === 'violation' ? [...given.ruleIds] : [];
  return change(ctx, by, { report, action: 'update', fields: { category, ruleIds } });
}

type ReportAct = (ctx: Ctx, by: Staff, report: Report) => Promise<Report>;

export const assignReport: ReportAct = (ctx, by, report) =>
  change(ctx, by, { report, action: 'assign', fields: { assignedId: by.account._id } });

export const unassignReport: ReportAct = (ctx, by, report) =>
  change(ctx, by, { report, action: 'unassign', fields: { assignedId: null } });

/** What is settled already stays as it is. */
export const resolveReport: ReportAct = async (ctx, by, report) => {
  if (report.actionTakenAt !== null) return report;
  const fields = { actionTakenAt: now(ctx), actionTakenById: by.account._id };
  return change(ctx, by, { report, action: 'resolve', fields });
};

export const reopenReport: ReportAct = async (ctx, by, report) => {
  if (report.actionTakenAt === null) return report;
  return change(ctx, by, {
    report,
    action: 'reopen',
    fields: { actionTakenAt: null, actionTakenById: null },
  });
};
