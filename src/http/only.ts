import { Router, type Request } from 'express';

/** These routers for the requests that `wants` names; they see the whole path. Others do not try a single route of them. */
export function only(wants: (req: Request) => boolean, routers: readonly Router[]): Router {
  const inner = Router().use(...routers);
  return Router().use((req, res, next) => (wants(req) ? inner(req, res, next) : next()));
}
