import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { directory, dismissSuggestion, suggestionsFor } from '../../domain/suggestions.js';
import { optionalUser, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { bool, int, oneOf } from '../../http/coerce.js';
import { limitOf } from '../../http/paging.js';
import { parseParams, queryOf } from '../../http/params.js';
import { pages } from '../paging.js';
import { deprecated, pathParam } from '../routing.js';
import { showAccounts } from '../show.js';

const directoryParams = z.object({
  order: oneOf(['active', 'new']).default('active'),
  local: bool().default(false),
  offset: int({ min: 0, max: 10_000 }).default(0),
});

/** Finding people: suggestions and the directory. */
export function discoveryRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:accounts');
  const suggest = async (req: Request) => {
    const { account } = signedIn(req);
    const found = await suggestionsFor(ctx, account, limitOf(queryOf(req)['limit'], pages.accounts));
    const shown = await showAccounts(
      ctx,
      account._id,
      found.map((s) => s.account),
    );
    const byId = new Map(shown.map((a) => [a.id, a]));
    return found.flatMap(({ account: a, source }) => {
      const entity = byId.get(a._id);
      return entity ? [{ source: 'global', sources: [source], account: entity }] : [];
    });
  };

  router.get('/api/v1/suggestions', deprecated('2021-05-16'), read, async (req, res) => {
    res.json((await suggest(req)).map((s) => s.account));
  });
  router.get('/api/v2/suggestions', read, async (req, res) => {
    res.json(await suggest(req));
  });
  router.delete('/api/v1/suggestions/:id', requireUser('write', 'write:accounts'), async (req, res) => {
    await dismissSuggestion(ctx, signedIn(req).account, pathParam(req));
    res.json({});
  });
  router.get('/api/v1/directory', optionalUser(), async (req, res) => {
    const limit = limitOf(queryOf(req)['limit'], pages.accounts);
    const viewerId = viewerIdOf(req);
    const found = await directory(ctx, viewerId, { ...parseParams(directoryParams, req), limit });
    res.json(await showAccounts(ctx, viewerId, found));
  });
  return router;
}
