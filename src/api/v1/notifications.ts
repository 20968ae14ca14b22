import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { loadNotifications } from '../../domain/facts/notifications.js';
import {
  countUnread,
  dismissAll,
  dismissNotifications,
  getNotification,
} from '../../domain/notifications-own.js';
import { listNotifications, type NotificationOptions } from '../../domain/notifications.js';
import { notFound } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, idList, idParam, stringList } from '../../http/coerce.js';
import { limitOf, pageOf, sendPage } from '../../http/paging.js';
import { parseParams, queryOf } from '../../http/params.js';
import { toPublicId } from '../../model/ids.js';
import { toNotifications } from '../entities/notifications.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { pathParam } from '../routing.js';

const options = z.object({
  types: stringList(50).optional(),
  exclude_types: stringList(50).optional(),
  account_id: idParam.optional(),
  include_filtered: bool().default(false),
});
const ids = z.object({ ids: idList(80).default([]) });

/** Which notifications are wanted. Those of one sender come with what was put aside, for looking at a request. */
export function optionsOf(req: Request): NotificationOptions {
  const given = parseParams(options, req);
  return {
    types: given.types,
    excludeTypes: given.exclude_types,
    fromId: given.account_id,
    includeFiltered: given.include_filtered || given.account_id !== undefined,
  };
}

export function notificationsRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:notifications');
  const write = requireUser('write', 'write:notifications');

  router.get('/api/v1/notifications', read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.notifications);
    const found = await listNotifications(ctx, account._id, page, optionsOf(req));
    const facts = await loadNotifications(ctx, account._id, found);
    const items = toNotifications(viewOf(ctx, account._id), facts);
    sendPage(req, res, {
      items,
      ids: found.map((n) => toPublicId(n._id)),
      style: 'min_id',
      nextOnShort: true,
      limit: page.limit,
    });
  });

  router.get('/api/v1/notifications/unread_count', read, async (req, res) => {
    const { account } = signedIn(req);
    const limit = limitOf(queryOf(req)['limit'], { default: 100, max: 1000 });
    res.json({ count: await countUnread(ctx, account._id, { ...optionsOf(req), limit }) });
  });

  router.post('/api/v1/notifications/clear', write, async (req, res) => {
    await dismissAll(ctx, signedIn(req).account._id);
    res.json({});
  });

  router.delete('/api/v1/notifications/destroy_multiple', write, async (req, res) => {
    await dismissNotifications(ctx, signedIn(req).account._id, parseParams(ids, req).ids);
    res.json({});
  });

  router.get('/api/v1/notifications/:id', read, async (req, res) => {
    const { account } = signedIn(req);
    const found = await getNotification(ctx, account._id, pathParam(req));
    const facts = await loadNotifications(ctx, account._id, [found]);
    const [shown] = toNotifications(viewOf(ctx, account._id), facts);
    if (!shown) throw notFound();
    res.json(shown);
  });

  const dismiss = async (req: Request): Promise<void> => {
    const { account } = signedIn(req);
    const found = await getNotification(ctx, account._id, pathParam(req));
    await dismissNotifications(ctx, account._id, [found._id]);
  };
  router.post('/api/v1/notifications/:id/dismiss', write, async (req, res) => {
    await dismiss(req);
    res.json({});
  });
  router.delete('/api/v1/notifications/:id', write, async (req, res) => {
    await dismiss(req);
    res.json({});
  });
  return router;
}
