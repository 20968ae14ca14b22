import { invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Ctx } from './ctx.js';

/** As Mastodon. */
const maxCharacters = 2000;

/** Keeps a private remark about an account; an empty one takes it away. @throws AppError 422 when it is too long */
export async function setNote(ctx: Ctx, who: Account, target: Account, comment: string): Promise<void> {
  const key = { accountId: who._id, targetId: target._id };
  if ([...comment].length > maxCharacters)
    throw invalid(`Comment is too long (maximum is ${maxCharacters} characters)`);
  if (comment === '') {
    await ctx.db.accountNotes.deleteOne(key);
    return;
  }
  await ctx.db.accountNotes.updateOne(
    key,
    { $set: { comment }, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
}
