import { forbidden } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Status, Visibility } from '../model/status.js';
import { canReblog, narrower } from '../policy/visibility.js';
import { now, type Ctx } from './ctx.js';
import { arrive, type Carrier, type Stored } from './arrivals.js';
import { withEvent } from './events.js';
import { deleteStatus } from './statuses-delete.js';
import { emptyStatus, insertOnce } from './status-store.js';
import { activityUri } from './urls.js';
import { shownStatus } from './visible.js';

/** Reblogs a status; doing it again answers the reblog that is there. @throws AppError 404, 403 */
export async function reblog(
  ctx: Ctx,
  who: Account,
  statusId: string,
  visibility?: Visibility,
): Promise<Status> {
  const target = await shownStatus(ctx, who._id, statusId);
  if (!canReblog(target, who._id)) throw forbidden('This action is not allowed');
  const earlier = await findReblog(ctx, who._id, target._id);
  if (earlier) return earlier;
  const id = ctx.ids.next();
  const wrapper: Status = {
    _id: id,
    ...emptyStatus,
    uri: activityUri(who.uri, 'announce', id),
    url: null,
    accountId: who._id,
    local: true,
    visibility: narrower(visibility ?? 'public', target.visibility),
    content: '',
    conversationId: target.conversationId,
    reblogOfId: target._id,
    createdAt: now(ctx),
  };
  return storeReblog(ctx, wrapper);
}

/** Stores a reblog (local or received) once per account and status. */
export async function storeReblog(ctx: Ctx, wrapper: Status, carrier?: Carrier): Promise<Status> {
  const write = async (): Promise<Stored> => {
    const earlier = await findReblog(ctx, wrapper.accountId, wrapper.reblogOfId ?? '');
    return earlier ? { created: false, status: earlier } : insertOnce(ctx, wrapper);
  };
  const statusId = wrapper._id;
  const stored = wrapper.local
    ? await withEvent(ctx, { type: 'status.published', statusId, quiet: false }, write)
    : await arrive(ctx, { type: 'status.received', statusId, fetched: false }, { carrier, write });
  return stored.status;
}

/** Takes one's reblog back; nothing happens where there is none. Answers the status that was reblogged. */
export async function unreblog(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const target = await shownStatus(ctx, who._id, statusId);
  const wrapper = await findReblog(ctx, who._id, target._id);
  if (wrapper) await deleteStatus(ctx, wrapper);
  return (await ctx.db.statuses.findOne({ _id: target._id })) ?? target;
}

export function findReblog(ctx: Ctx, accountId: string, statusId: string): Promise<Status | null> {
  return ctx.db.statuses.findOne({ accountId, reblogOfId: statusId });
}
