import { invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { requestFollow } from './follows.js';

/** As Mastodon: followers are not led through one account after the other. */
const coolDownMs = 7 * 86_400_000;

/**
 * An account moved, and the new one names it as an alias (checked here, whichever door it came through): its followers
 * on this server follow the new one.
 * @throws AppError 422 when the new account does not agree, or it moved elsewhere within the last seven days
 */
export async function moveAccount(ctx: Ctx, from: Account, to: Account): Promise<void> {
  if (from._id === to._id) throw invalid('An account cannot move to itself');
  if (!to.alsoKnownAs.includes(from.uri))
    throw invalid('The new account does not name the old one as an alias');
  if (from.movedToId === to._id) return;
  if (from.movedAt !== undefined && ctx.clock.now().getTime() - Date.parse(from.movedAt) < coolDownMs)
    throw invalid('The account moved a short time ago');
  await withEvent(ctx, { type: 'account.moved', accountId: from._id, targetId: to._id }, () =>
    ctx.db.accounts.updateOne({ _id: from._id }, { $set: { movedToId: to._id, movedAt: now(ctx) } }),
  );
}

/** Our followers of the old account follow the new one, in steps; those who block it do not. */
export async function carryFollowers(ctx: Ctx, fromId: string, toId: string): Promise<void> {
  const target = await ctx.db.accounts.findOne({ _id: toId });
  if (!target || target.deletedAt) return;
  for (let after = ''; ;) {
    const page = await ctx.db.follows
      .find({ targetId: fromId, state: 'accepted', _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(200)
      .toArray();
    for (const follow of page) {
      const follower = await ctx.db.accounts.findOne({ _id: follow.accountId });
      if (!follower || follower.domain !== null || follower._id === toId) continue;
      await requestFollow(ctx, follower, target, { reblogs: follow.reblogs, notify: follow.notify }).catch(
        (error: unknown) => {
          ctx.log.info({ err: error, follower: follower._id }, 'a follower could not be carried over');
        },
      );
    }
    const last = page.at(-1);
    if (!last || page.length < 200) return;
    after = last._id;
  }
}
