import type { ProfileImage } from '../model/account.js';
import type { Ctx } from './ctx.js';

/** Removes files that nothing refers to any more: they are named by their content and may be shared. */
export async function removeUnusedFiles(ctx: Ctx, paths: Iterable<string>): Promise<void> {
  for (const path of new Set(paths)) if (!(await isUsed(ctx, path))) await ctx.files.remove(path);
}

async function isUsed(ctx: Ctx, path: string): Promise<boolean> {
  const { media, accounts, customEmojis, previewCards } = ctx.db;
  const used = await Promise.all([
    media.findOne({ path }),
    media.findOne({ previewPath: path }),
    accounts.findOne({ 'avatar.path': path }),
    accounts.findOne({ 'avatar.staticPath': path }),
    accounts.findOne({ 'header.path': path }),
    accounts.findOne({ 'header.staticPath': path }),
    customEmojis.findOne({ path }),
    customEmojis.findOne({ staticPath: path }),
    previewCards.findOne({ 'page.image.path': path }),
  ]);
  return used.some((document) => document !== null);
}

/** The files of an avatar or a header. */
export function pathsOf(image: ProfileImage | null): string[] {
  return [image?.path ?? [], image?.staticPath ?? []].flat();
}
