import { storeFavourite } from '../domain/favourites.js';
import { now } from '../domain/ctx.js';
import { findOwnStatus } from '../domain/remote/own.js';
import { visibleOf } from '../domain/visible.js';
import { ignored, processed, type Handler } from './handler.js';

/**
 * Like, and the reactions of Misskey and Pleroma (Like with an emoji, EmojiReact), which the client API shows as
 * favourites. Only of a status of ours that the sender may see; nobody needs us to count others'.
 */
export const like: Handler = async (ctx, { activity, sender }) => {
  const status = activity.object === null ? null : await findOwnStatus(ctx, activity.object);
  if (!status || status.reblogOfId !== null) return ignored('like: not of a status of ours');
  const [seen] = await visibleOf(ctx, sender._id, [status]);
  if (!seen) return ignored('like: of a status the sender may not see');
  const id = ctx.ids.next();
  const uri = activity.id ?? `${sender.uri}#likes/${id}`;
  const result = await storeFavourite(ctx, {
    _id: id,
    accountId: sender._id,
    statusId: status._id,
    uri,
    createdAt: now(ctx),
  });
  return processed(`like: ${result}`);
};
