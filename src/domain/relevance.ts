import { isBlockedEitherWay } from './relationships.js';
import type { Account } from '../model/account.js';
import type { Ctx } from './ctx.js';
import { findOwnAccount, findOwnStatus } from './remote/own.js';
import { ownPath } from './urls.js';

export interface Unsolicited {
  /** Whom it is addressed to, and whom it mentions. */
  named: Iterable<string>;
  inReplyTo: string | null;
}

/** More of our people than this are not looked for in one activity. */
const maxNamed = 50;

/**
 * Is there a reason to keep a post that was sent to us? Somebody here follows the author or whom it answers, is
 * addressed or mentioned, or takes part in the thread (as Mastodon's "related to local activity"). Anything else is not
 * ours to store, whichever inbox it was sent to. Those who block the author are no reason. `sender`: null for one who
 * is not known here.
 */
export async function isWantedHere(
  ctx: Ctx,
  sender: Account | null,
  { named, inReplyTo }: Unsolicited,
): Promise<boolean> {
  if (sender && (await isFollowedHere(ctx, sender))) return true;
  const accepts = async (localId: string): Promise<boolean> =>
    sender === null || !(await isBlockedEitherWay(ctx, localId, sender._id));
  const ours = new Set([...named].filter((uri) => ownPath(ctx.names, uri) !== null));
  for (const uri of [...ours].slice(0, maxNamed)) {
    const account = await findOwnAccount(ctx, uri.replace(/\/followers$/, ''));
    const isThere = account && account.deletedAt === null && account.suspendedAt === null;
    if (isThere && (await accepts(account._id))) return true;
  }
  if (inReplyTo === null) return false;
  const parent = (await findOwnStatus(ctx, inReplyTo)) ?? (await ctx.db.statuses.findOne({ uri: inReplyTo }));
  if (!parent) return false;
  if (parent.local) return accepts(parent.accountId);
  const author = await ctx.db.accounts.findOne({ _id: parent.accountId });
  if (author && (await isFollowedHere(ctx, author))) return true;
  return hasLocalReplies(ctx, parent.conversationId);
}

/** Somebody here follows the account. */
export async function isFollowedHere(ctx: Ctx, account: Account): Promise<boolean> {
  return (await ctx.db.follows.findOne({ targetId: account._id, state: 'accepted' })) !== null;
}

async function hasLocalReplies(ctx: Ctx, conversationId: string): Promise<boolean> {
  const thread = await ctx.db.statuses.find({ conversationId }).sort({ _id: 1 }).limit(200).toArray();
  return thread.some((s) => s.local);
}
