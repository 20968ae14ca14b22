import { invalid, notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { Page } from '../model/page.js';
import type { Tag } from '../model/tags.js';
import { normaliseHashtag } from '../text/scan.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { readPage } from './edges.js';

export interface TagChanges {
  displayName?: string;
  /** Whether it may be shown as a trend. */
  trendable?: boolean;
  /** Whether people here may use it. */
  usable?: boolean;
  /** Whether it is found and suggested. */
  listable?: boolean;
}

export function listTagsForStaff(ctx: Ctx, page: Page): Promise<Tag[]> {
  return readPage(ctx.db.tags, {}, page);
}

/** @throws AppError 404 */
export async function getTagById(ctx: Ctx, id: string): Promise<Tag> {
  const tag = isId(id) ? await ctx.db.tags.findOne({ _id: id }) : null;
  if (!tag) throw notFound();
  return tag;
}

/** Decides about a hashtag; it counts as looked at from then on. @throws AppError 404, 422 for another tag's name */
export async function changeTag(
  ctx: Ctx,
  by: string,
  { id, changes }: { id: string; changes: TagChanges },
): Promise<Tag> {
  const tag = await getTagById(ctx, id);
  if (changes.displayName !== undefined && normaliseHashtag(changes.displayName) !== tag.name)
    throw invalid('Display name Only the letter casing can be changed');
  const fields = { ...changes, reviewedAt: now(ctx) };
  const act = { actor: by, action: 'tag.update', target: `#${tag.name}`, details: { ...changes } };
  await asStaff(ctx, act, () => ctx.db.tags.updateOne({ _id: tag._id }, { $set: fields }));
  return { ...tag, ...fields };
}

/** @throws AppError 422 when staff does not want one of these (normalised names) to be used here */
export async function refuseUnusableTags(ctx: Ctx, names: readonly string[]): Promise<void> {
  if (!names.length) return;
  const found = await ctx.db.tags.find({ name: { $in: [...names] } }).toArray();
  const unusable = found.filter((t) => t.usable === false).map((t) => t.displayName);
  if (unusable.length) throw invalid(`Text contained a disallowed hashtag: ${unusable.join(', ')}`);
}
