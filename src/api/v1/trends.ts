import { Router, type Request } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { accountsById } from '../../domain/accounts.js';
import { hiddenFrom } from '../../domain/relationships.js';
import { statusesById } from '../../domain/status-lists.js';
import { trendingLinks, trendingStatuses, trendingTags } from '../../domain/trends.js';
import { optionalUser, viewerIdOf } from '../../http/auth.js';
import { limitOf, sendOffsetPage } from '../../http/paging.js';
import { queryOf } from '../../http/params.js';
import type { Status } from '../../model/status.js';
import { toTrendingLink } from '../entities/cards.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { deprecated } from '../routing.js';
import { showStatuses } from '../show.js';
import { showTags } from './tags.js';

/** What many people take up lately. */
export function trendsRoutes(ctx: Ctx): Router {
  const router = Router();

  router.get('/api/v1/trends', deprecated('2022-03-30'));
  router.get(['/api/v1/trends', '/api/v1/trends/tags'], optionalUser(), async (req, res) => {
    const { offset, limit } = sliceOf(req, pages.trends);
    const found = (await trendingTags(ctx)).slice(offset, offset + limit);
    sendOffsetPage(req, res, { items: await showTags(ctx, viewerIdOf(req), found), offset, limit });
  });
  router.get('/api/v1/trends/links', async (req, res) => {
    const { offset, limit } = sliceOf(req, pages.trends);
    const found = (await trendingLinks(ctx)).slice(offset, offset + limit);
    const view = viewOf(ctx, null);
    sendOffsetPage(req, res, { items: found.map((l) => toTrendingLink(view, l)), offset, limit });
  });
  router.get('/api/v1/trends/statuses', optionalUser(), async (req, res) => {
    const viewerId = viewerIdOf(req);
    const { offset, limit } = sliceOf(req, pages.statuses);
    const wanted = (await withoutHidden(ctx, viewerId, await trendingStatuses(ctx))).slice(
      offset,
      offset + limit,
    );
    sendOffsetPage(req, res, { items: await showStatuses(ctx, viewerId, wanted), offset, limit });
  });
  return router;
}

function sliceOf(req: Request, limits: { default: number; max: number }): { offset: number; limit: number } {
  const query = queryOf(req);
  const offset = limitOf(query['offset'], { default: 0, max: 10_000 });
  return { offset, limit: limitOf(query['limit'], limits) };
}

/** As they are by now, from nobody whom the viewer hides. */
async function withoutHidden(
  ctx: Ctx,
  viewerId: string | null,
  ranked: readonly Status[],
): Promise<Status[]> {
  const current = await statusesById(
    ctx,
    viewerId,
    ranked.map((s) => s._id),
  );
  if (viewerId === null) return current;
  const authors = await accountsById(
    ctx,
    current.map((s) => s.accountId),
  );
  const others = [...authors.values()].filter((a) => a._id !== viewerId);
  const hidden = await hiddenFrom(ctx, viewerId, others);
  return current.filter((s) => !hidden.has(s.accountId));
}
