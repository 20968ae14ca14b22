import { Router, type Request } from 'express';
import { z } from 'zod';
import { changeTag, getTagById, listTagsForStaff } from '../../../domain/admin-tags.js';
import { judgeLink, judgePublisher, judgeStatus, listPublishers } from '../../../domain/admin-trends.js';
import type { Ctx } from '../../../domain/ctx.js';
import { staffName } from '../../../domain/staff-rules.js';
import { loadTags } from '../../../domain/tags.js';
import { trendingLinks, trendingStatuses, trendingTags } from '../../../domain/trends.js';
import { signedIn } from '../../../http/auth.js';
import { bool, text } from '../../../http/coerce.js';
import { limitOf, pageOf, sendOffsetPage, sendPage } from '../../../http/paging.js';
import { parseParams, queryOf } from '../../../http/params.js';
import type { Tag } from '../../../model/tags.js';
import { toAdminTag, toAdminTrendingLink, toLinkPublisher } from '../../entities/admin-trends.js';
import { viewOf } from '../../entities/view.js';
import { pages } from '../../paging.js';
import { pathParam, putOrPatch } from '../../routing.js';
import { showStatus, showStatuses } from '../../show.js';
import { requireStaff, staffOf } from './staff.js';

const tagChanges = z.object({
  display_name: text(500).optional(),
  trendable: bool().optional(),
  usable: bool().optional(),
  listable: bool().optional(),
});

const read = requireStaff('manageTaxonomies', 'admin:read');
const write = requireStaff('manageTaxonomies', 'admin:write');
const verdicts = [
  { name: 'approve', trendable: true },
  { name: 'reject', trendable: false },
];
const viewerOf = (req: Request): string => signedIn(req).account._id;

/** Hashtags and what trends, for staff. */
export function adminTrendsRoutes(ctx: Ctx): Router {
  const router = Router();
  tags(ctx, router);
  trendingTagRoutes(ctx, router);
  links(ctx, router);
  statuses(ctx, router);
  return router;
}

async function showAdminTags(ctx: Ctx, viewerId: string, list: readonly Tag[]) {
  const view = viewOf(ctx, viewerId);
  return (await loadTags(ctx, viewerId, list)).map((facts) => toAdminTag(view, facts));
}

function sliceOf(req: Request): { offset: number; limit: number } {
  const query = queryOf(req);
  const offset = limitOf(query['offset'], { default: 0, max: 10_000 });
  return { offset, limit: limitOf(query['limit'], pages.admin) };
}

function tags(ctx: Ctx, router: Router): void {
  const path = '/api/v1/admin/tags';
  router.get(path, read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listTagsForStaff(ctx, page);
    const items = await showAdminTags(ctx, viewerOf(req), found);
    const ids = found.map((t) => t._id);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.get(`${path}/:id`, read, async (req, res) => {
    res.json((await showAdminTags(ctx, viewerOf(req), [await getTagById(ctx, pathParam(req))]))[0]);
  });
  putOrPatch(router, `${path}/:id`, write, async (req, res) => {
    const { display_name, trendable, usable, listable } = parseParams(tagChanges, req);
    const changes = {
      ...(display_name !== undefined && { displayName: display_name.replace(/^#/, '') }),
      ...(trendable !== undefined && { trendable }),
      ...(usable !== undefined && { usable }),
      ...(listable !== undefined && { listable }),
    };
    const tag = await changeTag(ctx, staffName(staffOf(req)), { id: pathParam(req), changes });
    res.json((await showAdminTags(ctx, viewerOf(req), [tag]))[0]);
  });
}

function trendingTagRoutes(ctx: Ctx, router: Router): void {
  const path = '/api/v1/admin/trends/tags';
  router.get(path, read, async (req, res) => {
    const { offset, limit } = sliceOf(req);
    const found = (await trendingTags(ctx, { all: true })).slice(offset, offset + limit);
    sendOffsetPage(req, res, { items: await showAdminTags(ctx, viewerOf(req), found), offset, limit });
  });
  for (const { name, trendable } of verdicts) {
    router.post(`${path}/:id/${name}`, write, async (req, res) => {
      const change = { id: pathParam(req), changes: { trendable } };
      const tag = await changeTag(ctx, staffName(staffOf(req)), change);
      res.json((await showAdminTags(ctx, viewerOf(req), [tag]))[0]);
    });
  }
}

function links(ctx: Ctx, router: Router): void {
  const path = '/api/v1/admin/trends/links';
  router.get(path, read, async (req, res) => {
    const { offset, limit } = sliceOf(req);
    const found = (await trendingLinks(ctx, { all: true })).slice(offset, offset + limit);
    const view = viewOf(ctx, viewerOf(req));
    sendOffsetPage(req, res, { items: found.map((l) => toAdminTrendingLink(view, l)), offset, limit });
  });
  router.get(`${path}/publishers`, read, async (req, res) => {
    const { offset, limit } = sliceOf(req);
    const found = (await listPublishers(ctx)).slice(offset, offset + limit);
    sendOffsetPage(req, res, { items: found.map(toLinkPublisher), offset, limit });
  });
  for (const { name, trendable } of verdicts) {
    router.post(`${path}/publishers/:id/${name}`, write, async (req, res) => {
      const by = staffName(staffOf(req));
      res.json(toLinkPublisher(await judgePublisher(ctx, by, { id: pathParam(req), trendable })));
    });
    router.post(`${path}/:id/${name}`, write, async (req, res) => {
      const by = staffName(staffOf(req));
      const link = await judgeLink(ctx, by, { id: pathParam(req), trendable });
      res.json(toAdminTrendingLink(viewOf(ctx, viewerOf(req)), link));
    });
  }
}

function statuses(ctx: Ctx, router: Router): void {
  const path = '/api/v1/admin/trends/statuses';
  router.get(path, read, async (req, res) => {
    const { offset, limit } = sliceOf(req);
    const found = (await trendingStatuses(ctx, { all: true })).slice(offset, offset + limit);
    const shown = await showStatuses(ctx, viewerOf(req), found);
    const undecided = new Set(found.filter((s) => s.trendable === undefined).map((s) => s._id));
    const items = shown.map((s) => ({ ...s, requires_review: undecided.has(s.id) }));
    sendOffsetPage(req, res, { items, offset, limit });
  });
  for (const { name, trendable } of verdicts) {
    router.post(`${path}/:id/${name}`, write, async (req, res) => {
      const by = staffName(staffOf(req));
      const status = await judgeStatus(ctx, by, { id: pathParam(req), trendable });
      res.json({ ...(await showStatus(ctx, viewerOf(req), status)), requires_review: false });
    });
  }
}
