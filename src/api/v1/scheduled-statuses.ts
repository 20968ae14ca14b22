import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { cancelScheduled, getScheduled, reschedule, scheduledOf } from '../../domain/scheduled.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { text } from '../../http/coerce.js';
import { pageOf, sendPage } from '../../http/paging.js';
import { parseParams } from '../../http/params.js';
import type { ScheduledStatus } from '../../model/scheduled.js';
import { toScheduledStatus } from '../entities/scheduled.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { pathParam, putOrPatch } from '../routing.js';
import { parseTime } from '../status-params.js';

const params = z.object({ scheduled_at: text(100).optional() });

/** Statuses that wait for their time. */
export function scheduledStatusesRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:statuses');
  const write = requireUser('write', 'write:statuses');

  router.get('/api/v1/scheduled_statuses', read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.statuses);
    const found = await scheduledOf(ctx, account._id, page);
    const items = await showScheduled(ctx, account._id, found);
    const ids = found.map((s) => s._id);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.get('/api/v1/scheduled_statuses/:id', read, async (req, res) => {
    const { account } = signedIn(req);
    const found = await getScheduled(ctx, account._id, pathParam(req));
    res.json((await showScheduled(ctx, account._id, [found]))[0]);
  });
  putOrPatch(router, '/api/v1/scheduled_statuses/:id', write, async (req, res) => {
    const { account } = signedIn(req);
    const found = await getScheduled(ctx, account._id, pathParam(req));
    const given = parseParams(params, req).scheduled_at;
    const moved =
      given === undefined ? found : await reschedule(ctx, found, parseTime(given, 'Scheduled at'));
    res.json((await showScheduled(ctx, account._id, [moved]))[0]);
  });
  router.delete('/api/v1/scheduled_statuses/:id', write, async (req, res) => {
    await cancelScheduled(ctx, await getScheduled(ctx, signedIn(req).account._id, pathParam(req)));
    res.json({});
  });
  return router;
}

export async function showScheduled(ctx: Ctx, viewerId: string, list: readonly ScheduledStatus[]) {
  const mediaIds = list.flatMap((s) => s.mediaIds);
  const media = mediaIds.length ? await ctx.db.media.find({ _id: { $in: mediaIds } }).toArray() : [];
  const byId = new Map(media.map((m) => [m._id, m]));
  return list.map((s) => toScheduledStatus(viewOf(ctx, viewerId), s, byId));
}
