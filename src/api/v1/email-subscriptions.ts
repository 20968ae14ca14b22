import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { subscribe } from '../../domain/email-subscriptions/subscribe.js';
import { text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { addressLimit } from '../../http/rate-limits.js';
import { pathParam } from '../routing.js';

const params = z.object({ email: text(1000).default('') });

/** Posts of an account by mail, for people who have none. The answer does not tell what is known of the address. */
export function emailSubscriptionsRoutes(ctx: Ctx): Router {
  const router = Router();
  const limit = addressLimit(ctx, { name: 'mail', max: 10, minutes: 30, shared: true });

  router.post('/api/v1/accounts/:account_id/email_subscriptions', ...limit, async (req, res) => {
    const { email } = parseParams(params, req);
    await subscribe(ctx, { accountId: pathParam(req, 'account_id'), email });
    res.json({});
  });
  return router;
}
