import type { Notification, NotificationType } from '../model/relations.js';
import { idRange, isUpwards, type Page } from '../model/page.js';
import { isDuplicateKey, type Filter } from '../store/port.js';
import { accountsById } from './accounts.js';
import { now, type Ctx } from './ctx.js';
import { hiddenFrom } from './relationships.js';
import { relationshipsOf } from './relationships.js';

export interface NewNotification {
  accountId: string;
  type: NotificationType;
  fromId: string;
  statusId?: string | null;
  reportId?: string | null;
  /** Thread of the status: muted threads stay silent. */
  conversationId?: string | null;
  /** Tells repeated ones of a kind apart (edits of one status). Default: none, so that there is one for each pair. */
  distinct?: string;
}

/** Kinds that staff must get whatever they mute. */
const official = new Set<NotificationType>([
  'admin.sign_up',
  'admin.report',
  'moderation_warning',
  'severed_relationships',
]);
/** Kinds that clients show together, by status. */
const grouped = new Set<NotificationType>(['favourite', 'reblog']);

/** Tells a local account once; nobody is told about or by people they block or mute. @returns null when it was not stored */
export async function notify(ctx: Ctx, input: NewNotification): Promise<Notification | null> {
  if (input.accountId === input.fromId && input.type !== 'poll') return null;
  const people = await accountsById(ctx, [input.accountId, input.fromId]);
  const [to, from] = [people.get(input.accountId), people.get(input.fromId)];
  if (!to || !from || to.domain !== null || to.deletedAt || to.suspendedAt) return null;
  if (!official.has(input.type) && (await isUnwanted(ctx, input))) return null;
  const parts = [input.type, input.fromId, input.statusId ?? '', input.reportId ?? '', input.distinct ?? ''];
  const id = ctx.ids.next();
  const document: Notification = {
    _id: id,
    accountId: input.accountId,
    type: input.type,
    fromId: input.fromId,
    statusId: input.statusId ?? null,
    reportId: input.reportId ?? null,
    groupKey: grouped.has(input.type)
      ? `${input.type}-${input.statusId}`
      : input.type === 'follow'
        ? `follow-${now(ctx).slice(0, 10)}`
        : `ungrouped-${id}`,
    key: parts.join(':'),
    createdAt: now(ctx),
  };
  return insertNotification(ctx, document);
}

async function insertNotification(ctx: Ctx, document: Notification): Promise<Notification | null> {
  try {
    await ctx.db.notifications.insertOne(document);
  } catch (error) {
    if (isDuplicateKey(error)) return null;
    throw error;
  }
  ctx.hub.publish({
    channels: [`user:${document.accountId}`, `user:notification:${document.accountId}`],
    event: 'notification',
    payload: { notificationId: document._id },
  });
  return document;
}

async function isUnwanted(ctx: Ctx, input: NewNotification): Promise<boolean> {
  const from = (await accountsById(ctx, [input.fromId])).get(input.fromId);
  if (!from) return true;
  const relation = (await relationshipsOf(ctx, input.accountId, [from])).get(from._id);
  if (!relation || relation.block || relation.blockedBy || relation.mute?.notifications) return true;
  if (relation.domainBlocked && !relation.follow) return true;
  if (from.silencedAt && !relation.follow && input.type !== 'follow_request') return true;
  if (!input.conversationId) return false;
  return (
    (await ctx.db.threadMutes.findOne({
      accountId: input.accountId,
      conversationId: input.conversationId,
    })) !== null
  );
}

export interface NotificationOptions {
  types?: readonly string[] | undefined;
  excludeTypes?: readonly string[] | undefined;
  fromId?: string | undefined;
}

/** Somebody's notifications, without those of people now hidden. */
export async function listNotifications(
  ctx: Ctx,
  accountId: string,
  page: Page,
  options: NotificationOptions = {},
): Promise<Notification[]> {
  const up = isUpwards(page);
  const range = idRange(page);
  const type = {
    ...(options.types?.length && { $in: options.types }),
    ...(options.excludeTypes?.length && { $nin: options.excludeTypes }),
  };
  const filter: Filter = {
    accountId,
    ...(Object.keys(range).length && { _id: range }),
    ...(Object.keys(type).length && { type }),
    ...(options.fromId !== undefined && { fromId: options.fromId }),
  };
  const found = await ctx.db.notifications
    .find(filter)
    .sort({ _id: up ? 1 : -1 })
    .limit(page.limit)
    .toArray();
  const shown = await withoutHidden(ctx, accountId, found);
  return up ? shown.reverse() : shown;
}

async function withoutHidden(ctx: Ctx, accountId: string, list: Notification[]): Promise<Notification[]> {
  const people = await accountsById(
    ctx,
    list.map((n) => n.fromId),
  );
  const others = [...people.values()].filter((a) => a._id !== accountId && !a.deletedAt);
  const hidden = await hiddenFrom(ctx, accountId, others);
  const mutes = await ctx.db.mutes
    .find({ accountId, targetId: { $in: [...hidden] }, notifications: false })
    .toArray();
  const stillTold = new Set(mutes.map((m) => m.targetId));
  return list.filter(
    (n) => people.has(n.fromId) && (official.has(n.type) || !hidden.has(n.fromId) || stillTold.has(n.fromId)),
  );
}
