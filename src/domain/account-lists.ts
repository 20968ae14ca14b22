import type { Account } from '../model/account.js';
import type { Mute } from '../model/relations.js';
import type { Page } from '../model/page.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { accountsOfEdges, readPage, type EdgePage } from './edges.js';
import { getVisibleStatus } from './visible.js';
import { isBlockedEitherWay } from './relationships.js';

const nobody: EdgePage<Account> = { items: [], ids: [] };

/** May the viewer read who follows whom? Not where the account hides it, is suspended, or blocks the viewer. */
async function isHidden(ctx: Ctx, viewerId: string | null, account: Account): Promise<boolean> {
  if (account._id === viewerId) return false;
  if (account.hideCollections || account.suspendedAt !== null || account.deletedAt !== null) return true;
  return viewerId !== null && isBlockedEitherWay(ctx, viewerId, account._id);
}

/** Who follows an account, as far as it is known here. */
export async function followersOf(
  ctx: Ctx,
  viewerId: string | null,
  { account, page }: { account: Account; page: Page },
): Promise<EdgePage<Account>> {
  if (await isHidden(ctx, viewerId, account)) return nobody;
  const edges = await readPage(ctx.db.follows, { targetId: account._id, state: 'accepted' }, page);
  return accountsOfEdges(ctx, viewerId, { edges, end: (f) => f.accountId });
}

/** Whom an account follows, as far as it is known here. */
export async function followingOf(
  ctx: Ctx,
  viewerId: string | null,
  { account, page }: { account: Account; page: Page },
): Promise<EdgePage<Account>> {
  if (await isHidden(ctx, viewerId, account)) return nobody;
  const edges = await readPage(ctx.db.follows, { accountId: account._id, state: 'accepted' }, page);
  return accountsOfEdges(ctx, viewerId, { edges, end: (f) => f.targetId });
}

/** Who asks to follow and waits for an answer. */
export async function followRequestsOf(ctx: Ctx, accountId: string, page: Page): Promise<EdgePage<Account>> {
  const edges = await readPage(ctx.db.follows, { targetId: accountId, state: 'pending' }, page);
  return accountsOfEdges(ctx, null, { edges, end: (f) => f.accountId });
}

export function countFollowRequests(ctx: Ctx, accountId: string): Promise<number> {
  return ctx.db.follows.countDocuments({ targetId: accountId, state: 'pending' }, { limit: 1000 });
}

export async function blockedAccounts(ctx: Ctx, accountId: string, page: Page): Promise<EdgePage<Account>> {
  const edges = await readPage(ctx.db.blocks, { accountId }, page);
  return accountsOfEdges(ctx, null, { edges, end: (b) => b.targetId });
}

/** With the mutes themselves, for when each ends. Ended ones are left out. */
export async function mutedAccounts(
  ctx: Ctx,
  accountId: string,
  page: Page,
): Promise<EdgePage<{ account: Account; mute: Mute }>> {
  const edges = await readPage(ctx.db.mutes, { accountId }, page);
  const at = ctx.clock.now().toISOString();
  const active = edges.filter((m) => m.expiresAt === null || m.expiresAt > at);
  const accounts = await accountsById(
    ctx,
    active.map((m) => m.targetId),
  );
  const items = active.flatMap((mute) => {
    const account = accounts.get(mute.targetId);
    return account && account.deletedAt === null ? [{ account, mute }] : [];
  });
  return { items, ids: edges.map((e) => e._id) };
}

/** @throws AppError 404 when the viewer cannot see the status */
export async function favouritedBy(
  ctx: Ctx,
  viewerId: string | null,
  { statusId, page }: { statusId: string; page: Page },
): Promise<EdgePage<Account>> {
  const status = await getVisibleStatus(ctx, viewerId, statusId);
  const edges = await readPage(ctx.db.favourites, { statusId: status.reblogOfId ?? status._id }, page);
  return accountsOfEdges(ctx, viewerId, { edges, end: (f) => f.accountId });
}

/** Those who reblogged a status openly. @throws AppError 404 when the viewer cannot see the status */
export async function rebloggedBy(
  ctx: Ctx,
  viewerId: string | null,
  { statusId, page }: { statusId: string; page: Page },
): Promise<EdgePage<Account>> {
  const status = await getVisibleStatus(ctx, viewerId, statusId);
  const edges = await readPage(ctx.db.statuses, { reblogOfId: status.reblogOfId ?? status._id }, page);
  const open = edges.filter(
    (s) => s.visibility === 'public' || s.visibility === 'unlisted' || s.accountId === viewerId,
  );
  const { items } = await accountsOfEdges(ctx, viewerId, { edges: open, end: (s) => s.accountId });
  return { items, ids: edges.map((e) => e._id) };
}

/** True when `fromId` asks to follow `accountId` and waits. */
export async function isFollowRequested(ctx: Ctx, fromId: string, accountId: string): Promise<boolean> {
  const found = await ctx.db.follows.findOne({ accountId: fromId, targetId: accountId });
  return found?.state === 'pending';
}
