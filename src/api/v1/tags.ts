import { Router } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { featureTag, unfeatureTag } from '../../domain/featured-tags.js';
import { followedTagsOf, followTag, getTag, loadTags, unfollowTag } from '../../domain/tags.js';
import { optionalUser, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { pageOf, sendPage } from '../../http/paging.js';
import type { Account } from '../../model/account.js';
import type { Tag } from '../../model/tags.js';
import { toTag } from '../entities/tags.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { pathParam } from '../routing.js';

const follows = requireUser('write', 'follow', 'write:follows');
const accounts = requireUser('write', 'write:accounts');

type Act = (ctx: Ctx, who: Account, tag: Tag) => Promise<unknown>;

const acts: { name: string; guard: typeof follows; act: Act }[] = [
  { name: 'follow', guard: follows, act: followTag },
  { name: 'unfollow', guard: follows, act: unfollowTag },
  { name: 'feature', guard: accounts, act: (ctx, who, tag) => featureTag(ctx, who, tag.displayName) },
  { name: 'unfeature', guard: accounts, act: (ctx, who, tag) => unfeatureTag(ctx, who, tag.name) },
];

/** Hashtags, and following them. */
export function tagsRoutes(ctx: Ctx): Router {
  const router = Router();

  router.get('/api/v1/tags/:name', optionalUser(), async (req, res) => {
    const tag = await getTag(ctx, pathParam(req, 'name'));
    res.json((await showTags(ctx, viewerIdOf(req), [tag]))[0]);
  });

  for (const { name, guard, act } of acts) {
    router.post(`/api/v1/tags/:name/${name}`, guard, async (req, res) => {
      const { account } = signedIn(req);
      const tag = await getTag(ctx, pathParam(req, 'name'));
      await act(ctx, account, tag);
      res.json((await showTags(ctx, account._id, [tag]))[0]);
    });
  }

  router.get('/api/v1/followed_tags', requireUser('read', 'follow', 'read:follows'), async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.tags);
    const { tags, follows: edges } = await followedTagsOf(ctx, account._id, page);
    const items = await showTags(ctx, account._id, tags);
    const ids = edges.map((e) => e._id);
    sendPage(req, res, { items, ids, style: 'since_id', nextOnShort: false, limit: page.limit });
  });

  return router;
}

/** Tags with their histories, in their order. */
export async function showTags(ctx: Ctx, viewerId: string | null, tags: readonly Tag[]) {
  const view = viewOf(ctx, viewerId);
  return (await loadTags(ctx, viewerId, tags)).map((facts) => toTag(view, facts));
}
