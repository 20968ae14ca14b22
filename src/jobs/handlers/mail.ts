import type { Ctx } from '../../domain/ctx.js';
import { recordOutcome } from '../../domain/email-subscriptions/refusals.js';
import { getInstance } from '../../domain/instance.js';
import { composeMail } from '../../domain/mail/compose.js';
import type { MailJob } from '../../domain/mail/request.js';
import type { Job } from '../../model/work.js';
import type { Verdict } from '../queue.js';

const supersededMs = 10 * 60_000;

/**
 * Sends one mail. `generation` is the instance's at the start of this process: once a restored copy has taken over, the
 * mail waits for that copy's worker.
 */
export async function sendMail(ctx: Ctx, job: Job, generation: number): Promise<Verdict> {
  if ((await getInstance(ctx)).generation > generation) {
    const dueAt = new Date(ctx.clock.now().getTime() + supersededMs);
    return { next: 'retry', dueAt, error: 'another copy of this instance took over' };
  }
  // Written by domain/mail/request.ts and nobody else.
  const message = await composeMail(ctx, job.payload as unknown as MailJob);
  // Posts go to each subscriber once: what was sent is remembered (mail-posts.ts).
  const isPosts = job.payload['mail'] === 'posts';
  const over: Verdict = isPosts ? { next: 'keep', set: {} } : { next: 'finish' };
  if (message === null) return over;
  const result = await ctx.mail.send(message);
  if (isPosts) await recordOutcome(ctx, String(job.payload['subscriptionId']), result.outcome);
  if (result.outcome === 'sent') return over;
  ctx.log.warn({ mail: job.payload['mail'], reason: result.reason }, 'the mail server refused a mail');
  return { next: 'dead', error: result.reason };
}
