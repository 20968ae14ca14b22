import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import {
  createFilter,
  deleteFilter,
  filtersOf,
  getFilterWith,
  updateFilter,
  type FilterInput,
} from '../../domain/filters.js';
import { notFound } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import type { Filter } from '../../model/filters.js';
import { toFilterV1 } from '../entities/filters.js';
import { deprecated, pathParam, putOrPatch } from '../routing.js';
import { contextParam, expiryOf, expiryParam } from '../v2/filters.js';

const params = z.object({
  phrase: text(5000),
  context: contextParam,
  irreversible: bool().optional(),
  whole_word: bool().optional(),
  expires_in: expiryParam,
});
/** What an update does not name stays (Mastodon.py sends only what changes). */
const changes = params.partial();

/** The first version of filters, for older clients: each keyword looks like a filter, named by the keyword's id. */
export function filtersV1Routes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:filters');
  const write = requireUser('write', 'write:filters');
  const one = '/api/v1/filters/:id';
  const holder = (req: Request): Promise<Filter> =>
    getFilterWith(ctx, signedIn(req).account._id, { keywordId: pathParam(req) });

  router.use('/api/v1/filters', deprecated('2022-11-14'));
  router.get('/api/v1/filters', read, async (req, res) => {
    const filters = await filtersOf(ctx, signedIn(req).account._id);
    res.json(filters.flatMap((filter) => filter.keywords.map((keyword) => toFilterV1(filter, keyword))));
  });
  router.post('/api/v1/filters', write, async (req, res) => {
    res.json(
      show(await createFilter(ctx, signedIn(req).account, toInput(req, parseParams(params, req))), null),
    );
  });
  router.get(one, read, async (req, res) => {
    res.json(show(await holder(req), pathParam(req)));
  });
  putOrPatch(router, one, write, async (req, res) => {
    const filter = await holder(req);
    const input = toInput(req, parseParams(changes, req), pathParam(req));
    // A filter of the second version keeps its title when one of its keywords is changed.
    const title = filter.keywords.length > 1 ? filter.title : input.title;
    res.json(show(await updateFilter(ctx, filter, { ...input, title }), pathParam(req)));
  });
  router.delete(one, write, async (req, res) => {
    const filter = await holder(req);
    const alone = filter.keywords.length === 1 && !filter.statuses.length;
    if (alone) await deleteFilter(ctx, filter);
    else await updateFilter(ctx, filter, { keywords: [{ id: pathParam(req), destroy: true }] });
    res.json({});
  });
  return router;
}

function toInput(req: Request, given: z.infer<typeof changes>, id?: string): FilterInput {
  const { phrase, irreversible } = given;
  return {
    title: phrase === undefined ? undefined : [...phrase].slice(0, 200).join(''),
    contexts: given.context,
    action: irreversible === undefined ? undefined : irreversible ? 'hide' : 'warn',
    expiresInSeconds: expiryOf(req, given.expires_in),
    keywords: [{ id, keyword: phrase, wholeWord: given.whole_word }],
  };
}

/** The keyword of this id, or the only one. */
function show(filter: Filter, keywordId: string | null) {
  const keyword = filter.keywords.find((k) => keywordId === null || k.id === keywordId);
  if (!keyword) throw notFound();
  return toFilterV1(filter, keyword);
}
