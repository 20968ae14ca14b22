import type { MailResult } from '../../mail/port.js';
import type { Ctx } from '../ctx.js';

/** So many mails in a row that were refused for good end a subscription: the mailbox is gone, or does not want them. */
const mostRefusals = 5;

/** Notes what became of a mail with posts. */
export async function recordOutcome(
  ctx: Ctx,
  subscriptionId: string,
  outcome: MailResult['outcome'],
): Promise<void> {
  const { emailSubscriptions } = ctx.db;
  if (outcome === 'sent') {
    const refused = { _id: subscriptionId, refusals: { $gt: 0 } };
    await emailSubscriptions.updateOne(refused, { $set: { refusals: 0 } });
    return;
  }
  await emailSubscriptions.updateOne({ _id: subscriptionId }, { $inc: { refusals: 1 } });
  await emailSubscriptions.deleteOne({ _id: subscriptionId, refusals: { $gte: mostRefusals } });
}
