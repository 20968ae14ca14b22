import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { readPage, type EdgePage } from './edges.js';
import { hiddenFrom } from './relationships.js';
import { visibleOf } from './visible.js';

/** Accepted quotes of a status that the viewer may and wants to see, newest first. */
export async function quotesOf(
  ctx: Ctx,
  viewerId: string,
  { status, page }: { status: Status; page: Page },
): Promise<EdgePage<Status>> {
  const found = await readPage(ctx.db.statuses, { 'quote.statusId': status._id }, page);
  const accepted = found.filter((s) => s.quote?.state === 'accepted');
  const visible = await visibleOf(ctx, viewerId, accepted);
  const authors = await accountsById(
    ctx,
    visible.map((s) => s.accountId),
  );
  const hidden = await hiddenFrom(
    ctx,
    viewerId,
    [...authors.values()].filter((a) => a._id !== viewerId),
  );
  return { items: visible.filter((s) => !hidden.has(s.accountId)), ids: found.map((s) => s._id) };
}
