import type { Ctx } from '../ctx.js';

/** Removes all subscriptions to an account, and what waits to be sent to them. */
export async function removeSubscribers(ctx: Ctx, accountId: string): Promise<void> {
  await ctx.db.emailSubscriptions.deleteMany({ accountId });
  await ctx.db.postMailings.deleteMany({ accountId });
}
