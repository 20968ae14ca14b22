import type { RemoteObject } from '../../../federation/vocabulary/object.js';
import type { Account } from '../../model/account.js';
import type { Poll, Quote, Status } from '../../model/status.js';
import { now, type Ctx } from '../ctx.js';
import { storeEdit } from '../statuses-edit.js';
import { toPoll, toQuotePolicy, toToldStatus } from './object-document.js';
import { storeAttachments } from './attachments.js';
import { requestQuoteCheck } from './request-quote-check.js';
import { mentionedAccounts, toQuote } from './statuses.js';

/**
 * A new look of a remote status that we know. An older one than what is stored is dropped; new tallies of a poll are no
 * edit; neither is an Update that changes nothing people can see.
 */
export async function applyUpdate(
  ctx: Ctx,
  author: Account,
  { known, object }: { known: Status; object: RemoteObject },
): Promise<'edited' | 'tallied' | 'unchanged' | 'outdated'> {
  const stamp = object.updated ?? object.published;
  if (stamp !== null && known.editedAt !== null && stamp < known.editedAt) return 'outdated';
  const mentioned = await mentionedAccounts(ctx, object);
  const mediaIds = await storeAttachments(ctx, author, { object, statusId: known._id });
  const poll = object.poll ? toPoll(ctx, known._id, object.poll) : null;
  const quote = await toQuote(ctx, object);
  const sameQuote = quote?.uri === known.quote?.uri;
  const told: Partial<Status> = {
    ...toToldStatus(object, mentioned),
    mediaIds,
    poll,
    quotePolicy: toQuotePolicy(object, author),
  };
  if (!sameQuote) told.quote = quote;
  else if (quote) await restamp(ctx, known, quote);
  if (!isVisibleChange(known, told))
    return tally(ctx, known, { poll, quotePolicy: told.quotePolicy ?? known.quotePolicy });
  const editedAt = object.updated !== null && object.updated <= now(ctx) ? object.updated : now(ctx);
  await storeEdit(ctx, known, { ...told, poll: keepTallies(known.poll, poll), editedAt });
  return 'edited';
}

/** The consent to a quote comes after the post: the post is updated with the stamp, which is then checked. */
async function restamp(ctx: Ctx, known: Status, { approvalUri }: Quote): Promise<void> {
  if (!known.quote || approvalUri === null || approvalUri === known.quote.approvalUri) return;
  await ctx.db.statuses.updateOne({ _id: known._id }, { $set: { 'quote.approvalUri': approvalUri } });
  await requestQuoteCheck(ctx, known);
}

function isVisibleChange(known: Status, told: Partial<Status>): boolean {
  const look = (s: Partial<Status>): string =>
    JSON.stringify([
      s.content,
      s.spoilerText,
      s.sensitive,
      s.mediaIds,
      s.poll?.options.map((o) => o.title),
      s.poll?.multiple,
      s.quote?.uri,
    ]);
  return look(known) !== look({ ...known, ...told });
}

async function tally(
  ctx: Ctx,
  known: Status,
  { poll, quotePolicy }: Pick<Status, 'poll' | 'quotePolicy'>,
): Promise<'tallied' | 'unchanged'> {
  if (quotePolicy !== known.quotePolicy)
    await ctx.db.statuses.updateOne({ _id: known._id }, { $set: { quotePolicy } });
  if (!poll || !known.poll) return 'unchanged';
  const next = { ...poll, closed: known.poll.closed };
  if (JSON.stringify(next) === JSON.stringify(known.poll)) return 'unchanged';
  await ctx.db.statuses.updateOne({ _id: known._id }, { $set: { poll: next } });
  return 'tallied';
}

function keepTallies(known: Poll | null, told: Poll | null): Poll | null {
  return told && known ? { ...told, closed: known.closed } : told;
}
