import { Router } from 'express';
import type { Request, Response } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import { visibleOf } from '../../domain/visible.js';
import { notFound } from '../../errors.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import { isOpen } from '../../outbox/audience.js';
import { toCreate } from '../../outbox/objects/activities.js';
import { loadNote } from '../../outbox/objects/load.js';
import { sendOn, sendPage, sendRendered } from './answer.js';
import { findByIdText, getActive, getByObjectName, getSeen } from './lookup.js';
import { wantedOf } from './negotiate.js';
import { textParam } from './query.js';
import type { Site } from './site.js';
import { viewerOfStatus } from './viewer.js';

/** Objects and their pages: `/users/:name/statuses/:id`, its `/activity`, and `/@:name/:id`. */
export function statusRoutes(site: Site): Router {
  const router = Router();
  router.get('/users/:name/statuses/:id', async (req, res) => {
    const { status } = await named(site, req);
    if (wantedOf(req, 'activity') === 'page') return sendOn(res, await pageOf(site, status));
    await sendStatus(site, req, { res, status, form: 'object', wrap: (note) => note });
  });
  router.get('/users/:name/statuses/:id/activity', async (req, res) => {
    const { author, status } = await named(site, req);
    if (wantedOf(req, 'activity') === 'page') return sendOn(res, await pageOf(site, status));
    await sendStatus(site, req, { res, status, form: 'activity', wrap: (note) => toCreate(author, note) });
  });
  router.get('/@:name/:id', async (req, res) => {
    const author = await getActive(site.ctx, textParam(req, 'name'));
    const status = await findByIdText(site, textParam(req, 'id'));
    // What is not open has no guessable URL: its id alone leads nowhere.
    if (status?.accountId !== author._id || !isOpen(status)) throw notFound();
    if (status.reblogOfId !== null) return sendOn(res, await pageOfShown(site, status.reblogOfId));
    if (wantedOf(req, 'page') === 'activity')
      return sendStatus(site, req, { res, status, form: 'object', wrap: (note) => note });
    const html = await site.pages.status(await getSeen(site, null, status));
    sendPage(req, res, { html, alternate: status.uri });
  });
  return router;
}

async function named(site: Site, req: Request): Promise<{ author: Account; status: Status }> {
  const author = await getActive(site.ctx, textParam(req, 'name'));
  return { author, status: await getByObjectName(site, author, textParam(req, 'id')) };
}

interface Shown {
  res: Response;
  status: Status;
  form: 'object' | 'activity';
  wrap: (note: JsonObject) => JsonObject;
}

async function sendStatus(site: Site, req: Request, { res, status, form, wrap }: Shown): Promise<void> {
  const viewerId = await viewerOfStatus(site, req, status);
  const seen = await getSeen(site, viewerId, status);
  const rendered = await site.rendered.get(`${form} ${status.uri}`, seen, async () => {
    const note = await loadNote(site.ctx, seen);
    return note && wrap(note);
  });
  if (!rendered) throw notFound();
  sendRendered(req, res, rendered, { personal: !isOpen(status) });
}

/** The page of a status, for people; they sign nothing, so it must be one that anybody may see. */
async function pageOf(site: Site, status: Status): Promise<string> {
  const seen = await getSeen(site, null, status);
  return seen.url ?? seen.uri;
}

async function pageOfShown(site: Site, statusId: string): Promise<string> {
  const shown = await site.ctx.db.statuses.findOne({ _id: statusId });
  const [seen] = shown ? await visibleOf(site.ctx, null, [shown]) : [];
  if (!seen) throw notFound();
  return seen.url ?? seen.uri;
}
