import type { Account } from '../model/account.js';
import type { Follow } from '../model/relations.js';
import { acceptFollow, rejectFollow } from './follows.js';
import type { Ctx } from './ctx.js';
import { publish } from './events.js';

/** A remote account asked to follow and may not: its server is told, nothing is stored. */
export function rejectStranger(
  ctx: Ctx,
  sender: Account,
  { target, uri }: { target: Account; uri: string },
): Promise<void> {
  return publish(ctx, {
    type: 'follow.rejected',
    accountId: sender._id,
    targetId: target._id,
    uri,
    removed: false,
  });
}

/**
 * Our follow that a remote account answers: named by the Follow's IRI, or (old servers embed a Follow without one) by who
 * follows whom. Only a follow of the answering account itself.
 */
export async function findAnsweredFollow(
  ctx: Ctx,
  by: Account,
  answered: { uri: string | null; followerUri: string | null },
): Promise<Follow | null> {
  const byUri = answered.uri === null ? null : await ctx.db.follows.findOne({ uri: answered.uri });
  if (byUri) return byUri.targetId === by._id ? byUri : null;
  const follower =
    answered.followerUri === null ? null : await ctx.db.accounts.findOne({ uri: answered.followerUri });
  return follower?.domain === null
    ? ctx.db.follows.findOne({ accountId: follower._id, targetId: by._id })
    : null;
}

export async function settleFollow(ctx: Ctx, follow: Follow, answer: 'accepted' | 'rejected'): Promise<void> {
  if (answer === 'accepted') await acceptFollow(ctx, follow.accountId, follow.targetId);
  else await rejectFollow(ctx, follow.accountId, follow.targetId);
}
