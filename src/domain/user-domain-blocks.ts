import type { Account } from '../model/account.js';
import type { UserDomainBlock } from '../model/relations.js';
import type { Page } from '../model/page.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { parseDomain } from './domains.js';
import { readPage } from './edges.js';
import { rejectFollow, unfollow } from './follows.js';

const chunk = 500;

/**
 * Hides a whole server from one account: its people no longer follow it, nor it them.
 * @throws AppError 422 when it is no domain
 */
export async function blockDomain(ctx: Ctx, who: Account, text: string): Promise<void> {
  const domain = parseDomain(text);
  await ctx.db.userDomainBlocks.updateOne(
    { accountId: who._id, domain },
    { $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  for await (const id of peersOf(ctx, { targetId: who._id }, domain)) await rejectFollow(ctx, id, who._id);
  for await (const id of peersOf(ctx, { accountId: who._id }, domain)) await unfollow(ctx, who._id, id);
}

/** The accounts of a domain at the other end of somebody's follows. */
async function* peersOf(
  ctx: Ctx,
  mine: { targetId: string } | { accountId: string },
  domain: string,
): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const edges = await ctx.db.follows
      .find({ ...mine, state: { $in: ['accepted', 'pending'] }, _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(chunk)
      .toArray();
    const ids = edges.map((f) => ('targetId' in mine ? f.accountId : f.targetId));
    const accounts = await accountsById(ctx, ids);
    for (const id of ids) if (accounts.get(id)?.domain === domain) yield id;
    const last = edges.at(-1);
    if (!last || edges.length < chunk) return;
    after = last._id;
  }
}

/** Nothing happens where there is none. @throws AppError 422 when it is no domain */
export async function unblockDomain(ctx: Ctx, who: Account, text: string): Promise<void> {
  await ctx.db.userDomainBlocks.deleteOne({ accountId: who._id, domain: parseDomain(text) });
}

export function blockedDomains(ctx: Ctx, accountId: string, page: Page): Promise<UserDomainBlock[]> {
  return readPage(ctx.db.userDomainBlocks, { accountId }, page);
}

/** How many follows each way a block of this domain would end. @throws AppError 422 when it is no domain */
export async function previewDomainBlock(
  ctx: Ctx,
  who: Account,
  text: string,
): Promise<{ following: number; followers: number }> {
  const domain = parseDomain(text);
  const count = async (mine: { targetId: string } | { accountId: string }): Promise<number> => {
    let n = 0;
    for await (const _ of peersOf(ctx, mine, domain)) n += 1;
    return n;
  };
  return { following: await count({ accountId: who._id }), followers: await count({ targetId: who._id }) };
}
