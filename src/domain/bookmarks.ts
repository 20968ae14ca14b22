import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import type { Ctx } from './ctx.js';
import { shownStatus } from './visible.js';

/** Keeps a status for oneself; nobody is told. @throws AppError 404 */
export async function bookmark(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await shownStatus(ctx, who._id, statusId);
  await ctx.db.bookmarks.updateOne(
    { accountId: who._id, statusId: status._id },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  return status;
}

export async function unbookmark(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await shownStatus(ctx, who._id, statusId);
  await ctx.db.bookmarks.deleteOne({ accountId: who._id, statusId: status._id });
  return status;
}
