import { LRUCache } from 'lru-cache';
import { followersDigest } from '../../../federation/followers/digest.js';
import { formatSummary } from '../../../federation/followers/header.js';
import type { Ctx } from '../../domain/ctx.js';
import { followersDigests, originOf } from '../../domain/partial-followers.js';
import type { Delivery } from '../../model/work.js';
import { actorEndpoints } from '../../outbox/objects/parts.js';

/** How long the digests of one activity serve its deliveries, ms. One that is tried again later says what is true then. */
const keepMs = 60_000;
const nobody = followersDigest([]);

/** The author's URI, and the digest of each origin. */
interface Told {
  uri: string;
  digests: ReadonlyMap<string, string>;
}

/**
 * What deliveries say about the followers of their author on the server they go to, as a `Collection-Synchronization` field
 * (FEP-8fcf); null where it is not known. The followers are read once for a whole fan-out, as the fan-out itself does.
 */
export function createFollowersSummaries(
  ctx: Ctx,
): (delivery: Pick<Delivery, 'activityId' | 'accountId' | 'inbox'>) => Promise<string | null> {
  const kept = new LRUCache<string, Promise<Told | null>>({ max: 200, ttl: keepMs });
  const load = async (accountId: string): Promise<Told | null> => {
    const account = await ctx.db.accounts.findOne({ _id: accountId });
    const digests = account && (await followersDigests(ctx, account));
    return account && digests && { uri: account.uri, digests };
  };
  const loadOnce = (activityId: string, accountId: string): Promise<Told | null> => {
    const known = kept.get(activityId);
    if (known) return known;
    const pending = load(accountId);
    kept.set(activityId, pending);
    pending.catch(() => kept.delete(activityId));
    return pending;
  };
  return async ({ activityId, accountId, inbox }) => {
    const told = await loadOnce(activityId, accountId);
    if (!told) return null;
    const { followers, followersSynchronization } = actorEndpoints(told.uri);
    const digest = told.digests.get(originOf(inbox) ?? '') ?? nobody;
    return formatSummary({ collectionId: followers, url: followersSynchronization, digest });
  };
}
