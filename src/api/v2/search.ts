import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { searchAccounts } from '../../domain/search-accounts.js';
import { searchStatuses } from '../../domain/search-statuses.js';
import { searchTags } from '../../domain/search-tags.js';
import { findByUrl } from '../../domain/search-url.js';
import { unauthorized } from '../../errors.js';
import { maybeViewer, optionalUser } from '../../http/auth.js';
import { bool, idParam, int, oneOf, text } from '../../http/coerce.js';
import { limitOf, pageOf } from '../../http/paging.js';
import { parseParams, queryOf } from '../../http/params.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import type { Tag } from '../../model/tags.js';
import { pages } from '../paging.js';
import { showAccounts, showStatuses } from '../show.js';
import { showTags } from '../v1/tags.js';

const params = z.object({
  q: text(1000),
  type: oneOf(['accounts', 'statuses', 'hashtags', '']).optional(),
  resolve: bool().default(false),
  following: bool().default(false),
  account_id: idParam.optional(),
  offset: int({ min: 0, max: 10_000 }).default(0),
});
type Params = z.infer<typeof params>;

interface Found {
  accounts: Account[];
  statuses: Status[];
  tags: Tag[];
}

export function searchRoutes(ctx: Ctx): Router {
  const router = Router();
  router.get('/api/v2/search', optionalUser('read', 'read:search'), async (req, res) => {
    const viewer = maybeViewer(req)?.account ?? null;
    const given = parseParams(params, req);
    if (!viewer && given.offset > 0)
      throw unauthorized('Search queries pagination is not supported without authentication');
    if (!viewer && given.resolve)
      throw unauthorized(
        'Search queries that resolve remote resources are not supported without authentication',
      );
    const { maxId, minId } = pageOf(req, pages.statuses);
    const limit = limitOf(queryOf(req)['limit'], pages.statuses);
    const found = await search(ctx, viewer, { ...given, limit, maxId, minId });
    const viewerId = viewer?._id ?? null;
    res.json({
      accounts: await showAccounts(ctx, viewerId, found.accounts),
      statuses: await showStatuses(ctx, viewerId, found.statuses),
      hashtags: await showTags(ctx, viewerId, found.tags),
    });
  });
  return router;
}

type Wanted = Params & { limit: number; maxId: string | undefined; minId: string | undefined };

/** A URL means the one thing behind it; anything else is looked for in each kind that is asked for. */
async function search(ctx: Ctx, viewer: Account | null, wanted: Wanted): Promise<Found> {
  const viewerId = viewer?._id ?? null;
  const q = wanted.q.trim();
  const wants = (type: Params['type']): boolean => !wanted.type || wanted.type === type;
  if (/^https?:\/\/\S+$/i.test(q)) {
    const found = await findByUrl(ctx, viewerId, { url: q, resolve: wanted.resolve && wanted.offset === 0 });
    return {
      accounts: wants('accounts') ? found.accounts : [],
      statuses: wants('statuses') ? found.statuses : [],
      tags: [],
    };
  }
  const { limit, offset, maxId, minId, account_id: accountId, resolve, following } = wanted;
  const isTag = q.startsWith('#');
  const [accounts, statuses, tags] = await Promise.all([
    wants('accounts') && !isTag
      ? searchAccounts(ctx, viewerId, { q, limit, offset, resolve, following })
      : [],
    wants('statuses') && viewer && !q.startsWith('@')
      ? searchStatuses(ctx, viewer, { q, limit, offset, maxId, minId, accountId })
      : [],
    wants('hashtags') && !q.startsWith('@') ? searchTags(ctx, { q, limit, offset }) : [],
  ]);
  return { accounts, statuses, tags };
}
