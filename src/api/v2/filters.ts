import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import {
  createFilter,
  deleteFilter,
  filtersOf,
  getFilter,
  updateFilter,
  type FilterInput,
} from '../../domain/filters.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, idParam, int, listOf, oneOf, text } from '../../http/coerce.js';
import { paramsOf, parseParams } from '../../http/params.js';
import type { Request } from 'express';
import { toFilter } from '../entities/filters.js';
import { pathParam, putOrPatch } from '../routing.js';

export const contextParam = listOf(oneOf(['home', 'notifications', 'public', 'thread', 'account']), 20);
/** Blank or null means for ever, as clients send it. */
export const expiryParam = z.preprocess(
  (raw) => (raw === '' ? undefined : raw),
  int({ min: 0, max: 100 * 366 * 86_400 }).optional(),
);

const params = z.object({
  title: text(2000).optional(),
  context: contextParam.optional(),
  filter_action: oneOf(['warn', 'hide', 'blur']).optional(),
  expires_in: expiryParam,
  keywords_attributes: listOf(
    z.object({
      id: z.preprocess((raw) => (raw === '' ? undefined : raw), idParam.optional()),
      keyword: text(5000).optional(),
      whole_word: bool().optional(),
      _destroy: bool().optional(),
    }),
    500,
  ).optional(),
});

function readFilter(req: Request): FilterInput {
  const given = parseParams(params, req);
  return {
    title: given.title,
    contexts: given.context,
    action: given.filter_action,
    expiresInSeconds: expiryOf(req, given.expires_in),
    keywords: given.keywords_attributes?.map((k) => ({
      id: k.id,
      keyword: k.keyword,
      wholeWord: k.whole_word,
      destroy: k._destroy,
    })),
  };
}

/** A missing `expires_in` leaves the end as it is; an empty one takes it away. */
export function expiryOf(req: Request, seconds: number | undefined): number | null | undefined {
  return seconds ?? ('expires_in' in paramsOf(req) ? null : undefined);
}

export function filtersRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:filters');
  const write = requireUser('write', 'write:filters');

  router.get('/api/v2/filters', read, async (req, res) => {
    res.json((await filtersOf(ctx, signedIn(req).account._id)).map(toFilter));
  });
  router.post('/api/v2/filters', write, async (req, res) => {
    res.json(toFilter(await createFilter(ctx, signedIn(req).account, readFilter(req))));
  });
  router.get('/api/v2/filters/:id', read, async (req, res) => {
    res.json(toFilter(await getFilter(ctx, signedIn(req).account._id, pathParam(req))));
  });
  putOrPatch(router, '/api/v2/filters/:id', write, async (req, res) => {
    const filter = await getFilter(ctx, signedIn(req).account._id, pathParam(req));
    res.json(toFilter(await updateFilter(ctx, filter, readFilter(req))));
  });
  router.delete('/api/v2/filters/:id', write, async (req, res) => {
    await deleteFilter(ctx, await getFilter(ctx, signedIn(req).account._id, pathParam(req)));
    res.json({});
  });
  return router;
}
