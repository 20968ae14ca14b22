import type { Notification, NotificationType } from '../model/relations.js';
import { idRange, isUpwards, type Page } from '../model/page.js';
import { isDuplicateKey, type Filter } from '../store/port.js';
import { accountsById } from './accounts.js';
import { now, type Ctx } from './ctx.js';
import { noteRequest } from './notification-requests.js';
import { isOfficial, judge } from './notification-verdicts.js';
import { enqueuePushes } from './push/send.js';
import { readUntil } from './read-until.js';
import { hiddenFrom } from './relationships.js';

export interface NewNotification {
  accountId: string;
  type: NotificationType;
  fromId: string;
  statusId?: string | null;
  reportId?: string | null;
  /** What staff tells: such notifications come from oneself, as in Mastodon. */
  warningId?: string;
  /** Thread of the status: muted threads stay silent. */
  conversationId?: string | null;
  /** Tells repeated ones of a kind apart (edits of one status). Default: none, so that there is one for each pair. */
  distinct?: string;
}

/** Kinds that clients show together, by status. */
const grouped = new Set<NotificationType>(['favourite', 'reblog']);

/**
 * Tells a local account once; nobody is told about or by people they block or mute, and what its policy filters is put
 * aside. @returns null when it was not stored
 */
export async function notify(ctx: Ctx, input: NewNotification): Promise<Notification | null> {
  if (input.accountId === input.fromId && input.type !== 'poll' && input.warningId === undefined) return null;
  const people = await accountsById(ctx, [input.accountId, input.fromId]);
  const [to, from] = [people.get(input.accountId), people.get(input.fromId)];
  if (!to || !from || to.domain !== null || to.deletedAt || to.suspendedAt) return null;
  const verdict = await judge(ctx, { ...input, to, from });
  if (verdict === 'drop') return null;
  const parts = [
    input.type,
    input.fromId,
    input.statusId ?? '',
    input.reportId ?? '',
    input.distinct ?? input.warningId ?? '',
  ];
  const id = ctx.ids.nextSmall();
  const document: Notification = {
    _id: id,
    accountId: input.accountId,
    type: input.type,
    fromId: input.fromId,
    statusId: input.statusId ?? null,
    reportId: input.reportId ?? null,
    ...(input.warningId !== undefined && { warningId: input.warningId }),
    groupKey: groupKeyOf(ctx, input) ?? `ungrouped-${id}`,
    key: parts.join(':'),
    ...(verdict === 'filter' && { filtered: true }),
    createdAt: now(ctx),
  };
  return insertNotification(ctx, document);
}

function groupKeyOf(ctx: Ctx, { type, statusId }: NewNotification): string | null {
  if (grouped.has(type)) return `${type}-${statusId}`;
  return type === 'follow' ? `follow-${now(ctx).slice(0, 10)}` : null;
}

async function insertNotification(ctx: Ctx, document: Notification): Promise<Notification | null> {
  const { accountId, key } = document;
  try {
    await ctx.db.notifications.insertOne(document);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    if (await ctx.db.notifications.findOne({ accountId, key })) return null;
    // Two processes made the same small id.
    return insertNotification(ctx, { ...document, _id: ctx.ids.nextSmall() });
  }
  if (document.filtered) {
    await noteRequest(ctx, document);
    return document;
  }
  ctx.hub.publish({
    channels: [`user:${accountId}`, `user:notification:${accountId}`],
    event: 'notification',
    payload: { notificationId: document._id },
  });
  await enqueuePushes(ctx, document);
  return document;
}

export interface NotificationOptions {
  types?: readonly string[] | undefined;
  excludeTypes?: readonly string[] | undefined;
  fromId?: string | undefined;
  /** Also those that were put aside. */
  includeFiltered?: boolean | undefined;
}

/** Somebody's notifications, without those of people now hidden. */
export async function listNotifications(
  ctx: Ctx,
  accountId: string,
  page: Page,
  options: NotificationOptions = {},
): Promise<Notification[]> {
  return readUntil(page, {
    read: (slice) => readNotifications(ctx, accountId, slice, options),
    idOf: (n) => n._id,
    pass: (batch) => withoutHidden(ctx, accountId, batch),
  });
}

/** A slice of them, newest first, also of people now hidden. */
export async function readNotifications(
  ctx: Ctx,
  accountId: string,
  page: Page,
  options: NotificationOptions,
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
    ...(!options.includeFiltered && { filtered: { $ne: true } }),
  };
  const found = await ctx.db.notifications
    .find(filter)
    .sort({ _id: up ? 1 : -1 })
    .limit(page.limit)
    .toArray();
  return up ? found.reverse() : found;
}

/** Without those of people whom the receiver hides by now. */
export async function withoutHidden(
  ctx: Ctx,
  accountId: string,
  list: readonly Notification[],
): Promise<Notification[]> {
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
    (n) =>
      people.get(n.fromId)?.suspendedAt === null &&
      (isOfficial(n.type) || !hidden.has(n.fromId) || stillTold.has(n.fromId)),
  );
}
