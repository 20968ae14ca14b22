import { confirmHandle } from '../../../federation/discovery/webfinger.js';
import type { RemoteActor } from '../../../federation/vocabulary/actor.js';
import type { Account } from '../../model/account.js';
import type { Ctx } from '../ctx.js';
import { hostOf } from '../urls.js';
import { isStale } from './actor-document.js';

/** A remote account's name, and the domain that vouches for it. */
export interface RemoteHandle {
  username: string;
  domain: string;
}

/**
 * The handle of an actor whose document was loaded. Its domain is usually its own host; another one only where that
 * domain's WebFinger names this very actor. A host whose actors had their handles there before is not asked again for
 * each, but a name that somebody has is only given away by WebFinger, which must name this very actor (ATTACKS 89).
 * @returns null: somebody else owns the name
 */
export async function handleOf(
  ctx: Ctx,
  actor: RemoteActor,
  stored: Account | null,
): Promise<RemoteHandle | null> {
  const told = { username: actor.username, domain: hostOf(actor.id) ?? '' };
  const kept = stored?.domain ? { username: stored.username, domain: stored.domain } : null;
  const renamed = kept !== null && kept.username.toLowerCase() !== told.username.toLowerCase();
  if (stored && kept && !renamed && !isStale(ctx, stored)) return kept;
  if (
    !kept &&
    (await isFree(ctx, told, actor.id)) &&
    (await ctx.db.accounts.findOne({ domain: told.domain }))
  )
    return told;
  const confirmed = await confirmHandle({ actorUri: actor.id, username: actor.username }, ctx.http);
  if (confirmed.outcome === 'refused') return renamed ? kept : null;
  const handle = confirmed.outcome === 'ok' ? confirmed.subject : kept && !renamed ? kept : told;
  const verified = confirmed.outcome === 'ok' && confirmed.verified;
  return verified || (await isFree(ctx, handle, actor.id)) ? handle : kept;
}

async function isFree(ctx: Ctx, { username, domain }: RemoteHandle, actorUri: string): Promise<boolean> {
  const holder = await ctx.db.accounts.findOne({ acctKey: `${username}@${domain}`.toLowerCase() });
  return holder === null || holder.uri === actorUri;
}
