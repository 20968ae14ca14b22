import type { Account, ProfileImage } from '../model/account.js';
import { standsHere } from '../policy/standing.js';
import type { Ctx } from './ctx.js';

/** Removes files that nothing refers to any more: they are named by their content and may be shared. */
export async function removeUnusedFiles(ctx: Ctx, paths: Iterable<string>): Promise<void> {
  for (const path of new Set(paths)) if (!(await isUsed(ctx, path))) await ctx.files.remove(path);
}

async function isUsed(ctx: Ctx, path: string): Promise<boolean> {
  const { media, accounts } = ctx.db;
  const used = await Promise.all([
    media.findOne({ path }),
    media.findOne({ previewPath: path }),
    accounts.findOne({ 'avatar.path': path }),
    accounts.findOne({ 'avatar.staticPath': path }),
    accounts.findOne({ 'header.path': path }),
    accounts.findOne({ 'header.staticPath': path }),
  ]);
  return used.some((document) => document !== null) || isOfInstance(ctx, path);
}

/** Accounts with one and the same file that are looked at; a spam wave does not have more. */
const mostUsers = 1000;

/**
 * Whether a file is to be had: somebody who is not suspended has it, or the instance itself. What belongs to suspended
 * accounts only is kept, and shown to nobody (ATTACKS 303); nor is what nothing refers to, and could not be removed.
 */
export async function isShown(ctx: Ctx, path: string): Promise<boolean> {
  // Most files are uploads of somebody who is there, and cost two look-ups.
  for (const accountsWith of [uploadersOf, ownersOfPreview, shownInProfiles])
    if ((await accountsWith(ctx, path)).some(standsHere)) return true;
  return isOfInstance(ctx, path);
}

const uploadersOf = (ctx: Ctx, path: string): Promise<Account[]> => uploaders(ctx, { path });
const ownersOfPreview = (ctx: Ctx, path: string): Promise<Account[]> => uploaders(ctx, { previewPath: path });

async function uploaders(ctx: Ctx, filter: { path: string } | { previewPath: string }): Promise<Account[]> {
  const uploads = await ctx.db.media.find(filter).limit(mostUsers).toArray();
  const ids = [...new Set(uploads.map((upload) => upload.accountId))];
  return ids.length ? ctx.db.accounts.find({ _id: { $in: ids } }).toArray() : [];
}

async function shownInProfiles({ db }: Ctx, path: string): Promise<Account[]> {
  const places = ['avatar.path', 'avatar.staticPath', 'header.path', 'header.staticPath'] as const;
  const found = await Promise.all(
    places.map((place) =>
      db.accounts
        .find({ [place]: path })
        .limit(mostUsers)
        .toArray(),
    ),
  );
  return found.flat();
}

async function isOfInstance({ db }: Ctx, path: string): Promise<boolean> {
  const found = await Promise.all([
    db.customEmojis.findOne({ path }),
    db.customEmojis.findOne({ staticPath: path }),
    db.previewCards.findOne({ 'page.image.path': path }),
  ]);
  return found.some((document) => document !== null);
}

/** The files of an avatar or a header. */
export function pathsOf(image: ProfileImage | null): string[] {
  return [image?.path ?? [], image?.staticPath ?? []].flat();
}
