import { findPair, type EventOf, type Federator } from './events.js';
import { sendTo } from './follows.js';
import { toRelation, toUndo } from './objects/activities.js';
import type { JsonObject } from '../../federation/ports.js';
import type { Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';

/** Block: the other server must know, to keep its people away (and may tell them: as Mastodon). */
export const blockAdded: Federator<'block.added'> = async (ctx, event) => {
  const { accountId, targetId } = event;
  if (!(await ctx.db.blocks.findOne({ accountId, targetId }))) return;
  await sendBlock(ctx, event, (block) => block);
};

export const blockRemoved: Federator<'block.removed'> = (ctx, event) =>
  sendBlock(ctx, event, (block, who) => toUndo(who, block));

async function sendBlock(
  ctx: Ctx,
  { accountId, targetId, uri }: EventOf<'block.added' | 'block.removed'>,
  wrap: (block: JsonObject, who: Account) => JsonObject,
): Promise<void> {
  const pair = await findPair(ctx, { localId: accountId, remoteId: targetId });
  if (!pair) return;
  const { local, remote } = pair;
  const block = toRelation('Block', { uri, actor: local, object: remote.uri, to: remote.uri });
  await sendTo(ctx, remote, { from: local, activity: wrap(block, local) });
}
