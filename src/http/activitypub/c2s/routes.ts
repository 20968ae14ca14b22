import { Router } from 'express';
import { jsonLimits } from '../../../policy/json-limits.js';
import type { Request } from 'express';
import type { JsonObject } from '../../../../federation/ports.js';
import { isActivityStreamsType } from '../../../../federation/fetch/document.js';
import { parseActivity } from '../../../../federation/vocabulary/activity.js';
import { parseJsonObject } from '../../../../federation/vocabulary/json.js';
import { isObjectType } from '../../../../federation/vocabulary/names.js';
import { idOf, typesOf } from '../../../../federation/vocabulary/values.js';
import { AppError, badRequest, forbidden, unprocessable } from '../../../errors.js';
import type { Account } from '../../../model/account.js';
import { hasAnyScope } from '../../../policy/scopes.js';
import { apiRateLimits } from '../../rate-limits.js';
import { authenticate, requireUser, signedIn } from '../../auth.js';
import { getActive } from '../lookup.js';
import { textParam } from '../query.js';
import { readBody } from '../read-body.js';
import type { Site } from '../site.js';
import { homeInbox } from './inbox.js';
import { proxyRoute } from './proxy.js';
import { uploadRoute } from './upload.js';
import { verbs, type Posted } from './verbs.js';

/** ActivityPub client to server (sections 5 and 6), with the tokens of the client API. */
export function clientRoutes(site: Site): Router {
  const router = Router();
  const { ctx } = site;
  const known = [authenticate(ctx), ...apiRateLimits(ctx)];
  router.post(
    '/users/:name/outbox',
    ...known,
    requireUser('write', 'follow', ...allWrites),
    async (req, res) => {
      const who = await getSelf(site, req);
      const posted = await readPosted(site, req, who);
      const verb = Object.hasOwn(verbs, posted.activity.type) ? verbs[posted.activity.type] : undefined;
      if (!verb) throw unprocessable('Activities of this type cannot be posted here');
      if (!hasAnyScope(signedIn(req).viewer.scopes, verb.scopes))
        throw forbidden('This action is outside the authorized scopes');
      const location = await verb.act(ctx, who, posted);
      res.set('Cache-Control', 'private, no-store').location(location).status(201).end();
    },
  );
  router.get('/users/:name/inbox', ...known, requireUser('read', 'read:statuses'), async (req, res) => {
    await homeInbox(site, req, { res, who: await getSelf(site, req) });
  });
  proxyRoute(router, site);
  uploadRoute(router, site);
  return router;
}

const allWrites = [...new Set(Object.values(verbs).flatMap((verb) => verb.scopes))];

/** @throws AppError 403 for anybody else's */
async function getSelf(site: Site, req: Request): Promise<Account> {
  const account = await getActive(site.ctx, textParam(req, 'name'));
  if (account._id !== signedIn(req).account._id) throw forbidden('This is somebody else');
  return account;
}

/**
 * An activity, or a bare object, which becomes a Create (section 6.2.1). Ids that the client made up are dropped.
 * @throws AppError 400, 415, 422
 */
async function readPosted(site: Site, req: Request, who: Account): Promise<Posted> {
  const type = req.get('content-type') ?? '';
  if (!isActivityStreamsType(type) && !/^application\/json\b/i.test(type))
    throw new AppError(415, 'Send application/activity+json');
  const { settings } = site.ctx;
  const parsed = parseJsonObject(await readBody(req, settings.inboxBytes), jsonLimits(settings));
  if (parsed.outcome !== 'ok') throw badRequest('The JSON in the request body is malformed');
  const document = wrapped(parsed.value, who);
  const activity = parseActivity({ ...document, actor: who.uri });
  if ('invalid' in activity) throw unprocessable('This is no activity');
  const claimed = idOf(document['actor']);
  if (claimed !== null && claimed !== who.uri) throw forbidden('The actor is somebody else');
  return { activity, document };
}

function wrapped(document: JsonObject, who: Account): JsonObject {
  if (!typesOf(document).some(isObjectType)) return document;
  const { to, cc, audience } = document;
  return {
    type: 'Create',
    actor: who.uri,
    ...(to !== undefined && { to }),
    ...(cc !== undefined && { cc }),
    ...(audience !== undefined && { audience }),
    object: document,
  };
}
