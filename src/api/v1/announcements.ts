import { Router } from 'express';
import { announcementsFor, dismissAnnouncement, reactTo, unreactTo } from '../../domain/announcements.js';
import type { Ctx } from '../../domain/ctx.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { toAnnouncement } from '../entities/announcements.js';
import { viewOf } from '../entities/view.js';
import { pathParam, putOrPatch } from '../routing.js';

export function announcementsRoutes(ctx: Ctx): Router {
  const router = Router();
  const favourites = requireUser('write', 'write:favourites');
  const reaction = '/api/v1/announcements/:id/reactions/:name';

  router.get('/api/v1/announcements', requireUser(), async (req, res) => {
    const { account } = signedIn(req);
    const view = viewOf(ctx, account._id);
    res.json((await announcementsFor(ctx, account)).map((facts) => toAnnouncement(view, facts)));
  });
  router.post(
    '/api/v1/announcements/:id/dismiss',
    requireUser('write', 'write:accounts'),
    async (req, res) => {
      await dismissAnnouncement(ctx, signedIn(req).account, pathParam(req));
      res.json({});
    },
  );
  putOrPatch(router, reaction, favourites, async (req, res) => {
    await reactTo(ctx, signedIn(req).account, { id: pathParam(req), name: pathParam(req, 'name') });
    res.json({});
  });
  router.delete(reaction, favourites, async (req, res) => {
    await unreactTo(ctx, signedIn(req).account, { id: pathParam(req), name: pathParam(req, 'name') });
    res.json({});
  });
  return router;
}
