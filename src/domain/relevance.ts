import type { RemoteActivity } from '../../federation/vocabulary/activity.js';
import type { RemoteObject } from '../../federation/vocabulary/object.js';
import type { Account } from '../model/account.js';
import type { Ctx } from './ctx.js';
import { findOwnStatus } from './remote/own.js';
import { ownPath } from './urls.js';

export interface Unsolicited {
  object: RemoteObject;
  activity: Pick<RemoteActivity, 'to' | 'cc' | 'audience'>;
  recipientId: string | null;
}

/**
 * Is there a reason to keep a post that was sent to us? Somebody here follows the author, is addressed or mentioned, or
 * takes part in the thread (as Mastodon's "related to local activity"). Anything else is not ours to store.
 */
export async function isWantedHere(
  ctx: Ctx,
  sender: Account,
  { object, activity, recipientId }: Unsolicited,
): Promise<boolean> {
  const addressed = [
    ...object.to,
    ...object.cc,
    ...object.audience,
    ...activity.to,
    ...activity.cc,
    ...activity.audience,
  ];
  const named = [...addressed, ...object.mentions.map((m) => m.href)];
  if (named.some((uri) => ownPath(ctx.names, uri) !== null)) return true;
  if (recipientId !== null) return true;
  const followed = await ctx.db.follows.findOne({ targetId: sender._id, state: 'accepted' });
  if (followed) return true;
  if (object.inReplyTo === null) return false;
  const parent =
    (await findOwnStatus(ctx, object.inReplyTo)) ??
    (await ctx.db.statuses.findOne({ uri: object.inReplyTo }));
  return (
    parent !== null &&
    parent !== undefined &&
    (parent.local || (await hasLocalReplies(ctx, parent.conversationId)))
  );
}

async function hasLocalReplies(ctx: Ctx, conversationId: string): Promise<boolean> {
  const thread = await ctx.db.statuses.find({ conversationId }).sort({ _id: 1 }).limit(200).toArray();
  return thread.some((s) => s.local);
}
