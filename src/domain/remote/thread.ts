import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';
import { findOwnStatus } from './own.js';

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
  // Nearly always there is none, which one look tells for less than a page does.
  if (!(await ctx.db.statuses.findOne({ inReplyToUri: parent.uri }))) return;
  const orphans = await ctx.db.statuses.find({ inReplyToUri: parent.uri }).limit(500).toArray();
  for (const orphan of orphans) await attach(ctx, orphan, parent);
}

/** Puts a reply under its parent; their threads become one. */
export async function attach(ctx: Ctx, orphan: Status, parent: Status): Promise<void> {
  if (orphan._id === parent._id || orphan.conversationId === parent.conversationId) return;
  await ctx.db.statuses.updateOne({ _id: orphan._id }, { $set: { ...under(parent) } });
  await ctx.db.statuses.updateMany(
    { conversationId: orphan.conversationId },
    { $set: { conversationId: parent.conversationId } },
  );
}
