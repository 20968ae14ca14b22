import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { listTimeline } from '../../domain/list-feed.js';
import {
  addMembers,
  createList,
  deleteList,
  getList,
  listLimits,
  listsOf,
  listsWith,
  membersOf,
  removeMembers,
  updateList,
} from '../../domain/lists.js';
import { getShownAccount } from '../../domain/shown-accounts.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, idList, oneOf, text } from '../../http/coerce.js';
import { pageOf } from '../../http/paging.js';
import { parseParams, queryOf } from '../../http/params.js';
import type { List } from '../../model/lists.js';
import { toList } from '../entities/lists.js';
import { pages } from '../paging.js';
import { pathParam, putOrPatch } from '../routing.js';
import { sendAccounts, sendStatuses } from '../show.js';

const changes = {
  replies_policy: oneOf(['followed', 'list', 'none']).optional(),
  exclusive: bool().optional(),
};
const newList = z.object({ title: text(2000), ...changes });
const changedList = z.object({ title: text(2000).optional(), ...changes });
const members = z.object({ account_ids: idList(500) });

/** Timelines of some of the people one follows. */
export function listsRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:lists');
  const write = requireUser('write', 'write:lists');
  const own = (req: Request): Promise<List> => getList(ctx, signedIn(req).account._id, pathParam(req));

  router.get('/api/v1/lists', read, async (req, res) => {
    res.json((await listsOf(ctx, signedIn(req).account._id)).map(toList));
  });
  router.post('/api/v1/lists', write, async (req, res) => {
    const { title, replies_policy: repliesPolicy, exclusive } = parseParams(newList, req);
    res.json(toList(await createList(ctx, signedIn(req).account, { title, repliesPolicy, exclusive })));
  });
  router.get('/api/v1/lists/:id', read, async (req, res) => {
    res.json(toList(await own(req)));
  });
  putOrPatch(router, '/api/v1/lists/:id', write, async (req, res) => {
    const { title, replies_policy: repliesPolicy, exclusive } = parseParams(changedList, req);
    res.json(toList(await updateList(ctx, await own(req), { title, repliesPolicy, exclusive })));
  });
  router.delete('/api/v1/lists/:id', write, async (req, res) => {
    await deleteList(ctx, await own(req));
    res.json({});
  });
  memberRoutes(ctx, router, own);

  router.get('/api/v1/timelines/list/:id', read, async (req, res) => {
    const page = pageOf(req, pages.statuses);
    const statuses = await listTimeline(ctx, await own(req), page);
    await sendStatuses(ctx, { req, res }, { statuses, page, nextOnShort: true });
  });
  router.get('/api/v1/accounts/:id/lists', read, async (req, res) => {
    const target = await getShownAccount(ctx, pathParam(req));
    res.json((await listsWith(ctx, signedIn(req).account._id, target._id)).map(toList));
  });
  return router;
}

function memberRoutes(ctx: Ctx, router: Router, own: (req: Request) => Promise<List>): void {
  const path = '/api/v1/lists/:id/accounts';
  router.get(path, requireUser('read', 'read:lists'), async (req, res) => {
    // A limit of 0 means everybody, as documented.
    const all = queryOf(req)['limit'] === '0';
    const page = all ? { limit: listLimits.members } : pageOf(req, pages.accounts);
    await sendAccounts(ctx, { req, res }, { edges: await membersOf(ctx, await own(req), page), page });
  });
  router.post(path, requireUser('write', 'write:lists'), async (req, res) => {
    await addMembers(ctx, await own(req), parseParams(members, req).account_ids);
    res.json({});
  });
  router.delete(path, requireUser('write', 'write:lists'), async (req, res) => {
    await removeMembers(ctx, await own(req), parseParams(members, req).account_ids);
    res.json({});
  });
}
