import type { Request, Response } from 'express';
import type { Ctx } from '../domain/ctx.js';
import type { EdgePage } from '../domain/edges.js';
import { loadAccount, loadAccounts } from '../domain/facts/accounts.js';
import { loadStatuses } from '../domain/facts/statuses.js';
import { relationshipsOf } from '../domain/relationships.js';
import { notFound } from '../errors.js';
import { viewerIdOf } from '../http/auth.js';
import { sendPage } from '../http/paging.js';
import type { Account } from '../model/account.js';
import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import { toAccount, toRelationship, type AccountEntity } from './entities/accounts.js';
import { toStatus, toStatuses, type StatusEntity } from './entities/statuses.js';
import { viewOf } from './entities/view.js';

/** Facts loaded, then serialised: what almost every route ends with. */

/** @throws AppError 404 when its author is gone */
export async function showStatus(ctx: Ctx, viewerId: string | null, status: Status): Promise<StatusEntity> {
  const facts = await loadStatuses(ctx, viewerId, [status]);
  const [known] = facts.statuses;
  if (!known) throw notFound();
  return toStatus(viewOf(ctx, viewerId), facts, known);
}

export async function showStatuses(
  ctx: Ctx,
  viewerId: string | null,
  statuses: readonly Status[],
): Promise<StatusEntity[]> {
  return toStatuses(viewOf(ctx, viewerId), await loadStatuses(ctx, viewerId, statuses));
}

export async function showAccount(
  ctx: Ctx,
  viewerId: string | null,
  account: Account,
): Promise<AccountEntity> {
  return toAccount(viewOf(ctx, viewerId), await loadAccount(ctx, account));
}

/** In their order. */
export async function showAccounts(
  ctx: Ctx,
  viewerId: string | null,
  accounts: readonly Account[],
): Promise<AccountEntity[]> {
  const facts = await loadAccounts(ctx, accounts);
  const view = viewOf(ctx, viewerId);
  return accounts.flatMap((a) => {
    const known = facts.get(a._id);
    return known ? [toAccount(view, known)] : [];
  });
}

export async function showRelationship(ctx: Ctx, viewerId: string, target: Account) {
  const relation = (await relationshipsOf(ctx, viewerId, [target])).get(target._id);
  if (!relation) throw notFound();
  return toRelationship(target._id, relation);
}

/** A page of statuses that are paged by their own ids. */
export async function sendStatuses(
  ctx: Ctx,
  { req, res }: { req: Request; res: Response },
  list: { statuses: readonly Status[]; page: Page; nextOnShort: boolean },
): Promise<void> {
  const { statuses, page, nextOnShort } = list;
  const items = await showStatuses(ctx, viewerIdOf(req), statuses);
  const ids = statuses.map((s) => s._id);
  sendPage(req, res, { items, ids, style: 'min_id', nextOnShort, limit: page.limit });
}

/** A page of accounts that are paged by the ids of edges. */
export async function sendAccounts(
  ctx: Ctx,
  { req, res }: { req: Request; res: Response },
  list: { edges: EdgePage<Account>; page: Page },
): Promise<void> {
  const { edges, page } = list;
  const items = await showAccounts(ctx, viewerIdOf(req), edges.items);
  sendPage(req, res, { items, ids: edges.ids, style: 'since_id', nextOnShort: false, limit: page.limit });
}
