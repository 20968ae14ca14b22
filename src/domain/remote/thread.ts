import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';
import { publish } from '../events.js';
import { findOwnStatus } from './own.js';
import { resolveStatus } from './statuses.js';

type Place = Pick<Status, 'inReplyToId' | 'inReplyToAccountId' | 'inReplyToUri' | 'conversationId'>;

/** Where a new remote status stands: under its parent where that is known, else waiting for it. */
export async function placeInThread(ctx: Ctx, inReplyTo: string | null, id: string): Promise<Place> {
  const alone = { inReplyToId: null, inReplyToAccountId: null, inReplyToUri: inReplyTo, conversationId: id };
  if (inReplyTo === null) return alone;
  const parent = (await findOwnStatus(ctx, inReplyTo)) ?? (await ctx.db.statuses.findOne({ uri: inReplyTo }));
  return parent ? under(parent) : alone;
}

function under(parent: Status): Place {
  return {
    inReplyToId: parent._id,
    inReplyToAccountId: parent.accountId,
    inReplyToUri: null,
    conversationId: parent.conversationId,
  };
}

/** Replies that came before their parent find their place; their threads become one. */
export async function adoptReplies(ctx: Ctx, parent: Status): Promise<void> {
  const orphans = await ctx.db.statuses.find({ inReplyToUri: parent.uri }).limit(500).toArray();
  for (const orphan of orphans) await attach(ctx, orphan, parent);
}

async function attach(ctx: Ctx, orphan: Status, parent: Status): Promise<void> {
  if (orphan._id === parent._id || orphan.conversationId === parent.conversationId) return;
  await ctx.db.statuses.updateOne({ _id: orphan._id }, { $set: { ...under(parent) } });
  await ctx.db.statuses.updateMany(
    { conversationId: orphan.conversationId },
    { $set: { conversationId: parent.conversationId } },
  );
}

/** A job: fetch the parent of a reply that came without it, and so on up to the bounded depth (settings.threadDepth). */
export async function requestParent(ctx: Ctx, status: Status, depth = 1): Promise<void> {
  if (status.inReplyToUri === null || depth > ctx.settings.threadDepth) return;
  await ctx.jobs.enqueue({ kind: 'fetch-parent', lane: 'fetch', payload: { statusId: status._id, depth } });
}

/** What the job does. A reply that found its place is shown where it belongs, which could not be known before. */
export async function fetchParent(ctx: Ctx, statusId: string, depth: number): Promise<void> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  if (!status || status.inReplyToUri === null) return;
  const parent = await resolveStatus(ctx, status.inReplyToUri);
  if (!parent) return;
  await attach(ctx, status, parent);
  await requestParent(ctx, parent, depth + 1);
  await publish(ctx, { type: 'status.received', statusId, fetched: depth > 1 });
}
