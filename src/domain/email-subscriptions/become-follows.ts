import { AppError } from '../../errors.js';
import { standingOf } from '../../policy/standing.js';
import type { Ctx } from '../ctx.js';
import { requestFollow } from '../follows.js';

/** As many as somebody is thought to have. */
const most = 500;

/**
 * Whoever had posts by mail and now has an account with the same, confirmed address follows instead, as soon as they may
 * act here. Safe to repeat.
 */
export async function turnSubscriptionsIntoFollows(ctx: Ctx, accountId: string): Promise<void> {
  const [user, account] = await Promise.all([
    ctx.db.users.findOne({ accountId }),
    ctx.db.accounts.findOne({ _id: accountId }),
  ]);
  if (!user?.email || !account || standingOf(user, account) !== 'ok') return;
  const all = await ctx.db.emailSubscriptions.find({ email: user.email }).limit(most).toArray();
  for (const { _id, accountId: targetId } of all.filter((s) => s.confirmedAt !== null)) {
    const target = await ctx.db.accounts.findOne({ _id: targetId });
    if (target && target._id !== accountId)
      await requestFollow(ctx, account, target).catch((error: unknown) => {
        // They moved, or block each other by now.
        if (!(error instanceof AppError)) throw error;
      });
    await ctx.db.emailSubscriptions.deleteOne({ _id });
  }
}
