import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';
import { instanceActorUri, ownPath } from '../urls.js';

/** The local account behind one of our actor URLs; null where there is none; undefined when the URL is not ours. */
export async function findOwnAccount(ctx: Ctx, uri: string): Promise<Account | null | undefined> {
  const path = ownPath(ctx.names, uri);
  if (path === null) return undefined;
  const stored = await ctx.db.accounts.findOne({ uri });
  if (stored) return stored.domain === null ? stored : null;
  if (path === '/actor') return ctx.db.accounts.findOne({ uri: instanceActorUri(ctx.names) });
  const name = /^\/(?:users\/|@)([A-Za-z0-9_]+)\/?$/.exec(path)?.[1];
  return name === undefined ? null : ctx.db.accounts.findOne({ acctKey: name.toLowerCase() });
}

/**
 * The local status behind one of our object or page URLs, or behind the Create that it was born with (servers made of
 * activitypub-express like and announce activities); null where there is none; undefined when the URL is not ours.
 */
export async function findOwnStatus(ctx: Ctx, uri: string): Promise<Status | null | undefined> {
  const path = ownPath(ctx.names, uri)?.replace(/\/activity$/, '') ?? null;
  if (path === null) return undefined;
  const stored =
    (await ctx.db.statuses.findOne({ uri: uri.replace(/\/activity$/, '') })) ??
    (await ctx.db.statuses.findOne({ uri: `${ctx.names.origin}${path}` }));
  if (stored) return stored;
  const page = /^\/@([A-Za-z0-9_]+)\/(\d+)\/?$/.exec(path);
  if (!page?.[2]) return null;
  const status = await ctx.db.statuses.findOne({ _id: page[2] });
  return status?.local && (status.visibility === 'public' || status.visibility === 'unlisted')
    ? status
    : null;
}
