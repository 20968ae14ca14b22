import { fileReport, hasReportedEnough } from '../domain/reports.js';
import { domainRules } from '../domain/domains.js';
import { findOwnAccount, findOwnStatus } from '../domain/remote/own.js';
import { ruleFor } from '../policy/domains.js';
import { toPlainText } from '../text/sanitise.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { ignored, processed, type Handler } from './handler.js';

/** A report is about one account; some servers name a few. */
const maxTargets = 10;

/** Flag: a report about a local account, with or without statuses of it. Usually from the reporter's instance actor. */
export const flag: Handler = async (ctx, { activity, sender }) => {
  const rule = ruleFor(await domainRules(ctx), sender.domain ?? '');
  if (rule?.rejectReports) return ignored('flag: reports of this domain are refused');
  const statuses: Status[] = [];
  const targets = new Map<string, Account>();
  for (const uri of activity.objectIds) {
    const account = await findOwnAccount(ctx, uri);
    if (account) targets.set(account._id, account);
    else if (account === null) {
      const status = await findOwnStatus(ctx, uri);
      if (status) statuses.push(status);
    }
  }
  for (const { accountId } of statuses) {
    const owner = targets.get(accountId) ?? (await ctx.db.accounts.findOne({ _id: accountId }));
    if (owner) targets.set(owner._id, owner);
  }
  if (!targets.size) return ignored('flag: nobody of ours');
  const comment = toPlainText(activity.content ?? '');
  for (const target of [...targets.values()].slice(0, maxTargets)) {
    if (await hasReportedEnough(ctx, sender, target)) continue;
    const uri =
      activity.id === null ? {} : { uri: targets.size === 1 ? activity.id : `${activity.id}#${target._id}` };
    const statusIds = statuses.map((s) => s._id);
    await fileReport(ctx, sender, {
      target,
      statusIds,
      comment,
      category: 'other',
      ruleIds: [],
      forward: false,
      ...uri,
    });
  }
  return processed(`flag: ${targets.size} report(s)`);
};
