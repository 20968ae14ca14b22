import { forbidden } from '../errors.js';
import type { Account } from '../model/account.js';
import { isDuplicateKey } from '../store/port.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { rejectFollow, unfollow } from './follows.js';
import { activityUri } from './urls.js';

/** Blocks an account: follows end both ways, and neither is shown to the other. `uri` when it came from another server. */
export async function block(ctx: Ctx, who: Account, target: Account, uri?: string): Promise<void> {
  if (who._id === target._id) throw forbidden('You cannot block yourself');
  const id = ctx.ids.next();
  const document = {
    _id: id,
    accountId: who._id,
    targetId: target._id,
    uri: uri ?? activityUri(who.uri, 'block', id),
    createdAt: now(ctx),
  };
  if (!(await ctx.db.blocks.findOne({ accountId: who._id, targetId: target._id }))) {
    await withEvent(
      ctx,
      { type: 'block.added', accountId: who._id, targetId: target._id, uri: document.uri },
      async () => {
        await ctx.db.blocks.insertOne(document).catch((error: unknown) => {
          if (!isDuplicateKey(error)) throw error;
        });
      },
    );
  }
  await unfollow(ctx, who._id, target._id);
  await rejectFollow(ctx, target._id, who._id);
}

/** Nothing happens where there is no block. */
export async function unblock(ctx: Ctx, accountId: string, targetId: string): Promise<void> {
  const found = await ctx.db.blocks.findOne({ accountId, targetId });
  if (!found) return;
  await withEvent(ctx, { type: 'block.removed', accountId, targetId, uri: found.uri }, () =>
    ctx.db.blocks.deleteOne({ _id: found._id }),
  );
}
