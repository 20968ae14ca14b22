import { Router, type Request, type Response } from 'express';
import { bookmark, unbookmark } from '../../domain/bookmarks.js';
import type { Ctx } from '../../domain/ctx.js';
import { favourite, unfavourite } from '../../domain/favourites.js';
import { muteThread, unmuteThread } from '../../domain/mutes.js';
import { pin, unpin } from '../../domain/pins.js';
import { revokeQuote } from '../../domain/quotes.js';
import { reblog, unreblog } from '../../domain/reblogs.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { parseParams } from '../../http/params.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import { z } from 'zod';
import { pathParam } from '../routing.js';
import { showStatus } from '../show.js';
import { visibilityParam } from '../status-params.js';

const reblogParams = z.object({ visibility: visibilityParam });

type Act = (ctx: Ctx, who: Account, statusId: string) => Promise<Status>;

/** What people do with a status; each answers the status as they see it afterwards. */
export function statusesActionsRoutes(ctx: Ctx): Router {
  const router = Router();
  const doing =
    (act: Act) =>
    async (req: Request, res: Response): Promise<void> => {
      const { account } = signedIn(req);
      res.json(await showStatus(ctx, account._id, await act(ctx, account, pathParam(req))));
    };
  const favourites = requireUser('write', 'write:favourites');
  const bookmarks = requireUser('write', 'write:bookmarks');
  const statuses = requireUser('write', 'write:statuses');
  const accounts = requireUser('write', 'write:accounts');
  const mutes = requireUser('write', 'write:mutes');

  router.post('/api/v1/statuses/:id/favourite', favourites, doing(favourite));
  router.post('/api/v1/statuses/:id/unfavourite', favourites, doing(unfavourite));
  router.post('/api/v1/statuses/:id/bookmark', bookmarks, doing(bookmark));
  router.post('/api/v1/statuses/:id/unbookmark', bookmarks, doing(unbookmark));
  router.post('/api/v1/statuses/:id/unreblog', statuses, doing(unreblog));
  router.post('/api/v1/statuses/:id/pin', accounts, doing(pin));
  router.post('/api/v1/statuses/:id/unpin', accounts, doing(unpin));
  router.post('/api/v1/statuses/:id/mute', mutes, doing(muteThread));
  router.post('/api/v1/statuses/:id/unmute', mutes, doing(unmuteThread));

  router.post('/api/v1/statuses/:id/reblog', statuses, async (req, res) => {
    const { account } = signedIn(req);
    const { visibility } = parseParams(reblogParams, req);
    res.json(await showStatus(ctx, account._id, await reblog(ctx, account, pathParam(req), visibility)));
  });

  router.post('/api/v1/statuses/:id/quotes/:quotingId/revoke', statuses, async (req, res) => {
    const { account } = signedIn(req);
    const [statusId, quotingId] = [pathParam(req), pathParam(req, 'quotingId')];
    res.json(await showStatus(ctx, account._id, await revokeQuote(ctx, account, { statusId, quotingId })));
  });

  return router;
}
