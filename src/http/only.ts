import { Router, type Request, type RequestHandler } from 'express';

/**
 * These routers for the requests that `wants` names; they see the whole path. Others do not try a single route of them.
 * No router of its own: each costs as much as several routes, and one that is left at its end goes on in the next turn of
 * the event loop only.
 */
export function only(
  wants: (req: Request) => boolean,
  ...routers: readonly RequestHandler[]
): RequestHandler {
  const [first, ...more] = routers;
  const inner = first && more.length === 0 ? first : Router().use(...routers);
  return (req, res, next) => (wants(req) ? inner(req, res, next) : next());
}
