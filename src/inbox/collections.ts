import { now, type Ctx } from '../domain/ctx.js';
import { maxPins, setPinned } from '../domain/pins.js';
import { resolveStatus } from '../domain/remote/statuses.js';
import { ignored, processed, type Handler, type Incoming, type Outcome } from './handler.js';

/** Add and Remove: pinned statuses, in the sender's own featured collection. */
export const add: Handler = (ctx, incoming) => changePin(ctx, incoming, true);
export const removeFrom: Handler = (ctx, incoming) => changePin(ctx, incoming, false);

async function changePin(ctx: Ctx, { activity, sender }: Incoming, pinned: boolean): Promise<Outcome> {
  const verb = pinned ? 'add' : 'remove';
  if (activity.target === null || activity.target !== sender.remote?.featuredUri)
    return ignored(`${verb}: not to the own featured collection`);
  if (activity.object === null) return ignored(`${verb}: without object`);
  const status = pinned
    ? await resolveStatus(ctx, activity.object)
    : await ctx.db.statuses.findOne({ uri: activity.object });
  if (!status || status.accountId !== sender._id) return ignored(`${verb}: not a status of the sender`);
  if (Boolean(status.pinnedAt) === pinned) return processed(`${verb}: nothing new`);
  const count = await ctx.db.statuses.countDocuments({ accountId: sender._id, pinnedAt: { $gt: '' } });
  if (pinned && count >= maxPins * 4) return ignored('add: too many pins');
  await setPinned(ctx, status, pinned ? now(ctx) : null);
  return processed(`${verb}: pin`);
}
