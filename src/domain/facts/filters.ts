import type { Filter } from '../../model/filters.js';
import type { Media, Status } from '../../model/status.js';
import { matchFilters, type FilterMatch } from '../../policy/filters.js';
import { settledToPlainText } from '../../text/sanitise.js';
import type { Ctx } from '../ctx.js';
import { activeFiltersOf } from '../filters.js';

/** Which of the viewer's filters apply, by status id; nobody filters what they wrote themselves. One query. */
export async function loadFilterMatches(
  ctx: Ctx,
  viewerId: string | null,
  { statuses, media }: { statuses: readonly Status[]; media: ReadonlyMap<string, Media> },
): Promise<Map<string, FilterMatch[]>> {
  if (viewerId === null || !statuses.length) return new Map();
  return matchAll(await activeFiltersOf(ctx, viewerId), viewerId, { statuses, media });
}

/** The same with the viewer's active filters at hand. */
export function matchAll(
  filters: readonly Filter[],
  viewerId: string,
  { statuses, media }: { statuses: readonly Status[]; media: ReadonlyMap<string, Media> },
): Map<string, FilterMatch[]> {
  if (!filters.length) return new Map();
  const others = statuses.filter((s) => s.accountId !== viewerId && s.reblogOfId === null);
  return new Map(
    others.map((s) => [s._id, matchFilters(filters, { text: textOf(s, media), statusId: s._id })]),
  );
}

/** Everything that can be read of a status. */
function textOf(status: Status, media: ReadonlyMap<string, Media>): string {
  const parts = [
    status.spoilerText,
    settledToPlainText(status.content),
    ...(status.poll?.options.map((o) => o.title) ?? []),
    ...status.mediaIds.map((id) => media.get(id)?.description ?? ''),
  ];
  return parts.filter((p) => p !== '').join('\n\n');
}
