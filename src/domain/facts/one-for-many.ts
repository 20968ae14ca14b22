import type { Filter } from '../../model/filters.js';
import type { Status } from '../../model/status.js';
import { isActive } from '../../policy/filters.js';
import { now, type Ctx } from '../ctx.js';
import { matchAll } from './filters.js';
import { loadStatuses, type StatusFacts } from './statuses.js';
import { loadMarksOfMany, noMarks } from './viewer.js';

/** The facts of one viewer; `shared`: the same for all of whom it is said, so that one rendering serves them. */
export interface ViewersFacts {
  facts: StatusFacts;
  shared: boolean;
}

/**
 * What is around one status, for each of many viewers who may see it. The number of queries does not depend on how many
 * they are, but for a quote: what may be shown of the quoted one is asked for each.
 */
export async function loadStatusForMany(
  ctx: Ctx,
  viewerIds: readonly string[],
  status: Status,
): Promise<(viewerId: string) => Promise<ViewersFacts>> {
  const common = await loadStatuses(ctx, null, [status]);
  const all = [status, ...common.inner.values()];
  if (all.some((s) => s.quote !== null))
    return async (viewerId) => ({ facts: await loadStatuses(ctx, viewerId, [status]), shared: false });
  const [marks, filters] = await Promise.all([
    loadMarksOfMany(ctx, viewerIds, all),
    activeFiltersOfMany(ctx, viewerIds),
  ]);
  const authors = new Set(all.map((s) => s.accountId));
  const asksFollowers = all.some((s) => s.quotePolicy === 'followers');
  return async (viewerId) => {
    const viewer = marks.get(viewerId) ?? noMarks;
    const own = filters.get(viewerId) ?? [];
    const filtered = matchAll(own, viewerId, { statuses: all, media: common.media });
    const isPlain =
      !authors.has(viewerId) &&
      !hasMarks(viewer) &&
      !(asksFollowers && viewer.following.size) &&
      ![...filtered.values()].some((matches) => matches.length);
    return { facts: { ...common, viewer, filtered }, shared: isPlain };
  };
}

function hasMarks({
  favourited,
  reblogged,
  bookmarked,
  mutedThreads,
  votes,
}: StatusFacts['viewer']): boolean {
  return [favourited, reblogged, bookmarked, mutedThreads, votes].some((mark) => mark.size > 0);
}

async function activeFiltersOfMany(ctx: Ctx, viewerIds: readonly string[]): Promise<Map<string, Filter[]>> {
  const found = await ctx.db.filters.find({ accountId: { $in: [...viewerIds] } }).toArray();
  const at = now(ctx);
  const byViewer = new Map<string, Filter[]>();
  for (const filter of found.filter((f) => isActive(f, at)))
    byViewer.set(filter.accountId, [...(byViewer.get(filter.accountId) ?? []), filter]);
  return byViewer;
}
