import { forbidden, invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { AccountWarning, StaffAction } from '../model/moderation.js';
import type { Report } from '../model/relations.js';
import { acctOf } from './accounts.js';
import { getReport, resolveReport } from './admin-reports.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { turnSubscriptionsIntoFollows } from './email-subscriptions/become-follows.js';
import { followInviter } from './invites.js';
import { requestMail } from './mail/request.js';
import { notify } from './notifications.js';
import { endAllAccess } from './sessions.js';
import { deleteAccountAsStaff, getUserOf, suspendAccount, unsuspendAccount } from './staff.js';
import { requireRankOver, staffName, type Staff } from './staff-rules.js';

export interface AccountAct {
  action: StaffAction;
  /** What the account's owner is told. */
  text: string;
  /** The report that is settled by it. */
  reportId: string | null;
}

/**
 * Takes measures against an account and tells its owner why. `none` only tells.
 * @throws AppError 403 for somebody of the same or a higher rank, 404 for an unknown report, 422 for a measure that
 * another server's account cannot be met with, or a report about another account
 */
export async function actOnAccount(
  ctx: Ctx,
  by: Staff,
  { account, act }: { account: Account; act: AccountAct },
): Promise<void> {
  await requireRankOver(ctx, by, account);
  if (account.domain !== null && (act.action === 'disable' || act.action === 'none'))
    throw invalid('Type is not included in the list');
  const report = act.reportId === null ? null : await getReport(ctx, act.reportId);
  if (report && report.targetId !== account._id) throw invalid('Report is about another account');
  await measures[act.action](ctx, by, account);
  if (account.domain === null) await warn(ctx, by, { account, act, report });
  if (report) await resolveReport(ctx, by, report);
}

type Measure = (ctx: Ctx, by: Staff, account: Account) => Promise<void>;

const measures: Record<StaffAction, Measure> = {
  none: async () => undefined,
  sensitive: (ctx, by, account) =>
    mark(ctx, by, { account, action: 'account.sensitive', fields: { sensitizedAt: now(ctx) } }),
  silence: (ctx, by, account) =>
    mark(ctx, by, { account, action: 'account.silence', fields: { silencedAt: now(ctx) } }),
  suspend: (ctx, by, account) => suspendAccount(ctx, staffName(by), account),
  disable,
};

async function disable(ctx: Ctx, by: Staff, account: Account): Promise<void> {
  const user = await getUserOf(ctx, account);
  if (user.disabledAt !== null) return;
  await asStaff(
    ctx,
    { actor: staffName(by), action: 'account.disable', target: acctOf(account) },
    async () => {
      await ctx.db.users.updateOne({ _id: user._id }, { $set: { disabledAt: now(ctx) } });
      await endAllAccess(ctx, user._id);
    },
  );
}

interface Marking {
  account: Account;
  action: string;
  fields: Partial<Pick<Account, 'silencedAt' | 'sensitizedAt'>>;
}

/** Sets what is set only once, so that doing it again keeps the first time and is not put on record. */
async function mark(ctx: Ctx, by: Staff, { account, action, fields }: Marking): Promise<void> {
  const same = Object.entries(fields).every(
    ([name, value]) => ((account[name as 'silencedAt'] ?? null) !== null) === (value !== null),
  );
  if (same) return;
  await asStaff(ctx, { actor: staffName(by), action, target: acctOf(account) }, () =>
    ctx.db.accounts.updateOne({ _id: account._id }, { $set: { ...fields } }),
  );
}

export const unsilenceAccount: Measure = (ctx, by, account) =>
  mark(ctx, by, { account, action: 'account.unsilence', fields: { silencedAt: null } });

export const unsensitiveAccount: Measure = (ctx, by, account) =>
  mark(ctx, by, { account, action: 'account.unsensitive', fields: { sensitizedAt: null } });

export const liftSuspension: Measure = (ctx, by, account) => unsuspendAccount(ctx, staffName(by), account);

/** Lets somebody sign in again. @throws AppError 404 for an account of another server */
export const enableAccount: Measure = async (ctx, by, account) => {
  const user = await getUserOf(ctx, account);
  if (user.disabledAt === null) return;
  await asStaff(ctx, { actor: staffName(by), action: 'account.enable', target: acctOf(account) }, () =>
    ctx.db.users.updateOne({ _id: user._id }, { $set: { disabledAt: null } }),
  );
};

/** Lets somebody in who asked to join. @throws AppError 403 when nobody waits, 404 for another server's account */
export const approveAccount: Measure = async (ctx, by, account) => {
  const user = await getUserOf(ctx, account);
  if (user.approvedAt !== null) throw forbidden();
  await asStaff(
    ctx,
    { actor: staffName(by), action: 'account.approve', target: acctOf(account) },
    async () => {
      await ctx.db.users.updateOne({ _id: user._id }, { $set: { approvedAt: now(ctx) } });
      await followInviter(ctx, account._id);
      await turnSubscriptionsIntoFollows(ctx, account._id);
      if (user.email !== null) await requestMail(ctx, { mail: 'approved', userId: user._id });
    },
  );
};

/** Turns somebody away who asked to join: the account is deleted. @throws AppError as `approveAccount` */
export const rejectAccount: Measure = async (ctx, by, account) => {
  const user = await getUserOf(ctx, account);
  if (user.approvedAt !== null) throw forbidden();
  const act = { actor: staffName(by), action: 'account.reject', target: acctOf(account) };
  await asStaff(ctx, act, () => deleteAccountAsStaff(ctx, staffName(by), account));
};

/** Deletes for good what was suspended before. @throws AppError 403 when it is not suspended, or of a higher rank */
export const deleteSuspended: Measure = async (ctx, by, account) => {
  await requireRankOver(ctx, by, account);
  if (account.suspendedAt === null) throw forbidden();
  await deleteAccountAsStaff(ctx, staffName(by), account);
};

interface Warning {
  account: Account;
  act: AccountAct;
  report: Report | null;
}

async function warn(ctx: Ctx, by: Staff, { account, act, report }: Warning): Promise<void> {
  const warning: AccountWarning = {
    _id: ctx.ids.next(),
    targetId: account._id,
    byId: by.account._id,
    action: act.action,
    text: act.text,
    reportId: report?._id ?? null,
    statusIds: report?.statusIds ?? [],
    createdAt: now(ctx),
  };
  const details = { action: act.action, report: warning.reportId };
  const onRecord = { actor: staffName(by), action: 'account.warn', target: acctOf(account), details };
  await asStaff(ctx, onRecord, async () => {
    await ctx.db.accountWarnings.insertOne(warning);
    await notify(ctx, {
      accountId: account._id,
      type: 'moderation_warning',
      fromId: account._id,
      warningId: warning._id,
    });
  });
}
