import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { isSuspended } from '../policy/domains.js';
import type { Ctx } from './ctx.js';
import { domainRules } from './domains.js';
import { isSuspendedHere } from './relationships.js';
import { ingestActor } from './remote/actors.js';
import { findOwnAccount, findOwnStatus } from './remote/own.js';
import { ingestFetched } from './remote/statuses.js';
import { hostOf } from './urls.js';
import { visibleOf } from './visible.js';

export interface UrlFound {
  accounts: Account[];
  statuses: Status[];
}

const nothing: UrlFound = { accounts: [], statuses: [] };

/**
 * What lies behind a URL that somebody pasted: a status or an account of ours, one that is known here, or (`resolve`)
 * one that is fetched now.
 */
export async function findByUrl(
  ctx: Ctx,
  viewerId: string | null,
  { url, resolve }: { url: string; resolve: boolean },
): Promise<UrlFound> {
  const host = hostOf(url);
  if (host === null) return nothing;
  const known = await findKnown(ctx, url);
  if (known !== null) return shown(ctx, viewerId, known);
  if (!resolve || ctx.names.isOwn(host) || isSuspended(await domainRules(ctx), host)) return nothing;
  return shown(ctx, viewerId, await fetchUnknown(ctx, url));
}

type Found = Account | Status | null;

async function findKnown(ctx: Ctx, url: string): Promise<Found> {
  return (
    (await findOwnStatus(ctx, url)) ??
    (await findOwnAccount(ctx, url)) ??
    (await ctx.db.statuses.findOne({ uri: url })) ??
    (await ctx.db.statuses.findOne({ url })) ??
    (await ctx.db.accounts.findOne({ uri: url })) ??
    (await ctx.db.accounts.findOne({ url }))
  );
}

async function fetchUnknown(ctx: Ctx, url: string): Promise<Found> {
  const loaded = await ctx.documents.load(url);
  if (loaded.outcome !== 'ok') return null;
  const account = await ingestActor(ctx, loaded.document);
  if (account) return account;
  const found = await ingestFetched(ctx, loaded.document);
  return 'status' in found ? found.status : null;
}

async function shown(ctx: Ctx, viewerId: string | null, found: Found): Promise<UrlFound> {
  if (found === null) return nothing;
  if ('visibility' in found) return { accounts: [], statuses: await visibleOf(ctx, viewerId, [found]) };
  const hidden = await isSuspendedHere(ctx, found);
  return { accounts: hidden ? [] : [found], statuses: [] };
}
