import type { Router } from 'express';
import { apiRoutes } from './api/routes.js';
import type { Ctx } from './domain/ctx.js';
import { oauthRoutes } from './oauth/routes.js';
import { sseRoutes } from './streaming/sse.js';
import type { Switchboard } from './streaming/switchboard.js';

/** Every route of the server, in the order in which they are tried. */
export function allRouters(ctx: Ctx, switchboard: Switchboard): Router[] {
  return [sseRoutes(ctx, switchboard), oauthRoutes(ctx), apiRoutes(ctx)];
}
