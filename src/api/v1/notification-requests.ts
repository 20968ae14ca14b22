import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { loadAccountsById } from '../../domain/facts/accounts.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import {
  acceptRequest,
  dismissRequest,
  getNotificationRequest,
  notificationRequestsOf,
} from '../../domain/notification-requests.js';
import { statusesById } from '../../domain/status-lists.js';
import { notFound } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { idList } from '../../http/coerce.js';
import { pageOf, sendPage } from '../../http/paging.js';
import { parseParams } from '../../http/params.js';
import type { NotificationRequest } from '../../model/notification-policy.js';
import { toNotificationRequest } from '../entities/notification-policy.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { pathParam } from '../routing.js';

/** Without ids there is nothing to do, which is no error (masto.js). */
const ids = z.object({ id: idList(80).default([]) });
const base = '/api/v1/notifications/requests';

/** Senders whose notifications were put aside. */
export function notificationRequestsRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:notifications');
  const write = requireUser('write', 'write:notifications');

  router.get(base, read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.notifications);
    const requests = await notificationRequestsOf(ctx, account._id, page);
    const items = await showRequests(ctx, account._id, requests);
    const requestIds = requests.map((r) => r._id);
    sendPage(req, res, { items, ids: requestIds, style: 'min_id', nextOnShort: true, limit: page.limit });
  });
  // Accepting takes effect before it is answered, so there is never anything left to merge.
  router.get(`${base}/merged`, read, (_req, res) => void res.json({ merged: true }));

  router.get(`${base}/:id`, read, async (req, res) => {
    const { account } = signedIn(req);
    const request = await getNotificationRequest(ctx, account._id, pathParam(req));
    const [shown] = await showRequests(ctx, account._id, [request]);
    if (!shown) throw notFound();
    res.json(shown);
  });

  for (const [name, act] of [
    ['accept', acceptRequest],
    ['dismiss', dismissRequest],
  ] as const) {
    const answer = async (req: Request, res: Response, wanted: readonly string[]): Promise<void> => {
      const { account } = signedIn(req);
      for (const id of wanted) await act(ctx, await getNotificationRequest(ctx, account._id, id));
      res.json({});
    };
    router.post(`${base}/${name}`, write, (req, res) => answer(req, res, parseParams(ids, req).id));
    router.post(`${base}/:id/${name}`, write, (req, res) => answer(req, res, [pathParam(req)]));
  }
  return router;
}

async function showRequests(ctx: Ctx, viewerId: string, requests: readonly NotificationRequest[]) {
  const accounts = await loadAccountsById(
    ctx,
    requests.map((r) => r.fromId),
  );
  const statusIds = requests.flatMap((r) => r.lastStatusId ?? []);
  const statuses = await loadStatuses(ctx, viewerId, await statusesById(ctx, viewerId, statusIds));
  const view = viewOf(ctx, viewerId);
  return requests.flatMap((request) => {
    const from = accounts.get(request.fromId);
    return from ? [toNotificationRequest(view, request, { from, statuses })] : [];
  });
}
