import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';

/** How the viewer stands to statuses: sets of status ids unless said otherwise. */
export interface ViewerMarks {
  favourited: ReadonlySet<string>;
  reblogged: ReadonlySet<string>;
  bookmarked: ReadonlySet<string>;
  /** Ids of conversations. */
  mutedThreads: ReadonlySet<string>;
  /** Chosen options by status id. */
  votes: ReadonlyMap<string, number[]>;
  /** Ids of accounts that the viewer follows, of those that matter here. */
  following: ReadonlySet<string>;
}

const nothing: ViewerMarks = {
  favourited: new Set(),
  reblogged: new Set(),
  bookmarked: new Set(),
  mutedThreads: new Set(),
  votes: new Map(),
  following: new Set(),
};

/** Six queries, however many statuses; none for the public. */
export async function loadViewerMarks(
  ctx: Ctx,
  viewerId: string | null,
  statuses: readonly Status[],
): Promise<ViewerMarks> {
  if (viewerId === null || !statuses.length) return nothing;
  const ids = [...new Set(statuses.map((s) => s._id))];
  const mine = { accountId: viewerId, statusId: { $in: ids } };
  const threads = [...new Set(statuses.map((s) => s.conversationId))];
  const authors = [...new Set(statuses.map((s) => s.accountId))];
  const [favourites, reblogs, bookmarks, muted, votes, follows] = await Promise.all([
    ctx.db.favourites.find(mine).toArray(),
    ctx.db.statuses.find({ accountId: viewerId, reblogOfId: { $in: ids } }).toArray(),
    ctx.db.bookmarks.find(mine).toArray(),
    ctx.db.threadMutes.find({ accountId: viewerId, conversationId: { $in: threads } }).toArray(),
    ctx.db.pollVotes.find(mine).toArray(),
    ctx.db.follows.find({ accountId: viewerId, targetId: { $in: authors } }).toArray(),
  ]);
  const choices = new Map<string, number[]>();
  for (const v of votes)
    choices.set(
      v.statusId,
      [...(choices.get(v.statusId) ?? []), v.choice].sort((a, b) => a - b),
    );
  return {
    favourited: new Set(favourites.map((f) => f.statusId)),
    reblogged: new Set(reblogs.flatMap((r) => r.reblogOfId ?? [])),
    bookmarked: new Set(bookmarks.map((b) => b.statusId)),
    mutedThreads: new Set(muted.map((m) => m.conversationId)),
    votes: choices,
    following: new Set(follows.filter((f) => f.state === 'accepted').map((f) => f.targetId)),
  };
}
