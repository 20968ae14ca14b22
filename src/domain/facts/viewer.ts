import type { PollVote, Status } from '../../model/status.js';
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

/** Of the public. */
export const noMarks: ViewerMarks = {
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
  if (viewerId === null || !statuses.length) return noMarks;
  return (await loadMarksOfMany(ctx, [viewerId], statuses)).get(viewerId) ?? noMarks;
}

/** Six queries, however many viewers and statuses. */
export async function loadMarksOfMany(
  ctx: Ctx,
  viewerIds: readonly string[],
  statuses: readonly Status[],
): Promise<Map<string, ViewerMarks>> {
  const accountId = viewerIds.length === 1 ? (viewerIds[0] ?? '') : { $in: [...viewerIds] };
  const ids = [...new Set(statuses.map((s) => s._id))];
  const mine = { accountId, statusId: { $in: ids } };
  const threads = [...new Set(statuses.map((s) => s.conversationId))];
  const authors = [...new Set(statuses.map((s) => s.accountId))];
  const found = await Promise.all([
    ctx.db.favourites.find(mine).toArray(),
    ctx.db.statuses.find({ accountId, reblogOfId: { $in: ids } }).toArray(),
    ctx.db.bookmarks.find(mine).toArray(),
    ctx.db.threadMutes.find({ accountId, conversationId: { $in: threads } }).toArray(),
    ctx.db.pollVotes.find(mine).toArray(),
    ctx.db.follows.find({ accountId, targetId: { $in: authors } }).toArray(),
  ]);
  const [favourites, reblogs, bookmarks, muted, votes, follows] = [
    byAccount(found[0]),
    byAccount(found[1]),
    byAccount(found[2]),
    byAccount(found[3]),
    byAccount(found[4]),
    byAccount(found[5]),
  ];
  return new Map(
    viewerIds.map((id) => [
      id,
      {
        favourited: new Set(favourites(id).map((f) => f.statusId)),
        reblogged: new Set(reblogs(id).flatMap((r) => r.reblogOfId ?? [])),
        bookmarked: new Set(bookmarks(id).map((b) => b.statusId)),
        mutedThreads: new Set(muted(id).map((m) => m.conversationId)),
        votes: toChoices(votes(id)),
        following: new Set(
          follows(id)
            .filter((f) => f.state === 'accepted')
            .map((f) => f.targetId),
        ),
      },
    ]),
  );
}

function byAccount<T extends { accountId: string }>(documents: readonly T[]): (id: string) => readonly T[] {
  const groups = new Map<string, T[]>();
  for (const document of documents) {
    const group = groups.get(document.accountId);
    if (group) group.push(document);
    else groups.set(document.accountId, [document]);
  }
  return (id) => groups.get(id) ?? [];
}

function toChoices(votes: readonly PollVote[]): Map<string, number[]> {
  const choices = new Map<string, number[]>();
  for (const { statusId, choice } of votes)
    choices.set(
      statusId,
      [...(choices.get(statusId) ?? []), choice].sort((a, b) => a - b),
    );
  return choices;
}
