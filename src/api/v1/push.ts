import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import {
  getSubscription,
  subscribe,
  unsubscribe,
  updateSubscription,
} from '../../domain/push/subscriptions.js';
import { vapidPublicKey } from '../../domain/push/vapid.js';
import { unauthorized } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, oneOf, text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { stateOf } from '../../http/state.js';
import { pushAlerts, type PushAlert, type PushSubscription } from '../../model/push.js';
import { toPushSubscription } from '../entities/push.js';
import { putOrPatch } from '../routing.js';

const alerts = z.object(Object.fromEntries(pushAlerts.map((name) => [name, bool().optional()])));
const policy = oneOf(['all', 'followed', 'follower', 'none']).optional();
const data = z.object({ alerts: alerts.optional(), policy }).optional();
const subscription = z.object({
  endpoint: text(5000),
  keys: z.object({ p256dh: text(500), auth: text(500) }),
  standard: bool().default(false),
});
/** Clients put the policy beside the alerts or outside. */
const newParams = z.object({ subscription, data, policy });
const changedParams = z.object({ data, policy });

/** Waking a client by Web Push. Each token has one subscription at most. */
export function pushRoutes(ctx: Ctx): Router {
  const router = Router();
  const path = '/api/v1/push/subscription';
  const guard = requireUser('push');
  const show = async (found: PushSubscription) => toPushSubscription(found, await vapidPublicKey(ctx));
  const tokenIdOf = (req: Request): string => signedIn(req).viewer.token._id;

  router.get(path, guard, async (req, res) => {
    res.json(await show(await getSubscription(ctx, tokenIdOf(req))));
  });
  router.post(path, guard, async (req, res) => {
    const { account, viewer } = signedIn(req);
    const { subscription: given, data: wanted, policy: outer } = parseParams(newParams, req);
    const secret = stateOf(req).triedToken;
    if (secret === null) throw unauthorized();
    const made = await subscribe(
      ctx,
      { accountId: account._id, token: viewer.token, secret },
      {
        endpoint: given.endpoint,
        ...given.keys,
        standard: given.standard,
        alerts: alertsOf(wanted?.alerts),
        policy: wanted?.policy ?? outer ?? 'all',
      },
    );
    res.json(await show(made));
  });
  putOrPatch(router, path, guard, async (req, res) => {
    const { data: wanted, policy: outer } = parseParams(changedParams, req);
    const changes = {
      ...(wanted?.alerts && { alerts: alertsOf(wanted.alerts) }),
      policy: wanted?.policy ?? outer,
    };
    res.json(await show(await updateSubscription(ctx, tokenIdOf(req), changes)));
  });
  router.delete(path, guard, async (req, res) => {
    await unsubscribe(ctx, tokenIdOf(req));
    res.json({});
  });
  return router;
}

function alertsOf(given: Record<string, boolean | undefined> = {}): PushAlert[] {
  return pushAlerts.filter((name) => given[name] === true);
}
