import { idAtTime, toStoredId } from '../model/ids.js';
import type { Account } from '../model/account.js';
import type { Media, Status } from '../model/status.js';
import { canFind, matchesQuery } from '../policy/search.js';
import { settledToPlainText } from '../text/sanitise.js';
import { accountsById, findAccountByAcct } from './accounts.js';
import type { Ctx } from './ctx.js';
import { loadViewerMarks } from './facts/viewer.js';
import { hiddenFrom } from './relationships.js';
import { parseStatusQuery, type StatusQuery } from './search-query.js';
import { visibleOf } from './visible.js';

export interface StatusSearch {
  q: string;
  limit: number;
  offset?: number;
  maxId?: string | undefined;
  minId?: string | undefined;
  /** Only of this account. */
  accountId?: string | undefined;
}

const chunk = 100;
/** How many candidates are looked at for one search. */
const mostCandidates = 2000;

/**
 * Statuses that match, newest first, of those that the viewer may find: its own, those that mention it or that it kept,
 * and public ones of authors who agreed to be found.
 */
export async function searchStatuses(ctx: Ctx, viewer: Account, search: StatusSearch): Promise<Status[]> {
  const query = parseStatusQuery(search.q);
  const author = await authorOf(ctx, viewer, { query, search });
  if (author === 'unknown' || (query.text === '' && author === null && query.scope !== 'library')) return [];
  const bounds = boundsOf(query, search);
  const wanted = (search.offset ?? 0) + search.limit;
  const found: Status[] = [];
  let before = bounds.before;
  for (let seen = 0; seen < mostCandidates && found.length < wanted; seen += chunk) {
    const batch = await candidates(ctx, {
      text: query.text,
      authorId: author ?? (query.text ? null : viewer._id),
      before,
    });
    if (!batch.ids.length) break;
    found.push(
      ...(await findable(ctx, viewer, {
        query,
        statuses: batch.statuses.filter(
          (s) => s._id > bounds.after && (author === null || s.accountId === author),
        ),
      })),
    );
    before = batch.ids.at(-1);
    if (before === undefined || before <= bounds.after) break;
  }
  return found.slice(search.offset ?? 0, wanted);
}

/** The one author that is asked for; null for anybody. */
async function authorOf(
  ctx: Ctx,
  viewer: Account,
  { query, search }: { query: StatusQuery; search: StatusSearch },
): Promise<string | null | 'unknown'> {
  if (query.from === 'me') return viewer._id;
  if (query.from !== null) return (await findAccountByAcct(ctx, query.from))?._id ?? 'unknown';
  return search.accountId ?? null;
}

function boundsOf(
  query: StatusQuery,
  { maxId, minId }: StatusSearch,
): { before: string | undefined; after: string } {
  const until = query.until === null ? undefined : idAtTime(new Date(query.until));
  const since = query.since === null ? '' : idAtTime(new Date(query.since));
  const before = [maxId, until].filter((id) => id !== undefined).sort()[0];
  return { before, after: [minId ?? '', since].sort()[1] ?? '' };
}

/** The next matches of the text, or else of the author, newest first. */
async function candidates(
  ctx: Ctx,
  { text, authorId, before }: { text: string; authorId: string | null; before: string | undefined },
): Promise<{ ids: string[]; statuses: Status[] }> {
  if (text === '') {
    const filter = { accountId: authorId ?? '', ...(before !== undefined && { _id: { $lt: before } }) };
    const statuses = await ctx.db.statuses.find(filter).sort({ _id: -1 }).limit(chunk).toArray();
    return { ids: statuses.map((s) => s._id), statuses: statuses.filter((s) => s.reblogOfId === null) };
  }
  const matches = await ctx.statusText.search(text, {
    limit: chunk,
    ...(before !== undefined && { before }),
  });
  // An index may keep ids as numbers: those of before 2018 come back without their zeros.
  const ids = matches.map(toStoredId);
  const found = ids.length ? await ctx.db.statuses.find({ _id: { $in: ids } }).toArray() : [];
  const byId = new Map(found.map((s) => [s._id, s]));
  return { ids, statuses: ids.flatMap((id) => byId.get(id) ?? []) };
}

async function findable(
  ctx: Ctx,
  viewer: Account,
  { query, statuses }: { query: StatusQuery; statuses: readonly Status[] },
): Promise<Status[]> {
  const visible = await visibleOf(ctx, viewer._id, statuses);
  if (!visible.length) return [];
  const authors = await accountsById(
    ctx,
    visible.map((s) => s.accountId),
  );
  const mediaIds = visible.flatMap((s) => s.mediaIds);
  const [marks, hidden, media] = await Promise.all([
    loadViewerMarks(ctx, viewer._id, visible),
    hiddenFrom(
      ctx,
      viewer._id,
      [...authors.values()].filter((a) => a._id !== viewer._id),
    ),
    mediaIds.length ? ctx.db.media.find({ _id: { $in: mediaIds } }).toArray() : [],
  ]);
  const types = new Map(media.map((m: Media) => [m._id, m.type]));
  return visible.filter((status) => {
    const author = authors.get(status.accountId);
    if (!author || hidden.has(author._id)) return false;
    const kept =
      marks.favourited.has(status._id) ||
      marks.bookmarked.has(status._id) ||
      marks.reblogged.has(status._id) ||
      marks.votes.has(status._id);
    const facts = { viewerId: viewer._id, kept, indexable: author.indexable };
    if (!canFind(status, facts, query.scope)) return false;
    return matchesQuery(status, query, {
      bot: author.bot,
      acctKey: author.acctKey,
      mediaTypes: status.mediaIds.flatMap((id) => types.get(id) ?? []),
      plainText: settledToPlainText(status.content).toLowerCase(),
    });
  });
}
