import { Router } from 'express';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { authenticate, optionalUser } from '../auth.js';
import { toTombstone } from '../../outbox/objects/note.js';
import type { Ctx } from '../../domain/ctx.js';
import { createHostQuota } from '../../domain/remote/host-quota.js';
import { activityRoutes } from './activities.js';
import { actorRoutes } from './actors.js';
import { sendDocument, varies } from './answer.js';
import { clientRoutes } from './c2s/routes.js';
import { collectionRoutes } from './collections.js';
import { discoveryRoutes } from './discovery.js';
import { followersRoutes } from './followers.js';
import { inboxRoutes } from './inbox.js';
import { Gone } from './lookup.js';
import { methodRoutes } from './methods.js';
import { wantedOf } from './negotiate.js';
import { inOrder, only } from '../only.js';
import { createOwnHosts } from './own-hosts.js';
import { createRenderedDocuments } from './rendered.js';
import { pageRoutes } from './pages.js';
import { responseRoutes } from './responses.js';
import type { ActivityPubDeps, Site } from './site.js';
import { statusRoutes } from './statuses.js';
import { secureGuard } from './viewer.js';

export type { ActivityPubDeps, Pages } from './site.js';

/** Everything that other servers, and browsers at the same URLs, ask for. */
export function activityPubRoutes(ctx: Ctx, deps: ActivityPubDeps): Router {
  const site: Site = {
    ...deps,
    ctx,
    hosts: createOwnHosts(ctx),
    rendered: createRenderedDocuments(),
    signers: new WeakMap(),
    activityQuota: createHostQuota(ctx, ctx.settings.activitiesPerHost),
    fetchQuota: createHostQuota(ctx, ctx.settings.fetchesPerHost),
  };
  const router = Router();
  router.use(
    only((req) => discoveryPath.test(req.path), discoveryRoutes(ctx)),
    only(
      (req) => (req.method === 'GET' || req.method === 'HEAD') && facePath.test(req.path),
      documents(site),
    ),
    inboxRoutes(site),
    clientRoutes(site),
    methodRoutes(),
  );
  return router;
}

const discoveryPath = /^\/(?:\.well-known|nodeinfo|authorize_interaction)(?:\/|$)/i;
/** URLs with a document for machines and, many of them, a page for people. */
const facePath =
  /^\/(?:(?:about|privacy-policy|terms-of-service)?\/?$|actor(?:\/|$)|users\/|@|tags\/|emojis\/)/i;

/** What is at these URLs. Owners may use their token. */
function documents(site: Site): Router {
  const router = Router();
  const { secureMode } = site.ctx.settings;
  const vary: RequestHandler = (_req, res, next) => {
    varies(res);
    next();
  };
  router.use(inOrder(vary, authenticate(site.ctx), optionalUser('read', 'read:statuses')));
  if (secureMode) {
    router.get(['/users/:name/*rest', '/actor/*rest', '/emojis/*rest'], secureGuard(site, 'activity'));
    router.get(['/@:name/*rest', '/tags/*rest'], secureGuard(site, 'page'));
  }
  router.use(
    actorRoutes(site),
    statusRoutes(site),
    collectionRoutes(site),
    followersRoutes(site),
    responseRoutes(site),
    activityRoutes(site),
    pageRoutes(site),
    tombstones,
  );
  return router;
}

/** What is gone leaves its Tombstone; people get the page of the error. */
const tombstones: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (!(error instanceof Gone) || wantedOf(req, 'activity') === 'page') return next(error);
  sendDocument(req, res, toTombstone(error.grave), { status: 410 });
};
