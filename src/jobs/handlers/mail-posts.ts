import type { Ctx } from '../../domain/ctx.js';
import { closeMailing, subscribersOf } from '../../domain/email-subscriptions/mailings.js';
import { postsLane, postsMailJob } from '../../domain/mail/request.js';
import type { Job } from '../../model/work.js';
import { insertThose } from '../../store/port.js';
import { toJob } from '../intents.js';

/**
 * Has the posts of a mailing sent to each subscriber. The jobs are named after mailing and subscriber and stay for a day
 * after they are done: begun again, this adds those that are missing and no other.
 */
export async function mailPosts(ctx: Ctx, mailingId: string): Promise<void> {
  const mailing = await closeMailing(ctx, mailingId);
  if (!mailing) return;
  for await (const subscriberIds of subscribersOf(ctx, mailing.accountId)) {
    const jobs = subscriberIds.map((id) => toMailJob(ctx, mailing._id, id));
    await insertThose(ctx.db.jobs, jobs);
  }
  ctx.jobs.nudge('jobs');
}

function toMailJob(ctx: Ctx, mailingId: string, subscriptionId: string): Job {
  const payload = postsMailJob(mailingId, subscriptionId);
  return { ...toJob(ctx, { kind: 'mail', lane: postsLane, payload: { ...payload } }), _id: payload.id };
}
