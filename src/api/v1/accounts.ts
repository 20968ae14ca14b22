import { Router } from 'express';
import { z } from 'zod';
import { countFollowRequests } from '../../domain/account-lists.js';
import { accountsById, findAccountByAcct } from '../../domain/accounts.js';
import type { Ctx } from '../../domain/ctx.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { familiarFollowersOf } from '../../domain/familiar-followers.js';
import { relationshipsOf } from '../../domain/relationships.js';
import { searchAccounts } from '../../domain/search-accounts.js';
import { getShownAccount } from '../../domain/shown-accounts.js';
import { notFound } from '../../errors.js';
import { optionalUser, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { bool, idList, int, text } from '../../http/coerce.js';
import { limitOf } from '../../http/paging.js';
import { parseParams, queryOf } from '../../http/params.js';
import type { Account, User } from '../../model/account.js';
import { toCredentialAccount, toRelationship } from '../entities/accounts.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { showAccount, showAccounts } from '../show.js';
import { pathParam } from '../routing.js';

const ids = z.object({ id: idList(80).default([]) });
const lookup = z.object({ acct: text(500) });
const search = z.object({
  q: text(500),
  offset: int({ min: 0, max: 10_000 }).default(0),
  resolve: bool().default(false),
  following: bool().default(false),
});

/** Finding and reading accounts. */
export function accountsRoutes(ctx: Ctx): Router {
  const router = Router();
  const readable = optionalUser('read', 'read:accounts');

  router.get(
    '/api/v1/accounts/verify_credentials',
    requireUser('read', 'profile', 'read:accounts'),
    async (req, res) => {
      res.json(await showOwnAccount(ctx, signedIn(req)));
    },
  );

  router.get('/api/v1/accounts', readable, async (req, res) => {
    const known = await accountsById(ctx, parseParams(ids, req).id);
    res.json(
      await showAccounts(
        ctx,
        viewerIdOf(req),
        [...known.values()].filter((a) => a.deletedAt === null),
      ),
    );
  });

  router.get('/api/v1/accounts/lookup', readable, async (req, res) => {
    const account = await findAccountByAcct(ctx, parseParams(lookup, req).acct);
    if (!account || account.deletedAt !== null) throw notFound();
    res.json(await showAccount(ctx, viewerIdOf(req), account));
  });

  router.get('/api/v1/accounts/search', requireUser('read', 'read:accounts'), async (req, res) => {
    const { account } = signedIn(req);
    const { q, ...options } = parseParams(search, req);
    const limit = limitOf(queryOf(req)['limit'], pages.accounts);
    res.json(
      await showAccounts(ctx, account._id, await searchAccounts(ctx, account._id, { q, limit, ...options })),
    );
  });

  router.get('/api/v1/accounts/relationships', requireUser('read', 'read:follows'), async (req, res) => {
    const { account } = signedIn(req);
    const wanted = parseParams(ids, req).id;
    const known = await accountsById(ctx, wanted);
    const relations = await relationshipsOf(ctx, account._id, [...known.values()]);
    res.json(
      [...new Set(wanted)].flatMap((id) => {
        const relation = relations.get(id);
        return relation ? [toRelationship(id, relation)] : [];
      }),
    );
  });

  router.get('/api/v1/accounts/familiar_followers', requireUser('read', 'read:follows'), async (req, res) => {
    const { account } = signedIn(req);
    const familiar = await familiarFollowersOf(ctx, account._id, parseParams(ids, req).id);
    const shown = await showAccounts(ctx, account._id, [...new Set(familiar.flatMap((f) => f.accounts))]);
    const byId = new Map(shown.map((a) => [a.id, a]));
    res.json(familiar.map((f) => ({ id: f.id, accounts: f.accounts.flatMap((a) => byId.get(a._id) ?? []) })));
  });

  router.get('/api/v1/accounts/:id', readable, async (req, res) => {
    res.json(await showAccount(ctx, viewerIdOf(req), await getShownAccount(ctx, pathParam(req))));
  });

  return router;
}

/** The signed-in person's own account, as clients know it from sign-in. */
export async function showOwnAccount(ctx: Ctx, { account, user }: { account: Account; user: User }) {
  const [facts, requests] = await Promise.all([
    loadAccount(ctx, account),
    countFollowRequests(ctx, account._id),
  ]);
  return toCredentialAccount(viewOf(ctx, account._id), facts, { user, requests });
}
