import { Router } from 'express';
import {
  conversationsOf,
  deleteConversation,
  directTimeline,
  getConversation,
  markConversation,
} from '../../domain/conversations.js';
import type { Ctx } from '../../domain/ctx.js';
import { loadConversations } from '../../domain/facts/conversations.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { pageOf, sendPage } from '../../http/paging.js';
import type { Conversation } from '../../model/conversations.js';
import { toConversation } from '../entities/conversations.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { deprecated, pathParam } from '../routing.js';
import { showStatuses } from '../show.js';

/** Direct posts by who takes part. */
export function conversationsRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:statuses');
  const write = requireUser('write', 'write:conversations');
  const show = async (viewerId: string, list: readonly Conversation[]) => {
    const facts = await loadConversations(ctx, viewerId, list);
    return list.map((c) => toConversation(viewOf(ctx, viewerId), facts, c));
  };

  router.get('/api/v1/conversations', read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.statuses);
    const found = await conversationsOf(ctx, account._id, page);
    const items = await show(account._id, found);
    const ids = found.map((c) => c.lastStatusId);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.delete('/api/v1/conversations/:id', write, async (req, res) => {
    await deleteConversation(ctx, await getConversation(ctx, signedIn(req).account._id, pathParam(req)));
    res.json({});
  });
  for (const [name, unread] of [
    ['read', false],
    ['unread', true],
  ] as const) {
    router.post(`/api/v1/conversations/:id/${name}`, write, async (req, res) => {
      const { account } = signedIn(req);
      const conversation = await getConversation(ctx, account._id, pathParam(req));
      const marked = await markConversation(ctx, conversation, unread);
      res.json((await show(account._id, [marked]))[0]);
    });
  }
  // The older form of the same: the posts themselves.
  router.get('/api/v1/timelines/direct', deprecated('2019-10-03'), read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.statuses);
    const statuses = await directTimeline(ctx, account, page);
    const items = await showStatuses(ctx, account._id, statuses);
    const ids = statuses.map((s) => s._id);
    sendPage(req, res, { items, ids, style: 'since_id', nextOnShort: true, limit: page.limit });
  });
  return router;
}
