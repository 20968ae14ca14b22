import { Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { under } from '../http/only.js';
import { defaultPicturesRoutes } from './assets.js';
import { adminRoutes } from './v1/admin/routes.js';
import { accountActionsRoutes } from './v1/accounts-actions.js';
import { accountListsRoutes } from './v1/accounts-lists.js';
import { accountsSelfRoutes } from './v1/accounts-self.js';
import { membersOnly } from './limited.js';
import { accountsRoutes } from './v1/accounts.js';
import { announcementsRoutes } from './v1/announcements.js';
import { conversationsRoutes } from './v1/conversations.js';
import { customEmojisRoutes } from './v1/custom-emojis.js';
import { discoveryRoutes } from './v1/discovery.js';
import { emailSubscriptionsRoutes } from './v1/email-subscriptions.js';
import { emailsRoutes } from './v1/emails.js';
import { endorsementsRoutes } from './v1/endorsements.js';
import { featuredTagsRoutes } from './v1/featured-tags.js';
import { filtersV1Routes } from './v1/filters.js';
import { followRequestsRoutes } from './v1/follow-requests.js';
import { hiddenRoutes } from './v1/hidden.js';
import { instanceRoutes } from './v1/instance.js';
import { listsRoutes } from './v1/lists.js';
import { mediaRoutes } from './v1/media.js';
import { miscRoutes } from './v1/misc.js';
import { notificationPolicyRoutes } from './v1/notification-policy.js';
import { notificationRequestsRoutes } from './v1/notification-requests.js';
import { notificationsRoutes } from './v1/notifications.js';
import { personalRoutes } from './v1/personal.js';
import { pollsRoutes } from './v1/polls.js';
import { profileRoutes } from './v1/profile.js';
import { pushRoutes } from './v1/push.js';
import { reportsRoutes } from './v1/reports.js';
import { scheduledStatusesRoutes } from './v1/scheduled-statuses.js';
import { statusesActionsRoutes } from './v1/statuses-actions.js';
import { statusesWriteRoutes } from './v1/statuses-write.js';
import { statusesRoutes } from './v1/statuses.js';
import { tagsRoutes } from './v1/tags.js';
import { timelinesRoutes } from './v1/timelines.js';
import { trendsRoutes } from './v1/trends.js';
import { filterKeywordsRoutes, filterStatusesRoutes } from './v2/filter-parts.js';
import { filtersRoutes } from './v2/filters.js';
import { groupedNotificationsRoutes } from './v2/notifications.js';
import { searchRoutes } from './v2/search.js';

const v1 = (...resources: string[]): string[] => resources.map((name) => `/api/v1/${name}`);

/** The Mastodon API. Needs `createApp` (http/app.ts), which knows the caller and has parsed the body under /api. */
export function apiRoutes(ctx: Ctx): Router {
  const router = Router();
  router.use(defaultPicturesRoutes());
  if (ctx.settings.limitedFederation) router.use('/api', membersOnly);
  router.use(
    // What is asked for most. Each route that a request is held against costs time, and there are three hundred.
    under(v1('timelines', 'favourites', 'bookmarks'), timelinesRoutes(ctx)),
    under(v1('statuses'), statusesRoutes(ctx), statusesWriteRoutes(ctx), statusesActionsRoutes(ctx)),
    accountsRoutes(ctx),
    accountsSelfRoutes(ctx),
    profileRoutes(ctx),
    accountListsRoutes(ctx),
    accountActionsRoutes(ctx),
    followRequestsRoutes(ctx),
    hiddenRoutes(ctx),
    scheduledStatusesRoutes(ctx),
    pollsRoutes(ctx),
    listsRoutes(ctx),
    conversationsRoutes(ctx),
    // Before the routes that take any id.
    notificationPolicyRoutes(ctx),
    notificationRequestsRoutes(ctx),
    notificationsRoutes(ctx),
    groupedNotificationsRoutes(ctx),
    mediaRoutes(ctx),
    searchRoutes(ctx),
    tagsRoutes(ctx),
    featuredTagsRoutes(ctx),
    personalRoutes(ctx),
    // Before the routes that take any id.
    filterKeywordsRoutes(ctx),
    filterStatusesRoutes(ctx),
    filtersRoutes(ctx),
    filtersV1Routes(ctx),
    endorsementsRoutes(ctx),
    discoveryRoutes(ctx),
    announcementsRoutes(ctx),
    pushRoutes(ctx),
    reportsRoutes(ctx),
    customEmojisRoutes(ctx),
    trendsRoutes(ctx),
    instanceRoutes(ctx),
    emailsRoutes(ctx),
    emailSubscriptionsRoutes(ctx),
    miscRoutes(ctx),
    // Last, for it is several routers: left at their end, they would cost a turn of the event loop.
    adminRoutes(ctx),
  );
  return router;
}
