import type { App } from '../../model/access.js';
import type { PreviewCard } from '../../model/cards.js';
import type { Media, Status } from '../../model/status.js';
import type { FilterMatch } from '../../policy/filters.js';
import type { Ctx } from '../ctx.js';
import { loadAccountsById, type AccountFacts } from './accounts.js';
import { loadFilterMatches } from './filters.js';
import { loadQuotes, type QuoteFacts } from './quotes.js';
import { loadViewerMarks, type ViewerMarks } from './viewer.js';

/** Everything that a serialiser needs to show a list of statuses to one viewer. */
export interface StatusFacts {
  /** The list, without statuses whose author, or reblogged status, is no longer there. */
  statuses: readonly Status[];
  /** Reblogged ones, by id. */
  inner: ReadonlyMap<string, Status>;
  accounts: ReadonlyMap<string, AccountFacts>;
  media: ReadonlyMap<string, Media>;
  apps: ReadonlyMap<string, App>;
  /** By link. */
  cards: ReadonlyMap<string, PreviewCard>;
  /** By the id of the quoting status. */
  quotes: ReadonlyMap<string, QuoteFacts>;
  viewer: ViewerMarks;
  /** Filters of the viewer that apply, by status id. */
  filtered: ReadonlyMap<string, readonly FilterMatch[]>;
}

/**
 * Loads what is around statuses that the viewer may see (the caller made sure: `visibleOf`, or a list verb). The number
 * of queries does not depend on the number of statuses. Quoted statuses are checked here.
 */
export async function loadStatuses(
  ctx: Ctx,
  viewerId: string | null,
  statuses: readonly Status[],
): Promise<StatusFacts> {
  const inner = await byIds(
    statuses.flatMap((s) => s.reblogOfId ?? []),
    (ids) => ctx.db.statuses.find({ _id: { $in: ids } }).toArray(),
  );
  const outer = [...statuses, ...inner.values()];
  const quotes = await loadQuotes(ctx, viewerId, outer);
  const all = [...outer, ...[...quotes.values()].flatMap((q) => q.status ?? [])];
  const [accounts, media, apps, cards, viewer] = await Promise.all([
    loadAccountsById(
      ctx,
      all.map((s) => s.accountId),
    ),
    byIds(
      all.flatMap((s) => s.mediaIds),
      (ids) => ctx.db.media.find({ _id: { $in: ids } }).toArray(),
    ),
    byIds(
      all.flatMap((s) => s.applicationId ?? []),
      (ids) => ctx.db.apps.find({ _id: { $in: ids } }).toArray(),
    ),
    loadCards(
      ctx,
      all.flatMap((s) => s.cardUrl ?? []),
    ),
    loadViewerMarks(ctx, viewerId, all),
  ]);
  const filtered = await loadFilterMatches(ctx, viewerId, { statuses: all, media });
  const known = (s: Status | undefined): boolean => s !== undefined && accounts.has(s.accountId);
  const complete = (s: Status): boolean =>
    known(s) && (s.reblogOfId === null || known(inner.get(s.reblogOfId)));
  return {
    statuses: statuses.filter(complete),
    inner,
    accounts,
    media,
    apps,
    cards,
    quotes,
    viewer,
    filtered,
  };
}

async function loadCards(ctx: Ctx, urls: readonly string[]): Promise<Map<string, PreviewCard>> {
  const wanted = [...new Set(urls)];
  const found = wanted.length ? await ctx.db.previewCards.find({ url: { $in: wanted } }).toArray() : [];
  return new Map(found.map((c) => [c.url, c]));
}

async function byIds<T extends { _id: string }>(
  ids: readonly string[],
  find: (ids: string[]) => Promise<T[]>,
): Promise<Map<string, T>> {
  const wanted = [...new Set(ids)];
  return new Map((wanted.length ? await find(wanted) : []).map((d) => [d._id, d]));
}
