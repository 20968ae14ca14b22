import { isForSubscribers, isMailed } from '../../policy/email-subscriptions.js';
import type { Account } from '../../model/account.js';
import type { PostMailing } from '../../model/email-subscriptions.js';
import type { Status } from '../../model/status.js';
import { isDuplicateKey } from '../../store/port.js';
import type { Ctx } from '../ctx.js';
import { emailSubscriptionsOpenTo, isSubscribable } from './offer.js';

/** Posts of so long after the first one go into the same mail, as in Mastodon. */
const openMs = 5 * 60_000;

/** Whether a post that is about to be published may go to subscribers. No query: this is asked for every post. */
export function mayBeMailed(ctx: Ctx, author: Account, status: Status): boolean {
  return isMailed(author, 'owner', emailSubscriptionsOpenTo(ctx)) && isForSubscribers(status);
}

/** Two who write at the same moment try again; so many times is more than enough. */
const mostRounds = 20;

/** Puts a post into its author's next mail to subscribers, once, however often this is repeated. */
export async function addToMailing(ctx: Ctx, { _id: statusId, accountId }: Status): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    if (await ctx.db.postMailings.findOne({ statusIds: statusId })) return;
    const open = await ctx.db.postMailings.findOne({ openFor: accountId });
    const written = open ? join(ctx, open, statusId) : begin(ctx, { accountId, statusId });
    if (await written.catch(isNotOurs)) return;
  }
  throw new Error('A post found no mailing to join');
}

/** Someone else wrote the same at the same moment. */
function isNotOurs(error: unknown): false {
  if (isDuplicateKey(error)) return false;
  throw error;
}

/** False: it was closed meanwhile. */
async function join(ctx: Ctx, { _id, accountId }: PostMailing, statusId: string): Promise<boolean> {
  const { matchedCount } = await ctx.db.postMailings.updateOne(
    { _id, openFor: accountId },
    { $addToSet: { statusIds: statusId } },
  );
  return matchedCount === 1;
}

/** The job first: it does nothing where the document is absent. */
async function begin(ctx: Ctx, post: { accountId: string; statusId: string }): Promise<boolean> {
  const { accountId, statusId } = post;
  const _id = ctx.ids.next();
  const dueAt = new Date(ctx.clock.now().getTime() + openMs);
  await ctx.jobs.enqueue({ kind: 'mail-posts', payload: { mailingId: _id }, dueAt });
  await ctx.db.postMailings.insertOne({
    _id,
    accountId,
    openFor: accountId,
    statusIds: [statusId],
    dueAt: dueAt.toISOString(),
  });
  return true;
}

/** Closes a mailing: what is published from now on goes into the next. Null where there is nothing to send. */
export async function closeMailing(ctx: Ctx, mailingId: string): Promise<PostMailing | null> {
  const closed = await ctx.db.postMailings.findOneAndUpdate(
    { _id: mailingId },
    { $unset: { openFor: '' } },
    { returnDocument: 'after' },
  );
  const author = closed && (await ctx.db.accounts.findOne({ _id: closed.accountId }));
  if (!closed || !author || !(await isSubscribable(ctx, author))) return null;
  return (await postsOf(ctx, closed)).length ? closed : null;
}

/** The posts of a mailing that are still there, oldest first. */
export async function postsOf(ctx: Ctx, { statusIds, accountId }: PostMailing): Promise<Status[]> {
  const found = await ctx.db.statuses
    .find({ _id: { $in: statusIds } })
    .sort({ _id: 1 })
    .toArray();
  return found.filter((status) => status.accountId === accountId && isForSubscribers(status));
}

const pageSize = 500;

/** Ids of those who confirmed, page by page. */
export async function* subscribersOf(ctx: Ctx, accountId: string): AsyncGenerator<string[]> {
  for (let after = ''; ;) {
    const page = await ctx.db.emailSubscriptions
      .find({ accountId, _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(pageSize)
      .toArray();
    yield page.filter((s) => s.confirmedAt !== null).map((s) => s._id);
    if (page.length < pageSize) return;
    after = page.at(-1)?._id ?? '';
  }
}
