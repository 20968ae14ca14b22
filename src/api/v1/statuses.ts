import { Router } from 'express';
import { z } from 'zod';
import { favouritedBy, rebloggedBy } from '../../domain/account-lists.js';
import type { Ctx } from '../../domain/ctx.js';
import { statusContext } from '../../domain/context.js';
import { loadEdits } from '../../domain/facts/edits.js';
import { shownStatus } from '../../domain/visible.js';
import { quotesOf } from '../../domain/quoting.js';
import { statusesById } from '../../domain/status-lists.js';
import { getVisibleStatus } from '../../domain/visible.js';
import { notFound } from '../../errors.js';
import { optionalUser, requireToken, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { idList } from '../../http/coerce.js';
import { pageOf, sendPage } from '../../http/paging.js';
import { parseParams } from '../../http/params.js';
import { toStatusEdit } from '../entities/edits.js';
import { toStatusSource } from '../entities/statuses.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { sendAccounts, showStatus, showStatuses } from '../show.js';
import { pathParam } from '../routing.js';

const ids = z.object({ id: idList(40).default([]) });

/** Reading statuses and what is around them. */
export function statusesRoutes(ctx: Ctx): Router {
  const router = Router();
  const readable = optionalUser('read', 'read:statuses');
  const people = optionalUser('read', 'read:accounts');

  router.get('/api/v1/statuses', readable, async (req, res) => {
    const viewerId = viewerIdOf(req);
    res.json(await showStatuses(ctx, viewerId, await statusesById(ctx, viewerId, parseParams(ids, req).id)));
  });

  router.get('/api/v1/statuses/:id', readable, async (req, res) => {
    const viewerId = viewerIdOf(req);
    res.json(await showStatus(ctx, viewerId, await getVisibleStatus(ctx, viewerId, pathParam(req))));
  });

  router.get('/api/v1/statuses/:id/context', readable, async (req, res) => {
    const viewerId = viewerIdOf(req);
    const around = await statusContext(ctx, viewerId, await shownStatus(ctx, viewerId, pathParam(req)));
    const shown = await showStatuses(ctx, viewerId, [...around.ancestors, ...around.descendants]);
    const parents = new Set(around.ancestors.map((s) => s._id));
    res.json({
      ancestors: shown.filter((s) => parents.has(s.id)),
      descendants: shown.filter((s) => !parents.has(s.id)),
    });
  });

  router.get('/api/v1/statuses/:id/history', readable, async (req, res) => {
    const viewerId = viewerIdOf(req);
    const { edits, author, media } = await loadEdits(ctx, await shownStatus(ctx, viewerId, pathParam(req)));
    res.json(edits.map((edit) => toStatusEdit(viewOf(ctx, viewerId), edit, { author, media })));
  });

  router.get('/api/v1/statuses/:id/source', requireToken('read', 'read:statuses'), async (req, res) => {
    res.json(toStatusSource(await getVisibleStatus(ctx, viewerIdOf(req), pathParam(req))));
  });

  router.get('/api/v1/statuses/:id/favourited_by', people, async (req, res) => {
    const page = pageOf(req, pages.accounts);
    const edges = await favouritedBy(ctx, viewerIdOf(req), { statusId: pathParam(req), page });
    await sendAccounts(ctx, { req, res }, { edges, page });
  });

  router.get('/api/v1/statuses/:id/reblogged_by', people, async (req, res) => {
    const page = pageOf(req, pages.accounts);
    const edges = await rebloggedBy(ctx, viewerIdOf(req), { statusId: pathParam(req), page });
    await sendAccounts(ctx, { req, res }, { edges, page });
  });

  router.get('/api/v1/statuses/:id/quotes', requireUser('read', 'read:statuses'), async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.statuses);
    const status = await shownStatus(ctx, account._id, pathParam(req));
    const { items, ids } = await quotesOf(ctx, account._id, { status, page });
    const shown = await showStatuses(ctx, account._id, items);
    sendPage(req, res, { items: shown, ids, style: 'since_id', nextOnShort: false, limit: page.limit });
  });

  // No translation service is configured: as Mastodon, the post is then not to be had in another language.
  router.post('/api/v1/statuses/:id/translate', requireUser('read', 'read:statuses'), async (req) => {
    await getVisibleStatus(ctx, viewerIdOf(req), pathParam(req));
    throw notFound();
  });

  return router;
}
