import { idOf, typesOf } from '../../../../federation/vocabulary/values.js';
import { unblock } from '../../../domain/blocks.js';
import type { Ctx } from '../../../domain/ctx.js';
import { unfavourite } from '../../../domain/favourites.js';
import { unfollow } from '../../../domain/follows.js';
import { deleteStatus } from '../../../domain/statuses-delete.js';
import { notFound } from '../../../errors.js';
import type { Account } from '../../../model/account.js';
import type { Posted } from './verbs.js';

/** Takes back what the account did: named by its IRI, or embedded with what it was about. @throws AppError 404 */
export async function undo(ctx: Ctx, who: Account, { activity }: Posted): Promise<string> {
  const uri = activity.object ?? (await findUri(ctx, who, activity.embedded ?? {}));
  if (uri === null) throw notFound();
  const mine = { uri, accountId: who._id };
  const [favourite, follow, block, reblog] = await Promise.all([
    ctx.db.favourites.findOne(mine),
    ctx.db.follows.findOne(mine),
    ctx.db.blocks.findOne(mine),
    ctx.db.statuses.findOne(mine),
  ]);
  if (favourite) await unfavourite(ctx, who, favourite.statusId);
  else if (follow) await unfollow(ctx, who._id, follow.targetId);
  else if (block) await unblock(ctx, who._id, block.targetId);
  else if (reblog && reblog.reblogOfId !== null) await deleteStatus(ctx, reblog);
  else throw notFound();
  return `${uri}#undo`;
}

async function findUri(
  ctx: Ctx,
  who: Account,
  inner: NonNullable<Posted['activity']['embedded']>,
): Promise<string | null> {
  const about = idOf(inner['object']) ?? '';
  const types = typesOf(inner);
  if (types.includes('Follow') || types.includes('Block')) {
    const target = await ctx.db.accounts.findOne({ uri: about });
    const pair = { accountId: who._id, targetId: target?._id ?? '' };
    const edge = types.includes('Follow') ? ctx.db.follows.findOne(pair) : ctx.db.blocks.findOne(pair);
    return (await edge)?.uri ?? null;
  }
  const status = await ctx.db.statuses.findOne({ uri: about });
  if (!status) return null;
  if (types.includes('Like'))
    return (await ctx.db.favourites.findOne({ accountId: who._id, statusId: status._id }))?.uri ?? null;
  if (!types.includes('Announce')) return null;
  return (await ctx.db.statuses.findOne({ accountId: who._id, reblogOfId: status._id }))?.uri ?? null;
}
