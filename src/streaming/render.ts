import { toNotification } from '../api/entities/notifications.js';
import { toStatus } from '../api/entities/statuses.js';
import { viewOf } from '../api/entities/view.js';
import { accountsById } from '../domain/accounts.js';
import type { Ctx, HubMessage } from '../domain/ctx.js';
import { loadNotifications } from '../domain/facts/notifications.js';
import { loadStatuses } from '../domain/facts/statuses.js';
import { activeFiltersOf } from '../domain/filters.js';
import { hiddenFrom } from '../domain/relationships.js';
import { visibleOf } from '../domain/visible.js';
import type { Status } from '../model/status.js';

/** Renders one message for many viewers: the payload as each may see it, null for those who may not. */
export interface Renderer {
  payload(viewerId: string, isPublic: boolean): Promise<string | null>;
}

/** Loads what a message names once; what does not depend on the viewer is rendered once. */
export async function createRenderer(ctx: Ctx, message: HubMessage): Promise<Renderer> {
  const { event, payload } = message;
  if (event === 'update' || event === 'status.update') {
    const status = await ctx.db.statuses.findOne({ _id: String(payload['statusId']) });
    return status ? statusRenderer(ctx, status, event === 'update') : nothing;
  }
  if (event === 'notification') return notificationRenderer(ctx, String(payload['notificationId']));
  if (event === 'delete') return { payload: async () => String(payload['statusId']) };
  return { payload: async () => JSON.stringify(payload['json'] ?? payload) };
}

const nothing: Renderer = { payload: async () => null };

function statusRenderer(ctx: Ctx, status: Status, fresh: boolean): Renderer {
  // Nobody has favourited, answered or muted what has just begun: one rendering serves all but its author and those who
  // filter.
  const shareable =
    fresh &&
    status.reblogOfId === null &&
    status.conversationId === status._id &&
    status.quote === null &&
    status.quotePolicy !== 'followers' &&
    status.poll === null;
  let shared: Promise<string> | null = null;
  const render = async (viewerId: string): Promise<string> => {
    const facts = await loadStatuses(ctx, viewerId, [status]);
    return JSON.stringify(toStatus(viewOf(ctx, viewerId), facts, status));
  };
  return {
    async payload(viewerId, isPublic) {
      if (isPublic && !(await isWanted(ctx, viewerId, status))) return null;
      if (!shareable || viewerId === status.accountId) return render(viewerId);
      if ((await activeFiltersOf(ctx, viewerId)).length) return render(viewerId);
      return (shared ??= render(viewerId));
    },
  };
}

async function isWanted(ctx: Ctx, viewerId: string, status: Status): Promise<boolean> {
  if (!(await visibleOf(ctx, viewerId, [status])).length) return false;
  const author = (await accountsById(ctx, [status.accountId])).get(status.accountId);
  if (!author || author.silencedAt) return false;
  return author._id === viewerId || !(await hiddenFrom(ctx, viewerId, [author])).has(author._id);
}

function notificationRenderer(ctx: Ctx, id: string): Renderer {
  return {
    async payload(viewerId) {
      const notification = await ctx.db.notifications.findOne({ _id: id });
      if (notification?.accountId !== viewerId) return null;
      const facts = await loadNotifications(ctx, viewerId, [notification]);
      if (!facts.accounts.has(notification.fromId)) return null;
      return JSON.stringify(toNotification(viewOf(ctx, viewerId), facts, notification));
    },
  };
}
