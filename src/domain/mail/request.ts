import type { Ctx } from '../ctx.js';

/** A mail that somebody should get. What it says is made when it is sent, so that no secret waits in the queue. */
export type MailRequest =
  | {
      mail:
        | 'confirmation'
        | 'password-changed'
        | 'approved'
        | 'second-factor-on'
        | 'second-factor-off'
        | 'second-factor-guessed'
        | 'passkey-added'
        | 'passkey-removed';
      userId: string;
    }
  /** Asked for by somebody who may be anybody: nothing is sent where the address is unknown. */
  | { mail: 'confirmation-again' | 'password-reset'; email: string }
  | SubscriberMail;

/** To people without an account. */
type SubscriberMail =
  /** Whether whoever has this address wants an account's posts by mail. */
  | { mail: 'subscription'; accountId: string; email: string }
  /** Posts (domain/email-subscriptions/mailings.ts). */
  | { mail: 'posts'; mailingId: string; subscriptionId: string };

export type MailJob = MailRequest & { id: string };
export type SubscriberMailJob = SubscriberMail & { id: string };
export type UserMailJob = Exclude<MailRequest, SubscriberMail> & { id: string };

/** Where posts wait to be sent: however many, they hold up no link that somebody waits for. */
export const postsLane = 'mail-posts';

/** The job that sends posts to one subscriber: named after both, so that it is there once. */
export function postsMailJob(mailingId: string, subscriptionId: string): MailJob {
  return { mail: 'posts', mailingId, subscriptionId, id: `posts-${mailingId}-${subscriptionId}` };
}

/** Has a mail sent: durable, tried again, and in the same time whether its receiver exists or not. */
export function requestMail(ctx: Ctx, request: MailRequest): Promise<void> {
  const job: MailJob = { ...request, id: ctx.ids.next() };
  return ctx.jobs.enqueue({ kind: 'mail', payload: { ...job } });
}
