import { belongsInHome } from '../policy/home.js';
import type { Follow, HomeEntry } from '../model/relations.js';
import { idRange, isUpwards, type Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { hiddenFrom } from './relationships.js';
import { visibleOf } from './visible.js';

/** Statuses of people one follows, and one's own: one index range and constant batch loads. */
export async function homeTimeline(ctx: Ctx, accountId: string, page: Page): Promise<Status[]> {
  const up = isUpwards(page);
  const range = idRange(page);
  const filter = { accountId, ...(Object.keys(range).length && { statusId: range }) };
  const entries = await ctx.db.homeEntries
    .find(filter)
    .sort({ statusId: up ? 1 : -1 })
    .limit(page.limit)
    .toArray();
  if (up) entries.reverse();
  const found = await ctx.db.statuses.find({ _id: { $in: entries.map((e) => e.statusId) } }).toArray();
  const byId = new Map(found.map((s) => [s._id, s]));
  const statuses = entries.flatMap((e) => byId.get(e.statusId) ?? []);
  const visible = await visibleOf(ctx, accountId, statuses);
  return withoutHidden(ctx, accountId, { statuses: visible, entries });
}

async function withoutHidden(
  ctx: Ctx,
  accountId: string,
  page: { statuses: Status[]; entries: HomeEntry[] },
): Promise<Status[]> {
  const shownIds = page.entries.flatMap((e) => (e.shownId === e.statusId ? [] : [e.shownId]));
  const inner = shownIds.length ? await ctx.db.statuses.find({ _id: { $in: shownIds } }).toArray() : [];
  const innerById = new Map(inner.map((s) => [s._id, s]));
  const authors = await accountsById(
    ctx,
    [...page.statuses, ...inner].map((s) => s.accountId),
  );
  const hidden = await hiddenFrom(
    ctx,
    accountId,
    [...authors.values()].filter((a) => a._id !== accountId),
  );
  return page.statuses.filter((s) => {
    const shown = s.reblogOfId ? innerById.get(s.reblogOfId) : s;
    return shown !== undefined && !hidden.has(s.accountId) && !hidden.has(shown.accountId);
  });
}

const pageSize = 1000;

/**
 * Writes a line for every local follower in whose home a status belongs (and for its local author). Repeating it adds
 * nothing. @returns the accounts in whose home it now is
 */
export async function fanOutHome(ctx: Ctx, status: Status): Promise<string[]> {
  const shown = status.reblogOfId ? await ctx.db.statuses.findOne({ _id: status.reblogOfId }) : status;
  if (!shown) return [];
  const reached: string[] = [];
  if (status.local) {
    await writeEntries(ctx, [status.accountId], { status, shown });
    reached.push(status.accountId);
  }
  for await (const followers of localFollowers(ctx, status.accountId)) {
    const wanted = await recipients(ctx, followers, { status, shown });
    await writeEntries(ctx, wanted, { status, shown });
    reached.push(...wanted);
  }
  return reached;
}

/** Accepted follows by accounts of this server, in pages. */
async function* localFollowers(ctx: Ctx, accountId: string): AsyncGenerator<Follow[]> {
  for (let after = ''; ;) {
    const filter = { targetId: accountId, state: 'accepted', _id: { $gt: after } };
    const page = await ctx.db.follows.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
    const accounts = await accountsById(
      ctx,
      page.map((f) => f.accountId),
    );
    yield page.filter((f) => accounts.get(f.accountId)?.domain === null);
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last._id;
  }
}

async function recipients(
  ctx: Ctx,
  followers: Follow[],
  { status, shown }: { status: Status; shown: Status },
): Promise<string[]> {
  const ids = followers.map((f) => f.accountId);
  if (!ids.length) return [];
  const involved = [
    ...new Set([status.accountId, shown.accountId, ...status.mentions.map((m) => m.accountId)]),
  ];
  const parent = status.inReplyToAccountId;
  const [blocks, blockedBy, mutes, parentFollows] = await Promise.all([
    ctx.db.blocks.find({ accountId: { $in: ids }, targetId: { $in: involved } }).toArray(),
    ctx.db.blocks.find({ accountId: { $in: involved }, targetId: { $in: ids } }).toArray(),
    ctx.db.mutes.find({ accountId: { $in: ids }, targetId: { $in: involved } }).toArray(),
    parent
      ? ctx.db.follows.find({ accountId: { $in: ids }, targetId: parent, state: 'accepted' }).toArray()
      : [],
  ]);
  const at = ctx.clock.now().toISOString();
  const active = mutes.filter((m) => m.expiresAt === null || m.expiresAt > at);
  const hiddenOf = (id: string): Set<string> =>
    new Set([
      ...[...blocks, ...active].filter((b) => b.accountId === id).map((b) => b.targetId),
      ...blockedBy.filter((b) => b.targetId === id).map((b) => b.accountId),
    ]);
  const followsParent = new Set(parentFollows.map((f) => f.accountId));
  return followers
    .filter((f) =>
      belongsInHome(status, shown, {
        followerId: f.accountId,
        showReblogs: f.reblogs,
        languages: f.languages,
        following: new Set(parent && followsParent.has(f.accountId) ? [parent] : []),
        hidden: hiddenOf(f.accountId),
      }),
    )
    .map((f) => f.accountId);
}

async function writeEntries(
  ctx: Ctx,
  accountIds: readonly string[],
  { status, shown }: { status: Status; shown: Status },
): Promise<void> {
  const documents = accountIds.map((accountId) => ({
    _id: ctx.ids.next(),
    accountId,
    statusId: status._id,
    fromId: status.accountId,
    shownId: shown._id,
  }));
  await insertMissing(ctx, documents);
}

/** Inserts lines, skipping those that are there already. */
async function insertMissing(ctx: Ctx, documents: HomeEntry[]): Promise<void> {
  if (!documents.length) return;
  const statusId = documents[0]?.statusId ?? '';
  const known = await ctx.db.homeEntries.find({ statusId }).toArray();
  const has = new Set(known.map((e) => e.accountId));
  const missing = documents.filter((d) => !has.has(d.accountId));
  if (missing.length) await ctx.db.homeEntries.insertMany(missing, { ordered: false });
}

/** Fills a home timeline with the latest of an account that was just followed. */
export async function backfillHome(ctx: Ctx, followerId: string, authorId: string): Promise<void> {
  const recent = await ctx.db.statuses.find({ accountId: authorId }).sort({ _id: -1 }).limit(40).toArray();
  const follow = await ctx.db.follows.findOne({ accountId: followerId, targetId: authorId });
  if (follow?.state !== 'accepted') return;
  for (const status of recent.filter((s) => s.visibility !== 'direct')) {
    const shown = status.reblogOfId ? await ctx.db.statuses.findOne({ _id: status.reblogOfId }) : status;
    if (!shown) continue;
    const wanted = await recipients(ctx, [follow], { status, shown });
    await writeEntries(ctx, wanted, { status, shown });
  }
}

/** Takes everything of an account out of somebody's home timeline. */
export async function clearFromHome(ctx: Ctx, accountId: string, fromId: string): Promise<void> {
  await ctx.db.homeEntries.deleteMany({ accountId, fromId });
}

/** Keeps the newest lines of a home timeline only. */
export async function trimHome(ctx: Ctx, accountId: string): Promise<void> {
  const [oldest] = await ctx.db.homeEntries
    .find({ accountId })
    .sort({ statusId: -1 })
    .skip(ctx.settings.homeEntries)
    .limit(1)
    .toArray();
  if (oldest) await ctx.db.homeEntries.deleteMany({ accountId, statusId: { $lte: oldest.statusId } });
}
