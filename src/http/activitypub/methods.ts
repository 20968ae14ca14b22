import { Router } from 'express';
import { AppError } from '../../errors.js';

/** What each kind of path answers to; anything else is 405 and says so (RFC 9110 section 15.5.6). */
const allowed: Readonly<Record<string, string>> = {
  '/inbox': 'POST',
  '/actor/inbox': 'POST',
  '/users/:name/inbox': 'GET, HEAD, POST',
  '/users/:name/outbox': 'GET, HEAD, POST',
  '/users/:name': 'GET, HEAD',
  '/actor': 'GET, HEAD',
  '/proxy': 'POST',
};

/** Comes last: whatever reaches it was asked for with a method that is not there. */
export function methodRoutes(): Router {
  const router = Router();
  for (const [path, methods] of Object.entries(allowed)) {
    router.all(path, (_req, res) => {
      res.set('Allow', methods);
      throw new AppError(405, 'Method not allowed');
    });
  }
  return router;
}
