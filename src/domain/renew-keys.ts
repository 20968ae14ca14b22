import type { Account } from '../model/account.js';
import { now, type Ctx } from './ctx.js';
import { keysKeptMs } from './keys.js';

/** Late enough that every process of ours signs with the new key, and shows it, when others come to look. */
const tellAfterMs = 3 * keysKeptMs;

/**
 * Gives a local account new keys: after a leak, or when the old ones can no longer be unsealed. Deliveries that wait are
 * signed with the new one; an Update tells other servers, which fetch the actor again when a signature does not fit.
 */
export async function renewKeys(ctx: Ctx, { _id: accountId }: Pick<Account, '_id'>): Promise<void> {
  const event = { id: ctx.ids.next(), type: 'account.updated', accountId, at: now(ctx) } as const;
  const dueAt = new Date(ctx.clock.now().getTime() + tellAfterMs);
  await ctx.jobs.enqueue({ kind: 'event', payload: { event }, dueAt });
  await ctx.keys.renew(accountId);
}
