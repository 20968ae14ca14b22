import { Router, type Request, type Response } from 'express';
import { followRequestsOf, isFollowRequested } from '../../domain/account-lists.js';
import type { Ctx } from '../../domain/ctx.js';
import { acceptFollow, rejectFollow } from '../../domain/follows.js';
import { getShownAccount } from '../../domain/shown-accounts.js';
import { notFound } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { pageOf } from '../../http/paging.js';
import { pages } from '../paging.js';
import { sendAccounts, showRelationship } from '../show.js';
import { pathParam } from '../routing.js';

/** People who ask to follow. */
export function followRequestsRoutes(ctx: Ctx): Router {
  const router = Router();
  const write = requireUser('write', 'follow', 'write:follows');

  router.get('/api/v1/follow_requests', requireUser('read', 'follow', 'read:follows'), async (req, res) => {
    const page = pageOf(req, pages.accounts);
    const edges = await followRequestsOf(ctx, signedIn(req).account._id, page);
    await sendAccounts(ctx, { req, res }, { edges, page });
  });

  const answer =
    (act: (fromId: string, ownId: string) => Promise<unknown>) =>
    async (req: Request, res: Response): Promise<void> => {
      const { account } = signedIn(req);
      const from = await getShownAccount(ctx, pathParam(req));
      if (!(await isFollowRequested(ctx, from._id, account._id))) throw notFound();
      await act(from._id, account._id);
      res.json(await showRelationship(ctx, account._id, from));
    };
  router.post(
    '/api/v1/follow_requests/:id/authorize',
    write,
    answer((from, own) => acceptFollow(ctx, from, own)),
  );
  router.post(
    '/api/v1/follow_requests/:id/reject',
    write,
    answer((from, own) => rejectFollow(ctx, from, own)),
  );
  return router;
}
