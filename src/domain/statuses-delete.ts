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
  await bury(ctx, {
    uri: status.uri,
    accountId: status.accountId,
    formerType: status.reblogOfId ? 'Announce' : status.poll ? 'Question' : 'Note',
  });
}

/** Remembers that what had this IRI is gone. Safe to repeat. */
export async function bury(
  ctx: Ctx,
  what: { uri: string; accountId: string | null; formerType: string },
): Promise<void> {
  await ctx.db.tombstones.updateOne(
    { uri: what.uri },
    {
      $setOnInsert: {
        _id: ctx.ids.next(),
        accountId: what.accountId,
        formerType: what.formerType,
        deletedAt: now(ctx),
      },
    },
    { upsert: true },
  );
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
    local: status.local,
  };
}
