import type { UserIp } from '../model/moderation.js';
import { addressKey, addressText, parseNetwork } from '../policy/networks.js';
import { now, type Ctx } from './ctx.js';

const mostUsers = 5000;
const mostShown = 50;
const keptMs = 365 * 86_400_000;

/** Remembers where somebody signed up or in from, for a year. What is no address is not remembered. */
export async function recordUserIp(ctx: Ctx, userId: string, address: string | null): Promise<void> {
  const key = address === null ? null : addressKey(address);
  const ip = address === null ? null : addressText(address);
  if (key === null || ip === null) return;
  await ctx.db.userIps.updateOne(
    { userId, key },
    { $set: { ip, usedAt: now(ctx) }, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
}

/** By user, the latest first: one query. */
export async function ipsOfUsers(ctx: Ctx, userIds: readonly string[]): Promise<Map<string, UserIp[]>> {
  const found = userIds.length ? await ctx.db.userIps.find({ userId: { $in: [...userIds] } }).toArray() : [];
  const byUser = new Map<string, UserIp[]>();
  for (const ip of found.sort((a, b) => (a.usedAt < b.usedAt ? 1 : -1))) {
    const list = byUser.get(ip.userId) ?? [];
    if (list.length < mostShown) byUser.set(ip.userId, [...list, ip]);
  }
  return byUser;
}

/** Who was seen in a network (an address or CIDR); nobody when it is none. */
export async function usersFromNetwork(ctx: Ctx, text: string): Promise<string[]> {
  const network = parseNetwork(text);
  if (!network) return [];
  const found = await ctx.db.userIps
    .find({ key: { $gte: network.first, $lte: network.last } })
    .limit(mostUsers)
    .toArray();
  return [...new Set(found.map((ip) => ip.userId))];
}

/** Forgets addresses that were not used for a year, and days of activity as old. */
export async function sweepUserIps(ctx: Ctx): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - keptMs).toISOString();
  await ctx.db.userIps.deleteMany({ usedAt: { $lt: before } });
  await ctx.db.activeDays.deleteMany({ day: { $lt: before.slice(0, 10) } });
}
