import { notFound } from '../errors.js';
import { isUpwards, type Page } from '../model/page.js';
import type { Notification } from '../model/relations.js';
import type { Ctx } from './ctx.js';
import { readPage } from './edges.js';
import { readUntil } from './read-until.js';
import { readNotifications, withoutHidden, type NotificationOptions } from './notifications.js';

/** Notifications that are shown as one. */
export interface NotificationGroup {
  key: string;
  /** The newest of all of them. */
  newest: Notification;
  /** Of all, not only of this page. */
  count: number;
  /** Who they come from, newest first, a few. */
  sampleIds: string[];
  /** The oldest and the newest of this page. */
  pageMinId: string;
  pageMaxId: string;
  latestAt: string;
}

export interface GroupOptions extends NotificationOptions {
  /** Kinds to show together; others stay alone. */
  groupedTypes: readonly string[];
}

/** Kinds that may be shown together. */
export const groupableTypes = ['favourite', 'follow', 'reblog'] as const;
const mostSamples = 8;
const chunk = 200;
const mostChunks = 10;
const mostMembers = 2000;

/** A page of groups, by the newest notification that each has in the page, newest first. */
export async function listNotificationGroups(
  ctx: Ctx,
  accountId: string,
  page: Page,
  options: GroupOptions,
): Promise<NotificationGroup[]> {
  const groups = await foldPage(ctx, accountId, page, options);
  const totals = await loadTotals(ctx, accountId, [...groups.keys()].filter(isShared));
  return [...groups].map(([key, members]) => toGroup(key, members, totals.get(key)));
}

const isShared = (key: string): boolean => !key.startsWith('ungrouped-');

function keyOf(n: Notification, groupedTypes: readonly string[]): string {
  return groupedTypes.includes(n.type) ? n.groupKey : `ungrouped-${n._id}`;
}

/** Reads on until the page has enough groups; members of each newest first. */
async function foldPage(
  ctx: Ctx,
  accountId: string,
  page: Page,
  options: GroupOptions,
): Promise<Map<string, Notification[]>> {
  const up = isUpwards(page);
  const groups = new Map<string, Notification[]>();
  let bounds: Page = { ...page, limit: chunk };
  for (let round = 0; round < mostChunks; round += 1) {
    const read = await readNotifications(ctx, accountId, bounds, options);
    const shown = await withoutHidden(ctx, accountId, read);
    for (const n of up ? shown.reverse() : shown) {
      const key = keyOf(n, options.groupedTypes);
      const members = groups.get(key);
      if (!members && groups.size >= page.limit) return inOrder(groups);
      groups.set(key, [...(members ?? []), n]);
    }
    const last = up ? read[0] : read.at(-1);
    if (!last || read.length < chunk) break;
    bounds = up ? { ...bounds, minId: last._id } : { ...bounds, maxId: last._id };
  }
  return inOrder(groups);
}

function inOrder(groups: Map<string, Notification[]>): Map<string, Notification[]> {
  const sorted = [...groups].map(
    ([key, list]) => [key, list.sort((a, b) => (a._id < b._id ? 1 : -1))] as const,
  );
  const newestId = (list: readonly Notification[]): string => list[0]?._id ?? '';
  return new Map(sorted.sort(([, a], [, b]) => (newestId(a) < newestId(b) ? 1 : -1)));
}

interface Totals {
  newest: Notification;
  count: number;
  sampleIds: string[];
}

/** What groups have in all: one query, or one more for each group when there are very many. */
async function loadTotals(
  ctx: Ctx,
  accountId: string,
  keys: readonly string[],
): Promise<Map<string, Totals>> {
  if (!keys.length) return new Map();
  const filter = { accountId, groupKey: { $in: keys }, filtered: { $ne: true } } as const;
  const found = await ctx.db.notifications.find(filter).sort({ _id: -1 }).limit(mostMembers).toArray();
  const members = await withoutHidden(ctx, accountId, found);
  const totals = new Map<string, Totals>();
  for (const key of keys) {
    const list = members.filter((n) => n.groupKey === key);
    const [newest] = list;
    if (!newest) continue;
    const count =
      found.length < mostMembers
        ? list.length
        : await ctx.db.notifications.countDocuments({ accountId, groupKey: key });
    totals.set(key, { newest, count, sampleIds: senders(list) });
  }
  return totals;
}

function senders(list: readonly Notification[]): string[] {
  return [...new Set(list.map((n) => n.fromId))].slice(0, mostSamples);
}

function toGroup(
  key: string,
  members: readonly Notification[],
  totals: Totals | undefined,
): NotificationGroup {
  const [latest] = members;
  const oldest = members.at(-1);
  if (!latest || !oldest) throw new Error('A group of notifications is empty');
  return {
    key,
    newest: totals?.newest ?? latest,
    count: totals?.count ?? members.length,
    sampleIds: totals?.sampleIds ?? senders(members),
    pageMinId: oldest._id,
    pageMaxId: latest._id,
    latestAt: latest.createdAt,
  };
}

/** A page of the notifications of one group, newest first. */
export async function groupMembers(
  ctx: Ctx,
  accountId: string,
  key: string,
  page: Page,
): Promise<Notification[]> {
  const alone = /^ungrouped-(\d+)$/.exec(key)?.[1];
  if (alone !== undefined) {
    const found = await ctx.db.notifications.findOne({ accountId, _id: alone });
    return found ? withoutHidden(ctx, accountId, [found]) : [];
  }
  return readUntil(page, {
    read: (slice) => readPage(ctx.db.notifications, { accountId, groupKey: key }, slice),
    idOf: (n) => n._id,
    pass: (batch) => withoutHidden(ctx, accountId, batch),
  });
}

/** @throws AppError 404 when there is no such group */
export async function getNotificationGroup(
  ctx: Ctx,
  accountId: string,
  key: string,
): Promise<NotificationGroup> {
  const members = await groupMembers(ctx, accountId, key, { limit: mostMembers });
  const [newest] = members;
  if (!newest) throw notFound();
  return toGroup(key, members, { newest, count: members.length, sampleIds: senders(members) });
}

export async function dismissNotificationGroup(ctx: Ctx, accountId: string, key: string): Promise<void> {
  const alone = /^ungrouped-(\d+)$/.exec(key)?.[1];
  await ctx.db.notifications.deleteMany(
    alone === undefined ? { accountId, groupKey: key } : { accountId, _id: alone },
  );
}
