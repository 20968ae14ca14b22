import type { Follow } from '../model/relations.js';
import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { readFeed, readLines } from './feed.js';
import { hiddenBy, recipients } from './home-recipients.js';
import { fanOutLists, type ReachedList } from './list-feed.js';
import { insertThose } from '../store/port.js';

/** Statuses of people one follows, and one's own: one index range and constant batch loads. */
export async function homeTimeline(ctx: Ctx, accountId: string, page: Page): Promise<Status[]> {
  return readFeed(ctx, accountId, {
    page,
    read: (slice) => readLines(ctx.db.homeEntries, { accountId }, slice),
  });
}

const pageSize = 1000;

/** Where a status is now. */
export interface Reached {
  /** Accounts in whose home it is. */
  homes: string[];
  lists: ReachedList[];
  /** Local followers who asked to be told of what the author posts. */
  bells: string[];
}

/** Nowhere. */
export const unreached = (): Reached => ({ homes: [], lists: [], bells: [] });

/**
 * Writes a line for every local follower in whose home a status belongs (and for its local author), and in their lists.
 * Repeating it adds nothing.
 */
export async function fanOutHome(ctx: Ctx, status: Status): Promise<Reached> {
  const reached = unreached();
  const shown = status.reblogOfId ? await ctx.db.statuses.findOne({ _id: status.reblogOfId }) : status;
  if (!shown) return reached;
  if (status.local) {
    await writeEntries(ctx, [status.accountId], status);
    reached.homes.push(status.accountId);
  }
  for await (const followers of localFollowers(ctx, status.accountId)) {
    const wanted = await recipients(ctx, followers, { status, shown });
    const lists = await fanOutLists(ctx, wanted, status);
    const elsewhere = new Set(lists.filter((l) => l.exclusive).map((l) => l.accountId));
    const homes = wanted.filter((id) => !elsewhere.has(id));
    await writeEntries(ctx, homes, status);
    reached.homes.push(...homes);
    reached.lists.push(...lists);
    reached.bells.push(...followers.filter((f) => f.notify).map((f) => f.accountId));
  }
  const byTag = await tagFollowers(ctx, status, reached.homes);
  await writeEntries(ctx, byTag, status);
  reached.homes.push(...byTag);
  return reached;
}

/** Accounts that follow a hashtag of a public status and do not have it in their home yet. */
async function tagFollowers(ctx: Ctx, status: Status, homes: readonly string[]): Promise<string[]> {
  if (status.visibility !== 'public' || status.reblogOfId !== null || !status.tags.length) return [];
  const follows = await ctx.db.followedTags
    .find({ tag: { $in: status.tags } })
    .limit(10_000)
    .toArray();
  const has = new Set([...homes, status.accountId]);
  const ids = [...new Set(follows.map((f) => f.accountId))].filter((id) => !has.has(id));
  const hidden = ids.length ? await hiddenBy(ctx, ids, { status, shown: status }) : () => new Set<string>();
  return ids.filter((id) => {
    const hides = hidden(id);
    return !hides.has(status.accountId) && !status.mentions.some((m) => hides.has(m.accountId));
  });
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

async function writeEntries(ctx: Ctx, accountIds: readonly string[], status: Status): Promise<void> {
  const documents = accountIds.map((accountId) => ({
    _id: ctx.ids.next(),
    accountId,
    statusId: status._id,
    fromId: status.accountId,
    shownId: status.reblogOfId,
  }));
  await insertThose(ctx.db.homeEntries, documents);
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
    await writeEntries(ctx, wanted, status);
  }
}

/** Takes everything of an account out of somebody's home timeline and lists. */
export async function clearFromHome(ctx: Ctx, accountId: string, fromId: string): Promise<void> {
  await ctx.db.homeEntries.deleteMany({ accountId, fromId });
  await ctx.db.listEntries.deleteMany({ accountId, fromId });
}
