import { Router, type RequestHandler } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { homeTimeline } from '../../domain/home.js';
import { bookmarksOf, favouritesOf } from '../../domain/status-lists.js';
import { isKnownLink, linkTimeline, publicTimeline, tagTimeline } from '../../domain/timelines.js';
import { notFound, unprocessable } from '../../errors.js';
import { optionalUser, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { bool, stringList, text } from '../../http/coerce.js';
import { pageOf, sendPage } from '../../http/paging.js';
import { parseParams } from '../../http/params.js';
import { normaliseHashtag } from '../../text/scan.js';
import { pages } from '../paging.js';
import { sendStatuses, showStatuses } from '../show.js';
import { pathParam } from '../routing.js';

const publicParams = z.object({
  local: bool().default(false),
  remote: bool().default(false),
  only_media: bool().default(false),
});
const linkParams = z.object({ url: text(4096) });
const tags = stringList(20).default([]);
const tagParams = publicParams.extend({ any: tags, all: tags, none: tags });

const originOf = (p: { local: boolean; remote: boolean }): 'local' | 'remote' | undefined =>
  p.local ? 'local' : p.remote ? 'remote' : undefined;

export function timelinesRoutes(ctx: Ctx): Router {
  const router = Router();
  const open = [optionalUser('read', 'read:statuses'), publicIfAllowed(ctx)];

  router.get('/api/v1/timelines/home', requireUser('read', 'read:statuses'), async (req, res) => {
    const page = pageOf(req, pages.statuses);
    const statuses = await homeTimeline(ctx, signedIn(req).account._id, page);
    await sendStatuses(ctx, { req, res }, { statuses, page, nextOnShort: true });
  });

  router.get('/api/v1/timelines/public', ...open, async (req, res) => {
    const page = pageOf(req, pages.statuses);
    const params = parseParams(publicParams, req);
    const options = { origin: originOf(params), onlyMedia: params.only_media };
    const statuses = await publicTimeline(ctx, viewerIdOf(req), page, options);
    await sendStatuses(ctx, { req, res }, { statuses, page, nextOnShort: true });
  });

  router.get('/api/v1/timelines/tag/:hashtag', ...open, async (req, res) => {
    const page = pageOf(req, pages.statuses);
    const params = parseParams(tagParams, req);
    const statuses = await tagTimeline(ctx, viewerIdOf(req), {
      tag: normaliseHashtag(pathParam(req, 'hashtag')),
      page,
      options: {
        origin: originOf(params),
        onlyMedia: params.only_media,
        any: params.any.map(normaliseHashtag),
        all: params.all.map(normaliseHashtag),
        none: params.none.map(normaliseHashtag),
      },
    });
    await sendStatuses(ctx, { req, res }, { statuses, page, nextOnShort: true });
  });

  router.get('/api/v1/timelines/link', ...open, async (req, res) => {
    const page = pageOf(req, pages.statuses);
    const { url } = parseParams(linkParams, req);
    if (!(await isKnownLink(ctx, url))) throw notFound();
    const statuses = await linkTimeline(ctx, viewerIdOf(req), { url, page });
    await sendStatuses(ctx, { req, res }, { statuses, page, nextOnShort: true });
  });

  router.get('/api/v1/favourites', requireUser('read', 'read:favourites'), ownList(ctx, favouritesOf));
  router.get('/api/v1/bookmarks', requireUser('read', 'read:bookmarks'), ownList(ctx, bookmarksOf));
  return router;
}

/** Statuses that the signed-in person kept, paged by when. */
function ownList(ctx: Ctx, list: typeof favouritesOf): RequestHandler {
  return async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.statuses);
    const { items, ids } = await list(ctx, account._id, page);
    const shown = await showStatuses(ctx, account._id, items);
    sendPage(req, res, { items: shown, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  };
}

/** An instance may keep its public timelines to the people who are signed in. */
export function publicIfAllowed(ctx: Ctx): RequestHandler {
  return (req, _res, next) => {
    if (!ctx.settings.publicTimelines && viewerIdOf(req) === null)
      throw unprocessable('This method requires an authenticated user');
    next();
  };
}
