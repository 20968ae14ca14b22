import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { loadAccountsById } from '../../domain/facts/accounts.js';
import { loadNotifications } from '../../domain/facts/notifications.js';
import {
  dismissNotificationGroup,
  getNotificationGroup,
  groupableTypes,
  groupMembers,
  listNotificationGroups,
  type GroupOptions,
  type NotificationGroup,
} from '../../domain/notification-groups.js';
import { countUnreadGroups, dismissAll } from '../../domain/notifications-own.js';
import { notFound } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { oneOf, stringList } from '../../http/coerce.js';
import { limitOf, pageOf, sendPage } from '../../http/paging.js';
import { parseParams, queryOf } from '../../http/params.js';
import { toPublicId } from '../../model/ids.js';
import { toAccount, toPartialAccount } from '../entities/accounts.js';
import { toNotificationGroup } from '../entities/notifications.js';
import { toStatuses } from '../entities/statuses.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { pathParam } from '../routing.js';
import { showAccounts } from '../show.js';
import { optionsOf } from '../v1/notifications.js';

const params = z.object({
  grouped_types: stringList(50).default([...groupableTypes]),
  expand_accounts: oneOf(['full', 'partial_avatars']).default('full'),
});

function groupOptionsOf(req: Request): GroupOptions {
  const wanted = parseParams(params, req).grouped_types;
  return { ...optionsOf(req), groupedTypes: groupableTypes.filter((t) => wanted.includes(t)) };
}

/** Notifications that belong together, shown as one. */
export function groupedNotificationsRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:notifications');
  const write = requireUser('write', 'write:notifications');

  router.get('/api/v2/notifications', read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.notifications);
    const groups = await listNotificationGroups(ctx, account._id, page, groupOptionsOf(req));
    const partial = parseParams(params, req).expand_accounts === 'partial_avatars';
    sendPage(req, res, {
      items: await showGroups(ctx, account._id, { groups, partial }),
      ids: groups.map((g) => toPublicId(g.pageMaxId)),
      style: 'min_id',
      nextOnShort: true,
      limit: page.limit,
    });
  });

  router.get('/api/v2/notifications/unread_count', read, async (req, res) => {
    const limit = limitOf(queryOf(req)['limit'], { default: 100, max: 1000 });
    const { _id } = signedIn(req).account;
    res.json({ count: await countUnreadGroups(ctx, _id, { ...groupOptionsOf(req), limit }) });
  });

  router.post('/api/v2/notifications/clear', write, async (req, res) => {
    await dismissAll(ctx, signedIn(req).account._id);
    res.json({});
  });

  router.get('/api/v2/notifications/:key', read, async (req, res) => {
    const { account } = signedIn(req);
    const group = await getNotificationGroup(ctx, account._id, pathParam(req, 'key'));
    const shown = await showGroups(ctx, account._id, { groups: [group], partial: false });
    if (!shown.notification_groups.length) throw notFound();
    res.json(shown);
  });

  router.get('/api/v2/notifications/:key/accounts', read, async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.accounts);
    const members = await groupMembers(ctx, account._id, pathParam(req, 'key'), page);
    const facts = await loadAccountsById(
      ctx,
      members.map((n) => n.fromId),
    );
    const senders = [...new Set(members.map((n) => n.fromId))].flatMap((id) => facts.get(id)?.account ?? []);
    sendPage(req, res, {
      items: await showAccounts(ctx, account._id, senders),
      ids: members.map((n) => toPublicId(n._id)),
      style: 'min_id',
      nextOnShort: false,
      limit: page.limit,
    });
  });

  router.post('/api/v2/notifications/:key/dismiss', write, async (req, res) => {
    await dismissNotificationGroup(ctx, signedIn(req).account._id, pathParam(req, 'key'));
    res.json({});
  });
  return router;
}

/** Groups, with the accounts and statuses that they name beside them, once each. */
async function showGroups(
  ctx: Ctx,
  viewerId: string,
  { groups, partial }: { groups: readonly NotificationGroup[]; partial: boolean },
) {
  const facts = await loadNotifications(
    ctx,
    viewerId,
    groups.map((g) => g.newest),
  );
  const accounts = await loadAccountsById(
    ctx,
    groups.flatMap((g) => g.sampleIds),
  );
  const all = { ...facts, accounts: new Map([...facts.accounts, ...accounts]) };
  const shown = new Set(facts.notifications.map((n) => n._id));
  const groupsShown = groups.filter((g) => shown.has(g.newest._id));
  const view = viewOf(ctx, viewerId);
  // Partial accounts save room: the newest sender of each group is always whole.
  const whole = new Set(groupsShown.flatMap((g) => (partial ? g.sampleIds.slice(0, 1) : g.sampleIds)));
  const rest = new Set(groupsShown.flatMap((g) => g.sampleIds).filter((id) => !whole.has(id)));
  const pick = (ids: Set<string>) => [...ids].flatMap((id) => accounts.get(id) ?? []);
  return {
    accounts: pick(whole).map((a) => toAccount(view, a)),
    ...(partial && { partial_accounts: pick(rest).map((a) => toPartialAccount(view, a)) }),
    statuses: toStatuses(view, facts.statuses),
    notification_groups: groupsShown.map((g) => toNotificationGroup(view, all, g)),
  };
}
