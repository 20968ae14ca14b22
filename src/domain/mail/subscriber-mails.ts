import type { MailMessage } from '../../mail/port.js';
import type { Account } from '../../model/account.js';
import type { EmailSubscription } from '../../model/email-subscriptions.js';
import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';
import { openInvitation } from '../email-subscriptions/invitation.js';
import { postsOf } from '../email-subscriptions/mailings.js';
import { isSubscribable } from '../email-subscriptions/offer.js';
import { unsubscribeToken } from '../email-subscriptions/subscribe.js';
import { getInstance } from '../instance.js';
import type { SubscriberMailJob } from './request.js';
import { toInvitationText, toPostsText, type MailedPost, type SubscriberFacts } from './subscriber-texts.js';

/** A message to somebody without an account; null when there is no reason for it, or not any more. */
export async function composeSubscriberMail(ctx: Ctx, job: SubscriberMailJob): Promise<MailMessage | null> {
  return job.mail === 'subscription' ? composeInvitation(ctx, job) : composePosts(ctx, job);
}

async function composeInvitation(
  ctx: Ctx,
  { id, accountId, email }: Extract<SubscriberMailJob, { mail: 'subscription' }>,
): Promise<MailMessage | null> {
  const author = await authorOf(ctx, accountId);
  const opened = author && (await openInvitation(ctx, { accountId, email, request: id }));
  if (!opened) return null;
  const facts = await factsOf(ctx, author, opened.subscription);
  const link = `${ctx.names.origin}/auth/email_subscriptions/confirmation?token=${opened.secret}`;
  return toMessage(ctx, { id, email, facts, content: toInvitationText(facts, link) });
}

async function composePosts(
  ctx: Ctx,
  { id, mailingId, subscriptionId }: Extract<SubscriberMailJob, { mail: 'posts' }>,
): Promise<MailMessage | null> {
  const [mailing, subscription] = await Promise.all([
    ctx.db.postMailings.findOne({ _id: mailingId }),
    ctx.db.emailSubscriptions.findOne({ _id: subscriptionId }),
  ]);
  if (!mailing || !subscription?.confirmedAt || subscription.accountId !== mailing.accountId) return null;
  const author = await authorOf(ctx, mailing.accountId);
  const posts = author ? await postsOf(ctx, mailing) : [];
  if (!author || !posts.length) return null;
  const facts = await factsOf(ctx, author, subscription);
  const content = toPostsText(facts, await withMedia(ctx, posts));
  return toMessage(ctx, { id, email: subscription.email, facts, content });
}

async function authorOf(ctx: Ctx, accountId: string): Promise<Account | null> {
  const account = await ctx.db.accounts.findOne({ _id: accountId });
  return account && (await isSubscribable(ctx, account)) ? account : null;
}

async function factsOf(ctx: Ctx, author: Account, subscription: EmailSubscription): Promise<SubscriberFacts> {
  const { origin, handleDomain } = ctx.names;
  const token = await unsubscribeToken(ctx, subscription);
  return {
    title: (await getInstance(ctx)).title,
    origin,
    handleDomain,
    author,
    unsubscribeUrl: `${origin}/auth/email_subscriptions/unsubscribe?token=${token}`,
  };
}

async function withMedia(ctx: Ctx, posts: readonly Status[]): Promise<MailedPost[]> {
  const ids = posts.flatMap((status) => status.mediaIds);
  const found = ids.length ? await ctx.db.media.find({ _id: { $in: ids } }).toArray() : [];
  const byId = new Map(found.map((media) => [media._id, media]));
  return posts.map((status) => ({ status, media: status.mediaIds.flatMap((id) => byId.get(id) ?? []) }));
}

interface Sending {
  id: string;
  email: string;
  facts: SubscriberFacts;
  content: { subject: string; text: string };
}

function toMessage(ctx: Ctx, { id, email, facts, content }: Sending): MailMessage {
  const { author, handleDomain, unsubscribeUrl } = facts;
  // RFC 2919: a name of ours, in the form of a host name.
  const listId = `${author.username.toLowerCase()}.${handleDomain.replace(/:\d+$/, '')}`;
  const list = { id: listId, unsubscribeUrl };
  return { id: `mail-${id}`, to: email, date: ctx.clock.now(), list, ...content };
}
