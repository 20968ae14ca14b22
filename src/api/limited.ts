import type { RequestHandler } from 'express';
import { AppError } from '../errors.js';
import { stateOf } from '../http/state.js';

/** Below /api: what apps must read before anybody can sign in. */
const openPath = /^\/v[12]\/instance\/?$/;

/**
 * Below /api, where federation is limited: the API is for people of this server only, as in Mastodon. 401 for nobody and
 * for apps that act for themselves (anybody may register one). Signing up and in lies before these routes.
 */
export const membersOnly: RequestHandler = (req, _res, next) => {
  if (!openPath.test(req.path) && !stateOf(req).bearer?.user)
    throw new AppError(401, 'This method requires an authenticated user');
  next();
};
