import type { JsonObject } from '../../federation/ports.js';
import type { Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';
import { findPair, markOf, type EventOf, type Federator } from './events.js';
import { toFollowAnswer, toRelation, toUndo } from './objects/activities.js';
import { createRecipients } from './recipients.js';
import { sendActivity } from './send.js';

type FollowEvent = EventOf<'follow.requested' | 'follow.accepted' | 'follow.rejected' | 'follow.undone'>;

/** One of ours asks somebody elsewhere. */
export const followRequested: Federator<'follow.requested'> = async (ctx, event) => {
  const { accountId, targetId } = event;
  const pair = await findPair(ctx, { localId: accountId, remoteId: targetId });
  if (!pair || !(await ctx.db.follows.findOne({ accountId, targetId }))) return;
  await sendTo(ctx, pair.remote, { from: pair.local, activity: toFollow(event, pair.local, pair.remote) });
};

/** One of ours agrees to somebody elsewhere. */
export const followAccepted: Federator<'follow.accepted'> = async (ctx, event) => {
  const { accountId, targetId } = event;
  const pair = await findPair(ctx, { localId: targetId, remoteId: accountId });
  const follow = pair && (await ctx.db.follows.findOne({ accountId, targetId }));
  if (!pair || follow?.state !== 'accepted') return;
  await answer(ctx, 'Accept', event, pair);
};

/** One of ours refuses somebody elsewhere, or removes a follower. */
export const followRejected: Federator<'follow.rejected'> = async (ctx, event) => {
  const pair = await findPair(ctx, { localId: event.targetId, remoteId: event.accountId });
  if (pair) await answer(ctx, 'Reject', event, pair);
};

/** One of ours stops following somebody elsewhere. */
export const followUndone: Federator<'follow.undone'> = async (ctx, event) => {
  const pair = await findPair(ctx, { localId: event.accountId, remoteId: event.targetId });
  if (!pair) return;
  const activity = toUndo(pair.local, toFollow(event, pair.local, pair.remote));
  await sendTo(ctx, pair.remote, { from: pair.local, activity });
};

async function answer(
  ctx: Ctx,
  type: 'Accept' | 'Reject',
  event: FollowEvent,
  { local, remote }: { local: Account; remote: Account },
): Promise<void> {
  const follow = toFollow(event, remote, local);
  const activity = toFollowAnswer(type, { actor: local, follow, mark: markOf(event) });
  await sendTo(ctx, remote, { from: local, activity });
}

function toFollow({ uri }: FollowEvent, follower: Account, target: Account): JsonObject {
  return toRelation('Follow', { uri, actor: follower, object: target.uri, to: target.uri });
}

/** What passes between two people only. The personal inbox: answers about one account need no way through the others. */
export async function sendTo(
  ctx: Ctx,
  to: Account,
  { from, activity }: { from: Account; activity: JsonObject },
): Promise<void> {
  const recipients = await createRecipients(ctx);
  recipients.addPersonally([to]);
  await sendActivity(ctx, { activity, account: from, inboxes: recipients.inboxes, public: false });
}
