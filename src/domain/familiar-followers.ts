import type { Account } from '../model/account.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';

/** How many of them are looked at for one account. */
const mostFollowers = 1000;
const mostShown = 10;

/** Of each account's followers, those whom the viewer follows too. Accounts that hide their followers show none. */
export async function familiarFollowersOf(
  ctx: Ctx,
  viewerId: string,
  ids: readonly string[],
): Promise<{ id: string; accounts: Account[] }[]> {
  const targets = await accountsById(ctx, ids);
  const mine = await ctx.db.follows.find({ accountId: viewerId, state: 'accepted' }).limit(5000).toArray();
  const followed = mine.map((f) => f.targetId);
  const open = [...targets.values()].filter((a) => !a.hideCollections && a.deletedAt === null);
  const edges =
    open.length && followed.length
      ? await ctx.db.follows
          .find({
            targetId: { $in: open.map((a) => a._id) },
            accountId: { $in: followed },
            state: 'accepted',
          })
          .limit(mostFollowers * open.length)
          .toArray()
      : [];
  const people = await accountsById(
    ctx,
    edges.map((e) => e.accountId),
  );
  return [...targets.keys()].map((id) => ({
    id,
    accounts: edges
      .filter((e) => e.targetId === id)
      .flatMap((e) => people.get(e.accountId) ?? [])
      .filter((a) => a.suspendedAt === null && a.deletedAt === null)
      .slice(0, mostShown),
  }));
}
