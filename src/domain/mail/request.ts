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
  | { mail: 'confirmation-again' | 'password-reset'; email: string };

export type MailJob = MailRequest & { id: string };

/** Has a mail sent: durable, tried again, and in the same time whether its receiver exists or not. */
export function requestMail(ctx: Ctx, request: MailRequest): Promise<void> {
  const job: MailJob = { ...request, id: ctx.ids.next() };
  return ctx.jobs.enqueue({ kind: 'mail', payload: { ...job } });
}
