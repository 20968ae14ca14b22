import express, { type Router } from 'express';
import { z } from 'zod';
import { unauthorized } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { signUp } from '../domain/sign-up.js';
import { issueToken } from '../domain/tokens.js';
import { maybeViewer, requireToken } from '../http/auth.js';
import { bool, text } from '../http/coerce.js';
import { parseParams } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import { sendToken } from './token.js';

const form = z.object({
  username: text(100).default(''),
  email: text(1000).default(''),
  password: text(5000).default(''),
  agreement: bool().default(false),
  locale: text(50).optional(),
  reason: text(10_000).optional(),
  invite_code: text(100).optional(),
});

/** `POST /api/v1/accounts`: an app signs somebody up and gets their token, with the scopes it has itself. */
export function signUpRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'sign-up', max: 5, minutes: 30, shared: true });
  router.post('/api/v1/accounts', requireToken('write', 'write:accounts'), ...limit, async (req, res) => {
    const viewer = maybeViewer(req);
    if (!viewer) throw unauthorized();
    const { invite_code: inviteCode, ...given } = parseParams(form, req);
    const { user } = await signUp(ctx, {
      ...given,
      inviteCode,
      appId: viewer.app._id,
      ip: req.ip ?? null,
    });
    sendToken(res, await issueToken(ctx, { app: viewer.app, user, scopes: viewer.scopes }));
  });
  return router;
}
