import type { Account } from '../model/account.js';
import type { Favourite } from '../model/relations.js';
import type { Status } from '../model/status.js';
import { isDuplicateKey } from '../store/port.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { shownStatus } from './visible.js';
import { activityUri } from './urls.js';

/** Favourites a status the viewer can see; again is harmless. @throws AppError 404 */
export async function favourite(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await shownStatus(ctx, who._id, statusId);
  const id = ctx.ids.next();
  await storeFavourite(ctx, {
    _id: id,
    accountId: who._id,
    statusId: status._id,
    uri: activityUri(who.uri, 'like', id),
    createdAt: now(ctx),
  });
  return refreshed(ctx, status);
}

/** One favourite for each account and status, whoever asks: client or inbox. */
export async function storeFavourite(ctx: Ctx, favourite: Favourite): Promise<'added' | 'known'> {
  const { accountId, statusId, uri } = favourite;
  if (await ctx.db.favourites.findOne({ accountId, statusId })) return 'known';
  return withEvent(ctx, { type: 'favourite.added', accountId, statusId, uri }, async () => {
    try {
      await ctx.db.favourites.insertOne(favourite);
    } catch (error) {
      if (isDuplicateKey(error)) return 'known';
      throw error;
    }
    await countFavourites(ctx, statusId);
    return 'added';
  });
}

export async function unfavourite(ctx: Ctx, who: Account, statusId: string): Promise<Status> {
  const status = await shownStatus(ctx, who._id, statusId);
  await removeFavourite(ctx, who._id, status._id);
  return refreshed(ctx, status);
}

/** Nothing happens where there is none. */
export async function removeFavourite(ctx: Ctx, accountId: string, statusId: string): Promise<void> {
  const found = await ctx.db.favourites.findOne({ accountId, statusId });
  if (!found) return;
  await withEvent(ctx, { type: 'favourite.removed', accountId, statusId, uri: found.uri }, async () => {
    await ctx.db.favourites.deleteOne({ _id: found._id });
    await countFavourites(ctx, statusId);
  });
}

/** Counts again rather than incrementing, so that repeating it after a crash is harmless. */
export async function countFavourites(ctx: Ctx, statusId: string): Promise<void> {
  const favouritesCount = await ctx.db.favourites.countDocuments({ statusId });
  await ctx.db.statuses.updateOne({ _id: statusId }, { $set: { favouritesCount } });
}

async function refreshed(ctx: Ctx, status: Status): Promise<Status> {
  return (await ctx.db.statuses.findOne({ _id: status._id })) ?? status;
}
