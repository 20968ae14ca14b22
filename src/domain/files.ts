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
 * Whether a file belongs to suspended accounts and to nobody else: while they are suspended it is not to be had, by whatever
 * link (ATTACKS 303). Files are shared by content, so that somebody else's equal picture, or an emoji, keeps it there.
 */
export async function isWithheld(ctx: Ctx, path: string): Promise<boolean> {
  let suspended = false;
  // Most files are uploads of somebody who is there, and cost two look-ups.
  for (const accountsWith of [uploadersOf, ownersOfPreview, shownInProfiles]) {
    const found = await accountsWith(ctx, path);
    if (found.some(standsHere)) return false;
    suspended ||= found.length > 0;
  }
  return suspended && !(await isOfInstance(ctx, path));
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
