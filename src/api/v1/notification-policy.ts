import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import {
  notificationRulesOf,
  pendingNotifications,
  setNotificationRules,
} from '../../domain/notification-rules.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, oneOf } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import type { NotificationRules } from '../../policy/notifications.js';
import { toNotificationPolicy, toNotificationPolicyV1 } from '../entities/notification-policy.js';
import { putOrPatch } from '../routing.js';

const verdict = oneOf(['accept', 'filter', 'drop']).optional();
const v2Params = z.object({
  for_not_following: verdict,
  for_not_followers: verdict,
  for_new_accounts: verdict,
  for_private_mentions: verdict,
  for_limited_accounts: verdict,
});
const flag = bool().optional();
const v1Params = z.object({
  filter_not_following: flag,
  filter_not_followers: flag,
  filter_new_accounts: flag,
  filter_private_mentions: flag,
});

/** Whom one does not want to hear from just like that. The first version knows yes and no only. */
export function notificationPolicyRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireUser('read', 'read:notifications');
  const write = requireUser('write', 'write:notifications');
  const versions = [
    { path: '/api/v1/notifications/policy', params: readV1, show: toNotificationPolicyV1 },
    { path: '/api/v2/notifications/policy', params: readV2, show: toNotificationPolicy },
  ];
  for (const { path, params, show } of versions) {
    router.get(path, read, async (req, res) => {
      const { _id } = signedIn(req).account;
      res.json(show(await notificationRulesOf(ctx, _id), await pendingNotifications(ctx, _id)));
    });
    putOrPatch(router, path, write, async (req, res) => {
      const { _id } = signedIn(req).account;
      const rules = await setNotificationRules(ctx, _id, params(req));
      res.json(show(rules, await pendingNotifications(ctx, _id)));
    });
  }
  return router;
}

type Changes = Partial<NotificationRules>;
type ReadParams = (req: Parameters<typeof signedIn>[0]) => Changes;

const readV2: ReadParams = (req) => {
  const given = parseParams(v2Params, req);
  return withoutUndefined({
    forNotFollowing: given.for_not_following,
    forNotFollowers: given.for_not_followers,
    forNewAccounts: given.for_new_accounts,
    forPrivateMentions: given.for_private_mentions,
    forLimitedAccounts: given.for_limited_accounts,
  });
};

const readV1: ReadParams = (req) => {
  const given = parseParams(v1Params, req);
  const verdictOf = (on: boolean | undefined) => (on === undefined ? undefined : on ? 'filter' : 'accept');
  return withoutUndefined({
    forNotFollowing: verdictOf(given.filter_not_following),
    forNotFollowers: verdictOf(given.filter_not_followers),
    forNewAccounts: verdictOf(given.filter_new_accounts),
    forPrivateMentions: verdictOf(given.filter_private_mentions),
  });
};

function withoutUndefined(rules: {
  [K in keyof NotificationRules]?: NotificationRules[K] | undefined;
}): Changes {
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}
