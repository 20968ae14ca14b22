import type { Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { hiddenFrom } from './relationships.js';
import { visibleOf } from './visible.js';

/** A line of a timeline that was written when its status arrived. */
export interface FeedLine {
  statusId: string;
  /** The status that is shown: the reblogged one, or the status itself. */
  shownId: string;
}

/** The statuses of these lines, in their order: those that the reader may still see, from nobody it hides by now. */
export async function readFeed(ctx: Ctx, readerId: string, lines: readonly FeedLine[]): Promise<Status[]> {
  const found = await statusesOf(
    ctx,
    lines.map((l) => l.statusId),
  );
  const statuses = lines.flatMap((l) => found.get(l.statusId) ?? []);
  const visible = await visibleOf(ctx, readerId, statuses);
  const inner = await statusesOf(
    ctx,
    lines.flatMap((l) => (l.shownId === l.statusId ? [] : [l.shownId])),
  );
  const authors = await accountsById(
    ctx,
    [...visible, ...inner.values()].map((s) => s.accountId),
  );
  const hidden = await hiddenFrom(
    ctx,
    readerId,
    [...authors.values()].filter((a) => a._id !== readerId),
  );
  return visible.filter((s) => {
    const shown = s.reblogOfId ? inner.get(s.reblogOfId) : s;
    return shown !== undefined && !hidden.has(s.accountId) && !hidden.has(shown.accountId);
  });
}

async function statusesOf(ctx: Ctx, ids: readonly string[]): Promise<Map<string, Status>> {
  const wanted = [...new Set(ids)];
  const found = wanted.length ? await ctx.db.statuses.find({ _id: { $in: wanted } }).toArray() : [];
  return new Map(found.map((s) => [s._id, s]));
}
