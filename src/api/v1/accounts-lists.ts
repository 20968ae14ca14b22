import { Router } from 'express';
import { z } from 'zod';
import { followersOf, followingOf } from '../../domain/account-lists.js';
import type { Ctx } from '../../domain/ctx.js';
import { pinnedStatuses } from '../../domain/pins.js';
import { isBlockedEitherWay } from '../../domain/relationships.js';
import { getActiveAccount } from '../../domain/shown-accounts.js';
import { accountStatuses } from '../../domain/timelines.js';
import { visibleOf } from '../../domain/visible.js';
import { optionalUser, viewerIdOf } from '../../http/auth.js';
import { bool, text } from '../../http/coerce.js';
import { pageOf } from '../../http/paging.js';
import { parseParams } from '../../http/params.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import { normaliseHashtag } from '../../text/scan.js';
import { pages } from '../paging.js';
import { sendAccounts, sendStatuses, showStatuses } from '../show.js';
import { pathParam } from '../routing.js';

const filters = z.object({
  only_media: bool().default(false),
  exclude_replies: bool().default(false),
  exclude_reblogs: bool().default(false),
  pinned: bool().default(false),
  tagged: text(200).optional(),
});

/** What belongs to an account: its posts, and who follows whom. */
export function accountListsRoutes(ctx: Ctx): Router {
  const router = Router();

  router.get('/api/v1/accounts/:id/statuses', optionalUser('read', 'read:statuses'), async (req, res) => {
    const account = await getActiveAccount(ctx, pathParam(req));
    const viewerId = viewerIdOf(req);
    const options = parseParams(filters, req);
    const page = pageOf(req, pages.statuses);
    if (viewerId && viewerId !== account._id && (await isBlockedEitherWay(ctx, viewerId, account._id)))
      return void res.json([]);
    if (options.pinned)
      return void res.json(await showStatuses(ctx, viewerId, await pinsOf(ctx, viewerId, account)));
    const statuses = await accountStatuses(ctx, viewerId, {
      accountId: account._id,
      page,
      options: {
        excludeReplies: options.exclude_replies,
        excludeReblogs: options.exclude_reblogs,
        onlyMedia: options.only_media,
        tag: options.tagged === undefined ? undefined : normaliseHashtag(options.tagged),
      },
    });
    await sendStatuses(ctx, { req, res }, { statuses, page, nextOnShort: false });
  });

  const readable = optionalUser('read', 'read:accounts');
  router.get('/api/v1/accounts/:id/followers', readable, async (req, res) => {
    const account = await getActiveAccount(ctx, pathParam(req));
    const page = pageOf(req, pages.accounts);
    await sendAccounts(
      ctx,
      { req, res },
      { edges: await followersOf(ctx, viewerIdOf(req), { account, page }), page },
    );
  });

  router.get('/api/v1/accounts/:id/following', readable, async (req, res) => {
    const account = await getActiveAccount(ctx, pathParam(req));
    const page = pageOf(req, pages.accounts);
    await sendAccounts(
      ctx,
      { req, res },
      { edges: await followingOf(ctx, viewerIdOf(req), { account, page }), page },
    );
  });

  return router;
}

async function pinsOf(ctx: Ctx, viewerId: string | null, account: Account): Promise<Status[]> {
  return visibleOf(ctx, viewerId, await pinnedStatuses(ctx, account._id));
}
