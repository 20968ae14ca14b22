import type { AccountFacts } from '../../domain/facts/accounts.js';
import type { StatusFacts } from '../../domain/facts/statuses.js';
import type { NotificationRequest } from '../../model/notification-policy.js';
import type { NotificationRules } from '../../policy/notifications.js';
import { toAccount } from './accounts.js';
import { toStatus } from './statuses.js';
import { toTime, type View } from './view.js';

interface Pending {
  requests: number;
  notifications: number;
}

export function toNotificationPolicy(rules: NotificationRules, pending: Pending) {
  return {
    for_not_following: rules.forNotFollowing,
    for_not_followers: rules.forNotFollowers,
    for_new_accounts: rules.forNewAccounts,
    for_private_mentions: rules.forPrivateMentions,
    for_limited_accounts: rules.forLimitedAccounts,
    summary: toSummary(pending),
  };
}

/** The older form knows yes and no only. */
export function toNotificationPolicyV1(rules: NotificationRules, pending: Pending) {
  return {
    filter_not_following: rules.forNotFollowing !== 'accept',
    filter_not_followers: rules.forNotFollowers !== 'accept',
    filter_new_accounts: rules.forNewAccounts !== 'accept',
    filter_private_mentions: rules.forPrivateMentions !== 'accept',
    summary: toSummary(pending),
  };
}

function toSummary({ requests, notifications }: Pending) {
  return { pending_requests_count: requests, pending_notifications_count: notifications };
}

export function toNotificationRequest(
  view: View,
  request: NotificationRequest,
  { from, statuses }: { from: AccountFacts; statuses: StatusFacts },
) {
  const status = statuses.statuses.find((s) => s._id === request.lastStatusId);
  return {
    id: request._id,
    created_at: toTime(request.createdAt),
    updated_at: toTime(request.updatedAt),
    notifications_count: String(request.count),
    account: toAccount(view, from),
    last_status: status ? toStatus(view, statuses, status) : null,
  };
}
