import { Router } from 'express';
import type { Request } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import { toCollection, toCollectionPage } from '../../../federation/vocabulary/collection.js';
import { visibleOf } from '../../domain/visible.js';
import type { Status } from '../../model/status.js';
import { isOpen } from '../../outbox/audience.js';
import type { Filter } from '../../store/port.js';
import { sendDocument } from './answer.js';
import { getActive, getByObjectName, getSeen } from './lookup.js';
import { isSet, optionalId, textParam } from './query.js';
import type { Site } from './site.js';
import { viewerOfStatus } from './viewer.js';

const pageSize = 20;

/** What others did with a status: `/replies`, `/likes`, `/shares` under its URL. Who liked it is not told. */
export function responseRoutes(site: Site): Router {
  const router = Router();
  const base = '/users/:name/statuses/:id';
  router.get(`${base}/likes`, async (req, res) => {
    const { status } = await seen(site, req);
    const document = toCollection({ id: `${status.uri}/likes`, totalItems: status.favouritesCount });
    sendDocument(req, res, document, { personal: !isOpen(status) });
  });
  router.get(`${base}/shares`, async (req, res) => {
    const { status } = await seen(site, req);
    const document = toCollection({ id: `${status.uri}/shares`, totalItems: status.reblogsCount });
    sendDocument(req, res, document, { personal: !isOpen(status) });
  });
  router.get(`${base}/replies`, async (req, res) => {
    const { status, viewerId } = await seen(site, req);
    const document = isSet(req, 'page')
      ? await repliesPage(site, req, { status, viewerId })
      : await replies(site, { status, viewerId });
    sendDocument(req, res, document, { personal: !isOpen(status) });
  });
  return router;
}

interface Seen {
  status: Status;
  viewerId: string | null;
}

async function seen(site: Site, req: Request): Promise<Seen> {
  const author = await getActive(site.ctx, textParam(req, 'name'));
  const status = await getByObjectName(site, author, textParam(req, 'id'));
  const viewerId = await viewerOfStatus(site, req, status);
  return { status: await getSeen(site, viewerId, status), viewerId };
}

/** Open replies only are counted: the number says nothing about the others. */
async function replies(site: Site, { status, viewerId }: Seen): Promise<JsonObject> {
  const id = `${status.uri}/replies`;
  const open = { inReplyToId: status._id, visibility: { $in: ['public', 'unlisted'] } };
  const totalItems = await site.ctx.db.statuses.countDocuments(open);
  const first = await pageOf(site, { status, viewerId }, { others: false, minId: undefined });
  return toCollection({ id, totalItems, first });
}

function repliesPage(site: Site, req: Request, shown: Seen): Promise<JsonObject> {
  return pageOf(site, shown, {
    others: isSet(req, 'only_other_accounts'),
    minId: optionalId(req, 'min_id'),
  });
}

/** The author's own replies first, then everybody else's, as Mastodon does it; oldest first. */
async function pageOf(
  site: Site,
  { status, viewerId }: Seen,
  { others, minId }: { others: boolean; minId: string | undefined },
): Promise<JsonObject> {
  const filter: Filter = {
    inReplyToId: status._id,
    accountId: others ? { $ne: status.accountId } : status.accountId,
    ...(minId !== undefined && { _id: { $gt: minId } }),
  };
  const found = await site.ctx.db.statuses.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
  const visible = await visibleOf(site.ctx, viewerId, found);
  const last = found.length === pageSize ? found.at(-1) : undefined;
  return toCollectionPage({
    id: pageId(status, { others, minId }),
    partOf: `${status.uri}/replies`,
    items: visible.map((s) => s.uri),
    ...(last && { next: pageId(status, { others, minId: last._id }) }),
    ...(!last && !others && { next: pageId(status, { others: true, minId: undefined }) }),
  });
}

function pageId(status: Status, { others, minId }: { others: boolean; minId: string | undefined }): string {
  const query = new URLSearchParams({
    page: 'true',
    ...(others && { only_other_accounts: 'true' }),
    ...(minId !== undefined && { min_id: minId }),
  });
  return `${status.uri}/replies?${query.toString()}`;
}
