import { invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { getOwnStatus } from './status-store.js';
import { getVisibleStatus } from './visible.js';

export const maxPins = 5;

/** Pins one's own status to one's profile. @throws AppError 404, 422 */
export async function pin(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await getVisibleStatus(ctx, who._id, statusId);
  if (status.accountId !== who._id) throw invalid('Someone else’s post cannot be pinned');
  if (status.reblogOfId !== null) throw invalid('A boost cannot be pinned');
  if (status.pinnedAt) return status;
  if (status.visibility === 'direct')
    throw invalid('Posts that are only visible to mentioned users cannot be pinned');
  const pinned = await ctx.db.statuses.countDocuments({ accountId: who._id, pinnedAt: { $gt: '' } });
  if (pinned >= maxPins) throw invalid('You have already pinned the maximum number of posts');
  return setPinned(ctx, status, now(ctx));
}

export async function unpin(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await getOwnStatus(ctx, who._id, statusId);
  return status.pinnedAt ? setPinned(ctx, status, null) : status;
}

/** For both doors: a client, or an Add/Remove from the status' own server. */
export async function setPinned(ctx: Ctx, status: Status, pinnedAt: string | null): Promise<Status> {
  const type = pinnedAt ? 'status.pinned' : 'status.unpinned';
  return withEvent(ctx, { type, statusId: status._id, accountId: status.accountId }, async () => {
    const updated = await ctx.db.statuses.findOneAndUpdate(
      { _id: status._id },
      { $set: { pinnedAt } },
      { returnDocument: 'after' },
    );
    return updated ?? { ...status, pinnedAt };
  });
}

/** Newest pin first. */
export function pinnedStatuses(ctx: Ctx, accountId: string): Promise<Status[]> {
  return ctx.db.statuses
    .find({ accountId, pinnedAt: { $gt: '' } })
    .sort({ pinnedAt: -1 })
    .limit(maxPins * 4)
    .toArray();
}
