import { Router } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import { toOrderedCollection, toOrderedCollectionPage } from '../../../federation/vocabulary/collection.js';
import { tagTimeline } from '../../domain/timelines.js';
import { instanceActorUri, mediaUrl, tagUrl } from '../../domain/urls.js';
import { notFound } from '../../errors.js';
import { toEmojiTag } from '../../outbox/objects/parts.js';
import { parseHashtag } from '../../text/scan.js';
import { sendDocument, sendOn, sendPage } from './answer.js';
import { wantedOf } from './negotiate.js';
import { isSet, optionalId, textParam } from './query.js';
import type { Site } from './site.js';
import { viewerOf } from './viewer.js';

const pageSize = 20;

/** The front page, hashtags, and custom emojis. */
export function pageRoutes(site: Site): Router {
  const router = Router();
  router.get(['/', '/about'], async (req, res) => {
    const actor = instanceActorUri(site.ctx.names);
    if (wantedOf(req, 'page') === 'activity') return sendOn(res, actor);
    sendPage(req, res, { html: await site.pages.front(), alternate: actor });
  });
  for (const [path, which] of [
    ['/privacy-policy', 'privacyPolicy'],
    ['/terms-of-service', 'terms'],
  ] as const) {
    router.get(path, async (_req, res) => {
      const page = await site.pages.text(which);
      if (page === null) throw notFound();
      res.type('html').send(page);
    });
  }
  router.get('/tags/:tag', async (req, res) => {
    const tag = parseHashtag(textParam(req, 'tag'));
    if (!tag) throw notFound();
    const maxId = optionalId(req, 'max_id');
    const id = tagUrl(site.ctx.names, tag.key);
    if (wantedOf(req, 'page') === 'page')
      return sendPage(req, res, { html: await site.pages.tag(tag.key, { maxId }), alternate: id });
    await viewerOf(site, req, true);
    const document = isSet(req, 'page')
      ? await tagPage(site, { id, tag: tag.key, maxId })
      : toOrderedCollection({ id, first: `${id}?page=true` });
    sendDocument(req, res, document);
  });
  router.get('/emojis/:shortcode', async (req, res) => {
    await viewerOf(site, req, true);
    sendDocument(req, res, await emoji(site, textParam(req, 'shortcode')));
  });
  return router;
}

/** Public posts of this server with the tag: what others wrote is theirs to list. */
async function tagPage(
  site: Site,
  { id, tag, maxId }: { id: string; tag: string; maxId: string | undefined },
): Promise<JsonObject> {
  const page = { limit: pageSize, maxId };
  const found = site.ctx.settings.publicTimelines
    ? await tagTimeline(site.ctx, null, { tag, page, options: { origin: 'local' } })
    : [];
  const last = found.at(-1);
  return toOrderedCollectionPage({
    id: `${id}?page=true${maxId === undefined ? '' : `&max_id=${maxId}`}`,
    partOf: id,
    orderedItems: found.map((s) => s.uri),
    ...(last && { next: `${id}?page=true&max_id=${last._id}` }),
  });
}

async function emoji({ ctx }: Site, shortcode: string): Promise<JsonObject> {
  const found = await ctx.db.customEmojis.findOne({ key: shortcode, disabled: false });
  if (!found?.path) throw notFound();
  const url = mediaUrl(ctx.names, found.path);
  return { ...toEmojiTag(ctx.names, { shortcode, url, staticUrl: url }), updated: found.updatedAt };
}
