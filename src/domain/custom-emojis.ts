import { invalid, notFound } from '../errors.js';
import type { CustomEmoji } from '../model/status.js';
import { isDuplicateKey } from '../store/port.js';
import { isShortcode } from '../text/emoji.js';
import { now, type Ctx } from './ctx.js';
import { removeUnusedFiles } from './files.js';
import { acceptProfilePicture } from './uploads.js';

export interface NewEmoji {
  /** Without colons. */
  shortcode: string;
  /** PNG, GIF, WebP, … */
  picture: Buffer;
  category: string | null;
}

/** Adds an emoji of this server. @throws AppError 422 when the name is none or taken, or the picture is not usable */
export async function addCustomEmoji(
  ctx: Ctx,
  { shortcode, picture, category }: NewEmoji,
): Promise<CustomEmoji> {
  if (!isShortcode(shortcode))
    throw invalid('Shortcode must have two or more letters, digits or underscores');
  if (await ctx.db.customEmojis.findOne({ key: shortcode })) throw taken();
  const { path, staticPath } = await acceptProfilePicture(ctx, 'emoji', picture);
  const emoji: CustomEmoji = {
    _id: ctx.ids.next(),
    shortcode,
    domain: null,
    key: shortcode,
    path,
    staticPath,
    remoteUrl: null,
    category,
    visibleInPicker: true,
    disabled: false,
    updatedAt: now(ctx),
  };
  await ctx.db.customEmojis.insertOne(emoji).catch((error: unknown) => {
    throw isDuplicateKey(error) ? taken() : error;
  });
  return emoji;
}

const taken = () => invalid('Shortcode has already been taken');

/** The emojis of this server, by name. */
export function listCustomEmojis(ctx: Ctx): Promise<CustomEmoji[]> {
  return ctx.db.customEmojis.find({ domain: null }).sort({ shortcode: 1 }).limit(5000).toArray();
}

/** What was posted with it keeps the word between colons. @throws AppError 404 */
export async function removeCustomEmoji(ctx: Ctx, shortcode: string): Promise<void> {
  const emoji = await ctx.db.customEmojis.findOne({ key: shortcode });
  if (!emoji) throw notFound(`There is no emoji ${shortcode}`);
  await ctx.db.customEmojis.deleteOne({ _id: emoji._id });
  await removeUnusedFiles(
    ctx,
    [emoji.path, emoji.staticPath].filter((path) => path !== null),
  );
}
