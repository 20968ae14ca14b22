import { isDuplicateKey } from '../store/port.js';
import type { Account } from '../model/account.js';
import type { Report } from '../model/relations.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { notify } from './notifications.js';
import { activityUri } from './urls.js';

export interface ReportInput {
  target: Account;
  /** Those that are not the target's are left out. */
  statusIds: readonly string[];
  comment: string;
  category: Report['category'];
  ruleIds: readonly string[];
  /** Tell the target's own server too. */
  forward: boolean;
  /** The Flag's IRI when it came from another server. */
  uri?: string;
}

const maxComment = 1000;

/** One reporter, and for other servers that is often the server, has no need of more open reports about one account. */
const maxOpen = 20;

export async function hasReportedEnough(ctx: Ctx, by: Account, target: Account): Promise<boolean> {
  const open = { accountId: by._id, targetId: target._id, actionTakenAt: null };
  return (await ctx.db.reports.countDocuments(open, { limit: maxOpen })) >= maxOpen;
}

/** Tells the staff about an account; for both doors. The same Flag twice is one report. */
export async function fileReport(ctx: Ctx, by: Account, input: ReportInput): Promise<Report> {
  const known = input.uri ? await ctx.db.reports.findOne({ uri: input.uri }) : null;
  if (known) return known;
  const statuses = await ctx.db.statuses
    .find({ _id: { $in: [...input.statusIds] }, accountId: input.target._id })
    .toArray();
  const id = ctx.ids.next();
  const report: Report = {
    _id: id,
    accountId: by._id,
    targetId: input.target._id,
    statusIds: statuses.map((s) => s._id),
    comment: input.comment.slice(0, maxComment),
    category: input.category,
    ruleIds: [...input.ruleIds],
    forwarded: input.forward && input.target.domain !== null,
    uri: input.uri ?? activityUri(by.uri, 'flag', id),
    remote: by.domain !== null,
    actionTakenAt: null,
    createdAt: now(ctx),
  };
  await withEvent(ctx, { type: 'report.filed', reportId: id }, async () => {
    await ctx.db.reports.insertOne(report).catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
    });
  });
  return report;
}

/** Staff are told of a new report. */
export async function notifyStaff(ctx: Ctx, reportId: string): Promise<void> {
  const report = await ctx.db.reports.findOne({ _id: reportId });
  if (!report) return;
  const staff = await ctx.db.users
    .find({ role: { $in: ['owner', 'admin', 'moderator'] } })
    .limit(500)
    .toArray();
  for (const { accountId } of staff) {
    await notify(ctx, { accountId, type: 'admin.report', fromId: report.accountId, reportId });
  }
}
