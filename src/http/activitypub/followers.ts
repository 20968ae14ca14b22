import { Router } from 'express';
import { LRUCache } from 'lru-cache';
import type { FollowersSummary } from '../../../federation/followers/header.js';
import { toOrderedCollection } from '../../../federation/vocabulary/collection.js';
import type { Ctx } from '../../domain/ctx.js';
import { followersAt, originOf } from '../../domain/partial-followers.js';
import { findDrift } from '../../domain/remote/followers.js';
import { hostOf } from '../../domain/urls.js';
import { notFound } from '../../errors.js';
import { actorEndpoints } from '../../outbox/objects/parts.js';
import { sendDocument } from './answer.js';
import { refuseBlocked } from './collections.js';
import { getActive } from './lookup.js';
import { textParam } from './query.js';
import { identifySigner, requireSigner } from './signer.js';
import type { Site } from './site.js';

/** The followers of one actor are put right at most this often. */
const againMs = 5 * 60_000;

/** The followers of an account that live on the server that asks, for that server alone (FEP-8fcf). */
export function followersRoutes(site: Site): Router {
  const router = Router();
  router.get('/users/:name/followers_synchronization', async (req, res) => {
    const { account: signer } = requireSigner(
      await identifySigner(site.ctx, req, { deps: site, open: false }),
    );
    const account = await getActive(site.ctx, textParam(req, 'name'));
    await refuseBlocked(site, account, signer?._id ?? null);
    const found = signer && (await followersAt(site.ctx, account, originOf(signer.uri)));
    if (!found) throw notFound();
    const { followersSynchronization: id } = actorEndpoints(account.uri);
    const orderedItems = found.map((follower) => follower.uri);
    sendDocument(req, res, toOrderedCollection({ id, orderedItems }), { personal: true });
  });
  return router;
}

/** Looks at what an actor said about its followers here. */
export type FollowersCheck = (actor: string, summary: FollowersSummary | null) => Promise<void>;

/** Asks for a job where the two sides differ. Never fails: the activity that came with it was taken already. */
export function createFollowersCheck(ctx: Ctx): FollowersCheck {
  const askedAt = new LRUCache<string, number>({ max: 10_000 });
  return async (actor, summary) => {
    if (!summary) return;
    const at = ctx.clock.now().getTime();
    if (Math.abs(at - (askedAt.get(actor) ?? -Infinity)) < againMs) return;
    try {
      if (!(await findDrift(ctx, actor, summary))) return;
      askedAt.set(actor, at);
      const lane = hostOf(actor) ?? actor;
      await ctx.jobs.enqueue({ kind: 'sync-followers', payload: { actor, summary }, lane });
    } catch (error) {
      ctx.log.warn({ err: error, actor }, 'followers could not be compared');
    }
  };
}
