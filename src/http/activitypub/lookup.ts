import type { Ctx } from '../../domain/ctx.js';
import { findLocalAccount } from '../../domain/accounts.js';
import { visibleOf } from '../../domain/visible.js';
import { AppError, notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import { isId } from '../../model/ids.js';
import type { Status, Tombstone } from '../../model/status.js';
import { ownUris } from './own-hosts.js';
import type { Site } from './site.js';

/** Something of ours that is gone: answered with 410 and its Tombstone. */
export class Gone extends AppError {
  constructor(readonly grave: Pick<Tombstone, 'uri' | 'formerType' | 'deletedAt'>) {
    super(410, 'Gone');
  }
}

/** A local account by the name in a path; the instance actor has a path of its own. @throws AppError 404, 410 */
export async function getNamed(ctx: Ctx, name: string): Promise<Account> {
  const account = await findLocalAccount(ctx, name);
  if (!account || account.domain !== null || account.actorType === 'Application') throw notFound();
  if (account.deletedAt !== null)
    throw new Gone({ uri: account.uri, formerType: account.actorType, deletedAt: account.deletedAt });
  return account;
}

/** As `getNamed`; a suspended account has nothing to show. @throws AppError 404, 410 */
export async function getActive(ctx: Ctx, name: string): Promise<Account> {
  const account = await getNamed(ctx, name);
  if (account.suspendedAt !== null) throw notFound();
  return account;
}

/**
 * The status that an object URL names, whoever may see it: ask `getSeen` next. `name` is `id` or `id-secret` as in the
 * path: what is not public is found under its whole name only (DESIGN.md section 4.6).
 * @throws AppError 404; 410 for what was deleted
 */
export async function getByObjectName(site: Site, author: Account, name: string): Promise<Status> {
  const path = `/users/${author.username}/statuses/${name}`;
  const status = await findByIdText(site, name.split('-', 1)[0] ?? '');
  if (status?.accountId === author._id && status.reblogOfId === null && pathOf(status.uri) === path)
    return status;
  await throwIfBuried(site, path);
  throw notFound();
}

export async function findByIdText({ ctx }: Site, id: string): Promise<Status | null> {
  return isId(id) ? ctx.db.statuses.findOne({ _id: id }) : null;
}

/** @throws AppError 404 for what this viewer may not see: hidden and missing look the same */
export async function getSeen({ ctx }: Site, viewerId: string | null, status: Status): Promise<Status> {
  const [seen] = await visibleOf(ctx, viewerId, [status]);
  if (!seen) throw notFound();
  return seen;
}

/** Of a URI that we made: an origin and a path, nothing behind it. */
export const pathOf = (uri: string): string => uri.slice(uri.indexOf('/', uri.indexOf('//') + 2));

/** @throws Gone when there was something under this path */
export async function throwIfBuried({ ctx, hosts }: Site, path: string): Promise<void> {
  const grave = await ctx.db.tombstones.findOne({ uri: { $in: await ownUris(ctx, hosts, path) } });
  if (grave) throw new Gone(grave);
}
