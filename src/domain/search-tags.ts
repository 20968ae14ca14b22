import type { Tag } from '../model/tags.js';
import { normaliseHashtag } from '../text/scan.js';
import type { Ctx } from './ctx.js';

const mostCandidates = 200;

/** Hashtags in use that begin so: the exact one first, then the most lately used. */
export async function searchTags(
  ctx: Ctx,
  { q, limit, offset = 0 }: { q: string; limit: number; offset?: number },
): Promise<Tag[]> {
  const key = normaliseHashtag(q.trim().replace(/^#/, ''));
  if (key === '') return [];
  const found = await ctx.db.tags
    .find({ name: { $gte: key, $lt: `${key}\uffff` } })
    .sort({ name: 1 })
    .limit(mostCandidates)
    .toArray();
  const used = found.filter((t) => t.lastStatusAt !== null && t.listable !== false);
  const rank = (t: Tag): string => `${t.name === key ? '1' : '0'}${t.lastStatusAt ?? ''}`;
  return used.sort((a, b) => (rank(a) < rank(b) ? 1 : -1)).slice(offset, offset + limit);
}
