import { Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { AppError } from '../errors.js';
import { stateOf } from '../http/state.js';

/** What apps must read before anybody can sign in. */
const openPath = /^\/v[12]\/instance\/?$/;

/**
 * Where federation is limited, the API is for people of this server only, as in Mastodon: 401 for nobody and for apps that
 * act for themselves (anybody may register one). Signing up and in lies before these routes.
 */
export function limitedRoutes(ctx: Ctx): Router {
  const router = Router();
  if (!ctx.settings.limitedFederation) return router;
  router.use('/api', (req, _res, next) => {
    if (!openPath.test(req.path) && !stateOf(req).bearer?.user)
      throw new AppError(401, 'This method requires an authenticated user');
    next();
  });
  return router;
}
