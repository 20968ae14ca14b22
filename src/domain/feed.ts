import { idRange, isUpwards, type Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import type { Collection, Document, Filter } from '../store/port.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { readUntil } from './read-until.js';
import { hiddenFrom } from './relationships.js';
import { visibleOf } from './visible.js';

/** A line of a timeline that was written when its status arrived. */
export interface FeedLine {
  statusId: string;
  /** The reblogged status, when that is what is shown; null: the status itself. */
  shownId: string | null;
}

/** A slice of the lines that match, newest first. */
export async function readLines<T extends Document & FeedLine>(
  lines: Collection<T>,
  filter: Filter,
  page: Page,
): Promise<T[]> {
  const up = isUpwards(page);
  const range = idRange(page);
  const found = await lines
    .find({ ...filter, ...(Object.keys(range).length && { statusId: range }) })
    .sort({ statusId: up ? 1 : -1 })
    .limit(page.limit)
    .toArray();
  return up ? found.reverse() : found;
}

/** Owners of lines that are being trimmed, by collection. */
const trimming = new WeakMap<object, Set<string>>();

/**
 * Keeps the newest lines of an owner only. Of several who want that at the same moment, one does it: the others would
 * find the same lines to be too many.
 */
export async function trimLines<T extends Document & FeedLine>(
  ctx: Ctx,
  lines: Collection<T>,
  owner: Filter,
): Promise<void> {
  const busy = trimming.get(lines) ?? new Set();
  const name = JSON.stringify(owner);
  if (busy.has(name)) return;
  trimming.set(lines, busy.add(name));
  try {
    const first = lines.find(owner).sort({ statusId: -1 }).skip(ctx.settings.homeEntries).limit(1);
    const [tooMany] = await first.toArray();
    if (tooMany) await lines.deleteMany({ ...owner, statusId: { $lte: tooMany.statusId } });
  } finally {
    busy.delete(name);
  }
}

/** A page of what lines lead to, newest first. */
export function readFeed(
  ctx: Ctx,
  readerId: string,
  { page, read }: { page: Page; read: (slice: Page) => Promise<FeedLine[]> },
): Promise<Status[]> {
  return readUntil(page, {
    read,
    idOf: (line) => line.statusId,
    pass: (lines) => statusesOfLines(ctx, readerId, lines),
  });
}

/** The statuses of these lines, in their order: those that the reader may still see, from nobody it hides by now. */
async function statusesOfLines(ctx: Ctx, readerId: string, lines: readonly FeedLine[]): Promise<Status[]> {
  const found = await statusesOf(
    ctx,
    lines.map((l) => l.statusId),
  );
  const statuses = lines.flatMap((l) => found.get(l.statusId) ?? []);
  const visible = await visibleOf(ctx, readerId, statuses);
  const inner = await statusesOf(
    ctx,
    lines.flatMap((l) => (l.shownId === null || l.shownId === l.statusId ? [] : [l.shownId])),
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
