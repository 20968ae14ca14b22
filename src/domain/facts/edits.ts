import type { Media, Status, StatusEdit } from '../../model/status.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { editHistory } from '../statuses-edit.js';
import { notFound } from '../../errors.js';
import { loadAccount, type AccountFacts } from './accounts.js';

export interface EditFacts {
  edits: readonly StatusEdit[];
  author: AccountFacts;
  media: ReadonlyMap<string, Media>;
}

/** The looks a status had, oldest first. @throws AppError 404 when its author is gone */
export async function loadEdits(ctx: Ctx, status: Status): Promise<EditFacts> {
  const edits = await editHistory(ctx, status);
  const author = (await accountsById(ctx, [status.accountId])).get(status.accountId);
  if (!author) throw notFound();
  const mediaIds = [...new Set(edits.flatMap((e) => e.mediaIds))];
  const media = mediaIds.length ? await ctx.db.media.find({ _id: { $in: mediaIds } }).toArray() : [];
  return { edits, author: await loadAccount(ctx, author), media: new Map(media.map((m) => [m._id, m])) };
}
