import { sharedInboxOf } from '../../federation/addressing/inboxes.js';
import type { Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import type { Delivery, OutActivity } from '../model/work.js';

/** A delivery that waited longer than this, or was tried before, is looked at again; the others are as good as new. */
const freshMs = 60_000;
/** Accounts of a host that are compared with an inbox; of larger hosts somebody is taken to be concerned. */
const mostAccounts = 1000;

/**
 * Why a delivery that had to wait should not leave any more, in a word for the record; null: it may. What was taken back
 * meanwhile would arrive after the news that it is gone, and what only followers may read goes to nobody who is none.
 */
export async function whyNotWanted(ctx: Ctx, delivery: Delivery): Promise<string | null> {
  const age = ctx.clock.now().getTime() - Date.parse(delivery.createdAt);
  if (delivery.attempts <= 1 && age < freshMs) return null;
  const activity = await ctx.db.activities.findOne({ _id: delivery.activityId });
  if (activity?.withdrawnAt !== undefined) return 'it was taken back';
  if (!activity?.statusId) return null;
  const status = await ctx.db.statuses.findOne({ _id: activity.statusId });
  if (!status) return 'the status is gone';
  const author = await ctx.db.accounts.findOne({ _id: activity.accountId });
  if (!author || author.suspendedAt !== null) return 'the author is suspended';
  // An Update goes to all who have the status, follower or not.
  if (activity.type === 'Update' || (await concernsInbox(ctx, { delivery, activity, status }))) return null;
  return 'nobody there is concerned any more';
}

interface Waiting {
  delivery: Delivery;
  activity: OutActivity;
  status: Status;
}

/** Whether somebody behind the inbox follows the author, or is spoken to. True where we cannot tell. */
async function concernsInbox(ctx: Ctx, { delivery, activity, status }: Waiting): Promise<boolean> {
  const { lane: domain, inbox } = delivery;
  const known = await ctx.db.accounts.find({ domain }).limit(mostAccounts).toArray();
  const behind = known.filter((account) => isBehind(account, inbox)).map(({ _id }) => _id);
  if (!behind.length || known.length === mostAccounts) return true;
  const addressed = new Set([...status.mentions.map((m) => m.accountId), ...(await answered(ctx, status))]);
  if (behind.some((id) => addressed.has(id))) return true;
  const follows = { targetId: activity.accountId, state: 'accepted', accountId: { $in: behind } };
  return (await ctx.db.follows.findOne(follows)) !== null;
}

function isBehind({ remote }: Account, inbox: string): boolean {
  return remote !== null && (remote.inbox === inbox || sharedInboxOf(remote) === inbox);
}

/** The authors of what it answers, boosts and quotes: they are told of what is open. */
async function answered(ctx: Ctx, status: Status): Promise<string[]> {
  const shown = [status.reblogOfId, status.quote?.statusId].flatMap((id) => id ?? []);
  const authors = shown.length ? await ctx.db.statuses.find({ _id: { $in: shown } }).toArray() : [];
  return [...authors.map((s) => s.accountId), status.inReplyToAccountId].flatMap((id) => id ?? []);
}
