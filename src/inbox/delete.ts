import { isSameId, sameOrigin } from '../../federation/inbox/origin.js';
import { deleteAccount } from '../domain/deletion.js';
import { quoteRevokedBy } from '../domain/quotes.js';
import { buryUnseen, deleteStatus } from '../domain/statuses-delete.js';
import { ignored, processed, type Handler } from './handler.js';

/**
 * Delete of the sender itself or of what it wrote (ActivityPub 7.4). One that arrives before its Create leaves a
 * tombstone, so that the late Create is refused.
 */
export const remove: Handler = async (ctx, { activity, sender }) => {
  const uri = activity.object;
  if (uri === null) return ignored('delete: object without id');
  if (isSameId(uri, sender.uri)) {
    await deleteAccount(ctx, sender);
    return processed('delete: actor');
  }
  if (!sameOrigin(uri, sender.uri)) return ignored('delete: object of another host');
  const status = await ctx.db.statuses.findOne({ uri });
  if (status) {
    if (status.accountId !== sender._id) return ignored('delete: object of another author');
    await deleteStatus(ctx, status);
    return processed('delete: status');
  }
  if (await quoteRevokedBy(ctx, sender, uri)) return processed('delete: quote consent');
  await buryUnseen(ctx, uri, sender._id);
  return processed('delete: not known (yet)');
};
