import { Router } from 'express';
import type { Request, Response } from 'express';
import { instanceActorUri } from '../../domain/urls.js';
import { notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import { toActorStub } from '../../outbox/objects/actor.js';
import { loadActor } from '../../outbox/objects/load.js';
import { optionalId, textParam } from './query.js';
import { sendDocument, sendOn, sendPage, sendRendered } from './answer.js';
import { getActive, getNamed } from './lookup.js';
import { wantedOf } from './negotiate.js';
import { identifySigner } from './signer.js';
import type { Site } from './site.js';

/** Actors and profiles: `/users/:name`, `/@:name`, `/actor`. */
export function actorRoutes(site: Site): Router {
  const router = Router();
  router.get('/actor', async (req, res) => {
    const instance = await site.ctx.db.accounts.findOne({ uri: instanceActorUri(site.ctx.names) });
    if (!instance) throw notFound();
    // Always reachable: without it nobody could check the signature of our first request.
    sendRendered(req, res, await getDocument(site, instance));
  });
  router.get('/users/:name', async (req, res) => {
    const account = await getNamed(site.ctx, textParam(req, 'name'));
    if (wantedOf(req, 'activity') === 'page') return sendOn(res, account.url);
    await sendActor(site, req, { res, account });
  });
  router.get('/@:name', async (req, res, next) => {
    if (textParam(req, 'name').includes('@')) return next();
    if (wantedOf(req, 'page') === 'activity')
      return sendActor(site, req, { res, account: await getNamed(site.ctx, textParam(req, 'name')) });
    const account = await getActive(site.ctx, textParam(req, 'name'));
    const html = await site.pages.profile(account, { maxId: optionalId(req, 'max_id') });
    sendPage(req, res, { html, alternate: account.uri });
  });
  return router;
}

/**
 * In secure mode those who did not sign get the keys and nothing else: two servers that both require signatures must be
 * able to check each other's.
 */
async function sendActor(
  site: Site,
  req: Request,
  { res, account }: { res: Response; account: Account },
): Promise<void> {
  const { secureMode } = site.ctx.settings;
  const signer = await identifySigner(site.ctx, req, { deps: site, open: !secureMode });
  if (!secureMode || signer.account) return sendRendered(req, res, await getDocument(site, account));
  const keys = await site.ctx.keys.publicKeys(account._id);
  if (!keys) throw notFound();
  sendDocument(req, res, toActorStub(account, keys), { personal: true });
}

async function getDocument(site: Site, account: Account) {
  // Whoever comes to look because a signature did not fit must find the key that it was made with.
  const keys = await site.ctx.keys.publicKeys(account._id);
  const key = `${account.uri} ${keys?.rsa.publicPem ?? ''}`;
  const rendered = await site.rendered.get(key, account, () => loadActor(site.ctx, account));
  if (!rendered) throw notFound();
  return rendered;
}
