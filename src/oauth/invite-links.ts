import express, { type RequestHandler, type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { findInvite } from '../domain/invites.js';
import { AppError } from '../errors.js';
import { neverCached } from '../http/app.js';
import { addressLimit } from '../http/rate-limits.js';

export const inviteUrl = (ctx: Ctx, code: string): string => `${ctx.settings.url}/invite/${code}`;

/**
 * The links that people are sent: `/invite/:code` leads browsers to the page on which they sign up, and tells apps which
 * server it is (they ask for JSON, as Mastodon's own do; `/api/v1/invites/:code` says the same).
 */
export function inviteLinkRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'invite', max: 60, minutes: 5 });
  const tell = tellApps(ctx);

  router.get('/invite/:code', neverCached, ...limit, (req, res, next) => {
    if (req.accepts(['html', 'json']) === 'json') return tell(req, res, next);
    const query = new URLSearchParams({ invite_code: String(req.params['code']) });
    res.redirect(302, `/auth/sign_up?${query.toString()}`);
  });
  router.get('/api/v1/invites/:code', ...limit, tell);
  return router;
}

function tellApps(ctx: Ctx): RequestHandler {
  return async (req, res) => {
    const invite = await findInvite(ctx, String(req.params['code']));
    if (!invite) throw new AppError(401, 'Invite is not valid');
    res.json({ invite_code: invite.code, instance_api_url: `${ctx.settings.url}/api/v2/instance` });
  };
}
