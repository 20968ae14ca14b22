import { Router } from 'express';
import { z } from 'zod';
import { confirmAgain } from '../../domain/confirmation.js';
import type { Ctx } from '../../domain/ctx.js';
import { requireNewcomer, signedIn } from '../../http/auth.js';
import { text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { addressLimit } from '../../http/rate-limits.js';

const again = z.object({ email: text(1000).optional() });

/** The address of somebody who just signed up. */
export function emailsRoutes(ctx: Ctx): Router {
  const router = Router();
  const limit = addressLimit(ctx, { name: 'mail', max: 10, minutes: 30, shared: true });

  router.post(
    '/api/v1/emails/confirmations',
    requireNewcomer('write', 'write:accounts'),
    ...limit,
    async (req, res) => {
      const { user, viewer } = signedIn(req);
      await confirmAgain(ctx, user, { app: viewer.app, email: parseParams(again, req).email });
      res.json({});
    },
  );

  // The answer is a bare boolean.
  router.get('/api/v1/emails/check_confirmation', requireNewcomer('read', 'read:accounts'), (req, res) => {
    res.json(signedIn(req).user.confirmedAt !== null);
  });
  return router;
}
