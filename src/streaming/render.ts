import { toAnnouncement } from '../api/entities/announcements.js';
import { toConversation } from '../api/entities/conversations.js';
import { toNotification } from '../api/entities/notifications.js';
import { viewOf } from '../api/entities/view.js';
import { loadAnnouncements } from '../domain/announcements.js';
import type { Ctx, HubMessage } from '../domain/ctx.js';
import { loadConversations } from '../domain/facts/conversations.js';
import { loadNotifications } from '../domain/facts/notifications.js';
import { createStatusRenderer, isFilteredOut } from './render-status.js';

/** One ear that a message is for; `isPublic`: on a stream of everybody's posts. */
export interface Audience {
  viewerId: string;
  isPublic: boolean;
}

/** Renders one message for many viewers: the payload as each may see it, null for those who may not. */
export interface Renderer {
  payload(viewerId: string, isPublic: boolean): Promise<string | null>;
}

/** Loads what a message names once; what does not depend on the viewer is rendered once. */
export async function createRenderer(
  ctx: Ctx,
  message: HubMessage,
  audience: readonly Audience[],
): Promise<Renderer> {
  const { event, payload } = message;
  if (event === 'update' || event === 'status.update') {
    const status = await ctx.db.statuses.findOne({ _id: String(payload['statusId']) });
    return status ? createStatusRenderer(ctx, status, audience) : nothing;
  }
  if (event === 'notification') return notificationRenderer(ctx, String(payload['notificationId']));
  if (event === 'conversation') return conversationRenderer(ctx, String(payload['conversationId']));
  if (event === 'announcement') return announcementRenderer(ctx, String(payload['announcementId']));
  if (event === 'announcement.delete') return { payload: async () => String(payload['announcementId']) };
  if (event === 'delete') return { payload: async () => String(payload['statusId']) };
  return { payload: async () => JSON.stringify(payload['json'] ?? payload) };
}

const nothing: Renderer = { payload: async () => null };

function notificationRenderer(ctx: Ctx, id: string): Renderer {
  return {
    async payload(viewerId) {
      const notification = await ctx.db.notifications.findOne({ _id: id });
      if (notification?.accountId !== viewerId) return null;
      const facts = await loadNotifications(ctx, viewerId, [notification]);
      if (!facts.accounts.has(notification.fromId)) return null;
      const [status] = facts.statuses.statuses;
      if (status && isFilteredOut(facts.statuses, status, 'notifications')) return null;
      return JSON.stringify(toNotification(viewOf(ctx, viewerId), facts, notification));
    },
  };
}

function conversationRenderer(ctx: Ctx, id: string): Renderer {
  return {
    async payload(viewerId) {
      const conversation = await ctx.db.conversations.findOne({ _id: id });
      if (conversation?.accountId !== viewerId) return null;
      const facts = await loadConversations(ctx, viewerId, [conversation]);
      return JSON.stringify(toConversation(viewOf(ctx, viewerId), facts, conversation));
    },
  };
}

/** The same for all: without what each has read. */
async function announcementRenderer(ctx: Ctx, id: string): Promise<Renderer> {
  const found = await ctx.db.announcements.findOne({ _id: id });
  const [facts] = found ? await loadAnnouncements(ctx, null, [found]) : [];
  const text = facts ? JSON.stringify(toAnnouncement(viewOf(ctx, null), facts)) : null;
  return { payload: async () => text };
}
