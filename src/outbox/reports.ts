import { getInstance } from '../domain/instance.js';
import type { Federator } from './events.js';
import { toFlag } from './objects/activities.js';
import { createRecipients } from './recipients.js';
import { sendActivity } from './send.js';

/** Flag, to the server of the account that was reported, where the one who complained wants it told. */
export const reportFiled: Federator<'report.filed'> = async (ctx, event) => {
  const report = await ctx.db.reports.findOne({ _id: event.reportId });
  if (!report || report.remote || !report.forwarded) return;
  const { actorId } = await getInstance(ctx);
  const [instance, target] = await Promise.all([
    ctx.db.accounts.findOne({ _id: actorId }),
    ctx.db.accounts.findOne({ _id: report.targetId }),
  ]);
  if (!instance || !target || target.domain === null) return;
  const statuses = report.statusIds.length
    ? await ctx.db.statuses.find({ _id: { $in: report.statusIds } }).toArray()
    : [];
  const recipients = await createRecipients(ctx);
  recipients.add([target]);
  const objects = [target.uri, ...statuses.map((s) => s.uri)];
  await sendActivity(ctx, {
    activity: toFlag(instance, { id: report._id, objects, comment: report.comment }),
    account: instance,
    inboxes: recipients.inboxes,
    public: false,
  });
};
