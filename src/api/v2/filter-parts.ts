import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import {
  addFilterStatus,
  getFilter,
  getFilterWith,
  removeFilterStatus,
  updateFilter,
} from '../../domain/filters.js';
import { notFound } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, idParam, text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import type { Filter } from '../../model/filters.js';
import { toFilterKeyword, toFilterStatus } from '../entities/filters.js';
import { pathParam, putOrPatch } from '../routing.js';

const keywordParams = z.object({ keyword: text(5000), whole_word: bool().optional() });
const statusParams = z.object({ status_id: idParam });
const read = requireUser('read', 'read:filters');
const write = requireUser('write', 'write:filters');

/** The keywords of a filter, each with an address of its own. */
export function filterKeywordsRoutes(ctx: Ctx): Router {
  const router = Router();
  const one = '/api/v2/filters/keywords/:id';
  const holder = (req: Request): Promise<Filter> =>
    getFilterWith(ctx, signedIn(req).account._id, { keywordId: pathParam(req) });

  router.get(one, read, async (req, res) => {
    res.json(toFilterKeyword(pick((await holder(req)).keywords, pathParam(req))));
  });
  putOrPatch(router, one, write, async (req, res) => {
    const { keyword, whole_word: wholeWord } = parseParams(keywordParams, req);
    const id = pathParam(req);
    const filter = await updateFilter(ctx, await holder(req), { keywords: [{ id, keyword, wholeWord }] });
    res.json(toFilterKeyword(pick(filter.keywords, id)));
  });
  router.delete(one, write, async (req, res) => {
    await updateFilter(ctx, await holder(req), { keywords: [{ id: pathParam(req), destroy: true }] });
    res.json({});
  });
  router.get('/api/v2/filters/:id/keywords', read, async (req, res) => {
    const filter = await getFilter(ctx, signedIn(req).account._id, pathParam(req));
    res.json(filter.keywords.map(toFilterKeyword));
  });
  router.post('/api/v2/filters/:id/keywords', write, async (req, res) => {
    const filter = await getFilter(ctx, signedIn(req).account._id, pathParam(req));
    const { keyword, whole_word: wholeWord } = parseParams(keywordParams, req);
    const updated = await updateFilter(ctx, filter, { keywords: [{ keyword, wholeWord }] });
    res.json(toFilterKeyword(last(updated.keywords)));
  });
  return router;
}

/** The single statuses of a filter. */
export function filterStatusesRoutes(ctx: Ctx): Router {
  const router = Router();
  const one = '/api/v2/filters/statuses/:id';
  const holder = (req: Request): Promise<Filter> =>
    getFilterWith(ctx, signedIn(req).account._id, { statusEntryId: pathParam(req) });

  router.get(one, read, async (req, res) => {
    res.json(toFilterStatus(pick((await holder(req)).statuses, pathParam(req))));
  });
  router.delete(one, write, async (req, res) => {
    const filter = await holder(req);
    await removeFilterStatus(ctx, filter, pathParam(req));
    res.json(toFilterStatus(pick(filter.statuses, pathParam(req))));
  });
  router.get('/api/v2/filters/:id/statuses', read, async (req, res) => {
    const filter = await getFilter(ctx, signedIn(req).account._id, pathParam(req));
    res.json(filter.statuses.map(toFilterStatus));
  });
  router.post('/api/v2/filters/:id/statuses', write, async (req, res) => {
    const filter = await getFilter(ctx, signedIn(req).account._id, pathParam(req));
    res.json(toFilterStatus(await addFilterStatus(ctx, filter, parseParams(statusParams, req).status_id)));
  });
  return router;
}

function pick<T extends { id: string }>(list: readonly T[], id: string): T {
  const found = list.find((entry) => entry.id === id);
  if (!found) throw notFound();
  return found;
}

function last<T>(list: readonly T[]): T {
  const found = list.at(-1);
  if (!found) throw notFound();
  return found;
}
