import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import {
  featuredTagsOf,
  featureTag,
  suggestFeaturedTags,
  unfeatureTagById,
} from '../../domain/featured-tags.js';
import { getActiveAccount } from '../../domain/shown-accounts.js';
import { tagsByName } from '../../domain/tags.js';
import { optionalUser, requireUser, signedIn } from '../../http/auth.js';
import { text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { toFeaturedTag } from '../entities/tags.js';
import { pathParam } from '../routing.js';
import { showTags } from './tags.js';

const named = z.object({ name: text(300) });

/** Hashtags that a profile shows. */
export function featuredTagsRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:accounts');
  const write = requireUser('write', 'write:accounts');

  router.get('/api/v1/featured_tags/suggestions', read, async (req, res) => {
    const { account } = signedIn(req);
    const names = await suggestFeaturedTags(ctx, account._id);
    res.json(await showTags(ctx, account._id, await tagsByName(ctx, names)));
  });
  router.get('/api/v1/featured_tags', read, async (req, res) => {
    res.json((await featuredTagsOf(ctx, signedIn(req).account)).map(toFeaturedTag));
  });
  router.post('/api/v1/featured_tags', write, async (req, res) => {
    res.json(toFeaturedTag(await featureTag(ctx, signedIn(req).account, parseParams(named, req).name)));
  });
  router.delete('/api/v1/featured_tags/:id', write, async (req, res) => {
    await unfeatureTagById(ctx, signedIn(req).account, pathParam(req));
    res.json({});
  });
  router.get('/api/v1/accounts/:id/featured_tags', optionalUser(), async (req, res) => {
    res.json((await featuredTagsOf(ctx, await getActiveAccount(ctx, pathParam(req)))).map(toFeaturedTag));
  });
  return router;
}
