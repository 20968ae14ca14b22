import type { MailMessage } from '../../mail/port.js';
import type { MailTokenPurpose } from '../../model/access.js';
import type { User } from '../../model/account.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { getInstance } from '../instance.js';
import type { MailJob, UserMailJob } from './request.js';
import { composeSubscriberMail } from './subscriber-mails.js';
import { toMailText } from './texts.js';
import { issueMailToken } from './tokens.js';

const links: Record<MailTokenPurpose, string> = {
  confirmation: '/auth/confirmation',
  'password-reset': '/auth/password/edit',
};

/** The message for a request; null when there is nobody to get it, or no reason any more. */
export async function composeMail(ctx: Ctx, job: MailJob): Promise<MailMessage | null> {
  return job.mail === 'subscription' || job.mail === 'posts'
    ? composeSubscriberMail(ctx, job)
    : composeUserMail(ctx, job);
}

async function composeUserMail(ctx: Ctx, job: UserMailJob): Promise<MailMessage | null> {
  const user = await receiverOf(ctx, job);
  const account = user && (await accountsById(ctx, [user.accountId])).get(user.accountId);
  if (!user?.email || !account || account.deletedAt !== null) return null;
  const kind = job.mail === 'confirmation-again' ? 'confirmation' : job.mail;
  if (kind === 'confirmation' && user.confirmedAt !== null) return null;
  // The page on which they confirm says that they are in.
  if (kind === 'approved' && (user.approvedAt === null || user.confirmedAt === null)) return null;
  let link = '';
  if (kind === 'confirmation' || kind === 'password-reset') {
    const secret = await issueMailToken(ctx, { user, email: user.email, purpose: kind, request: job.id });
    if (secret === null) return null;
    link = `${ctx.names.origin}${links[kind]}?token=${secret}`;
  }
  const { title } = await getInstance(ctx);
  const facts = { title, origin: ctx.names.origin, username: account.username, link };
  return { id: `mail-${job.id}`, to: user.email, date: ctx.clock.now(), ...toMailText(kind, facts) };
}

function receiverOf(ctx: Ctx, job: UserMailJob): Promise<User | null> {
  if ('userId' in job) return ctx.db.users.findOne({ _id: job.userId });
  return ctx.db.users.findOne({ email: job.email.trim().toLowerCase() });
}
