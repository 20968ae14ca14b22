import { Router } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { endorse, endorsementsOf, unendorse } from '../../domain/endorsements.js';
import { getActiveAccount, getShownAccount } from '../../domain/shown-accounts.js';
import { optionalUser, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { pageOf } from '../../http/paging.js';
import { pages } from '../paging.js';
import { deprecated, pathParam } from '../routing.js';
import { sendAccounts, showRelationship } from '../show.js';

/** Accounts that a profile shows. `pin` and `unpin` are the older names. */
export function endorsementsRoutes(ctx: Ctx): Router {
  const router = Router();
  const write = requireUser('write', 'write:accounts');

  router.get('/api/v1/endorsements', requireUser('read', 'read:accounts'), async (req, res) => {
    const page = pageOf(req, pages.accounts);
    const { _id: accountId } = signedIn(req).account;
    await sendAccounts(
      ctx,
      { req, res },
      { edges: await endorsementsOf(ctx, accountId, { accountId, page }), page },
    );
  });
  router.get('/api/v1/accounts/:id/endorsements', optionalUser('read', 'read:accounts'), async (req, res) => {
    const page = pageOf(req, pages.accounts);
    const { _id: accountId } = await getActiveAccount(ctx, pathParam(req));
    const edges = await endorsementsOf(ctx, viewerIdOf(req), { accountId, page });
    await sendAccounts(ctx, { req, res }, { edges, page });
  });
  for (const old of ['pin', 'unpin']) router.post(`/api/v1/accounts/:id/${old}`, deprecated('2025-07-08'));
  for (const [name, act] of [
    ['endorse', endorse],
    ['pin', endorse],
    ['unendorse', unendorse],
    ['unpin', unendorse],
  ] as const) {
    router.post(`/api/v1/accounts/:id/${name}`, write, async (req, res) => {
      const { account } = signedIn(req);
      const target = await getShownAccount(ctx, pathParam(req));
      await act(ctx, account, target);
      res.json(await showRelationship(ctx, account._id, target));
    });
  }
  return router;
}
