import type { Status } from '../model/status.js';
import { now, type Ctx } from './ctx.js';
import { withEvent, type DeletedStatus } from './events.js';

/**
 * Deletes a status, or takes a reblog back. A tombstone stays, so that its URL answers 410 and a late copy is refused;
 * consequences (timelines, media files, deliveries) follow from the event.
 */
export async function deleteStatus(ctx: Ctx, status: Status): Promise<void> {
  await withEvent(ctx, { type: 'status.deleted', status: toDeleted(status) }, async () => {
    await buryStatus(ctx, status);
    await ctx.db.statuses.deleteOne({ _id: status._id });
  });
}

export async function buryStatus(
  ctx: Ctx,
  status: Pick<Status, 'uri' | 'accountId' | 'reblogOfId' | 'poll'>,
): Promise<void> {
  const formerType = status.reblogOfId ? 'Announce' : status.poll ? 'Question' : 'Note';
  await bury(ctx, { uri: status.uri, accountId: status.accountId, formerType });
}

export interface Buried {
  uri: string;
  accountId: string | null;
  formerType: string;
}

/** Remembers that what had this IRI is gone, whatever anybody said of it before. Safe to repeat. */
export async function bury(ctx: Ctx, { uri, ...grave }: Buried): Promise<void> {
  await ctx.db.tombstones.updateOne(
    { uri },
    { $set: grave, $setOnInsert: { _id: ctx.ids.next(), deletedAt: now(ctx) } },
    { upsert: true },
  );
}

/** As `bury`, for something never seen, on the word of an account of its host: it counts for that account's own only. */
export async function buryUnseen(ctx: Ctx, uri: string, accountId: string): Promise<void> {
  const grave = { _id: ctx.ids.next(), accountId, formerType: unseen, deletedAt: now(ctx) };
  await ctx.db.tombstones.updateOne({ uri }, { $setOnInsert: grave }, { upsert: true });
}

const unseen = 'Object';

/** Did this account delete what has this IRI? `null`: was it known here when it was deleted? */
export async function isBuried(ctx: Ctx, uri: string, accountId: string | null): Promise<boolean> {
  const grave = await ctx.db.tombstones.findOne({ uri });
  if (!grave) return false;
  return accountId === null ? grave.formerType !== unseen : grave.accountId === accountId;
}

export function toDeleted(status: Status): DeletedStatus {
  return {
    statusId: status._id,
    uri: status.uri,
    accountId: status.accountId,
    visibility: status.visibility,
    mentionIds: status.mentions.map((m) => m.accountId),
    tags: status.tags,
    mediaIds: status.mediaIds,
    inReplyToId: status.inReplyToId,
    inReplyToAccountId: status.inReplyToAccountId,
    reblogOfId: status.reblogOfId,
    ...(status.quote?.statusId && { quotedId: status.quote.statusId }),
    local: status.local,
  };
}
