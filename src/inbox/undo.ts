import { isSameId, sameOrigin } from '../../federation/inbox/origin.js';
import { idOf, typesOf } from '../../federation/vocabulary/values.js';
import { unblock } from '../domain/blocks.js';
import { now, type Ctx } from '../domain/ctx.js';
import { removeFavourite } from '../domain/favourites.js';
import { unfollow } from '../domain/follows.js';
import { findOwnAccount, findOwnStatus } from '../domain/remote/own.js';
import { deleteStatus } from '../domain/statuses-delete.js';
import { ignored, processed, type Handler, type Incoming, type Outcome } from './handler.js';

/**
 * Undo of a Follow, Like, EmojiReact, Announce or Block of the sender's own, named by its IRI or (old servers embed one
 * without) by what it said. One that comes before what it undoes is remembered.
 */
export const undo: Handler = async (ctx, incoming) => {
  const { activity, sender } = incoming;
  const uri = activity.object;
  const owner = activity.embedded ? idOf(activity.embedded['actor']) : null;
  if (owner !== null && !isSameId(owner, sender.uri)) return ignored('undo: of somebody else');
  const byUri = uri === null ? null : await undoByUri(ctx, incoming, uri);
  if (byUri) return byUri;
  const byContent = await undoByContent(ctx, incoming);
  if (byContent) return byContent;
  if (uri === null || !sameOrigin(uri, sender.uri)) return ignored('undo: nothing to undo');
  await ctx.db.undoneActivities.updateOne(
    { uri },
    { $setOnInsert: { _id: ctx.ids.next(), accountId: sender._id, createdAt: now(ctx) } },
    { upsert: true },
  );
  return processed('undo: not known (yet)');
};

async function undoByUri(ctx: Ctx, { sender }: Incoming, uri: string): Promise<Outcome | null> {
  const mine = { uri, accountId: sender._id };
  const follow = await ctx.db.follows.findOne(mine);
  if (follow) {
    await unfollow(ctx, sender._id, follow.targetId);
    return processed('undo: follow');
  }
  const favourite = await ctx.db.favourites.findOne(mine);
  if (favourite) {
    await removeFavourite(ctx, sender._id, favourite.statusId);
    return processed('undo: like');
  }
  const block = await ctx.db.blocks.findOne(mine);
  if (block) {
    await unblock(ctx, sender._id, block.targetId);
    return processed('undo: block');
  }
  const reblog = await ctx.db.statuses.findOne({ uri });
  if (!reblog || reblog.accountId !== sender._id || reblog.reblogOfId === null) return null;
  await deleteStatus(ctx, reblog);
  return processed('undo: announce');
}

async function undoByContent(ctx: Ctx, { activity, sender }: Incoming): Promise<Outcome | null> {
  const inner = activity.embedded;
  const target = inner ? idOf(inner['object']) : null;
  if (!inner || target === null) return null;
  const types = typesOf(inner);
  if (types.includes('Follow') || types.includes('Block')) {
    const account = await findOwnAccount(ctx, target);
    if (!account) return null;
    if (types.includes('Block')) await unblock(ctx, sender._id, account._id);
    const undone = types.includes('Block') || (await unfollow(ctx, sender._id, account._id));
    return undone ? processed(`undo: ${types.includes('Block') ? 'block' : 'follow'}`) : null;
  }
  if (types.includes('Like') || types.includes('EmojiReact')) {
    const status = await findOwnStatus(ctx, target);
    const found =
      status && (await ctx.db.favourites.findOne({ accountId: sender._id, statusId: status._id }));
    if (!found) return null;
    await removeFavourite(ctx, sender._id, found.statusId);
    return processed('undo: like');
  }
  if (!types.includes('Announce')) return null;
  const shown = (await findOwnStatus(ctx, target)) ?? (await ctx.db.statuses.findOne({ uri: target }));
  const reblog = shown && (await ctx.db.statuses.findOne({ accountId: sender._id, reblogOfId: shown._id }));
  if (!reblog) return null;
  await deleteStatus(ctx, reblog);
  return processed('undo: announce');
}
