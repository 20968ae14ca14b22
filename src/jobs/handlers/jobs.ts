import type { FollowersSummary } from '../../../federation/followers/header.js';
import { applyEffects } from '../../domain/effects.js';
import type { Ctx } from '../../domain/ctx.js';
import type { DomainEvent } from '../../domain/events.js';
import { fetchParent } from '../../domain/remote/ancestors.js';
import { synchroniseFollowers } from '../../domain/remote/followers.js';
import { resolveActor } from '../../domain/remote/actors.js';
import { checkQuote } from '../../domain/remote/quotes.js';
import { streamAnnouncement } from '../../domain/announcements.js';
import { notifyStaffOfSignUp } from '../../domain/confirmation.js';
import { turnSubscriptionsIntoFollows } from '../../domain/email-subscriptions/become-follows.js';
import { followInviter } from '../../domain/invites.js';
import { attachCard } from '../../domain/cards/cards.js';
import { sendPush } from '../../domain/push/send.js';
import { publishScheduled } from '../../domain/scheduled.js';
import { processUpload } from '../../domain/upload-later.js';
import type { Job } from '../../model/work.js';
import { federate } from '../../outbox/index.js';
import type { Verdict } from '../queue.js';
import { backOff, errorText } from './back-off.js';
import { inboxGone } from './inbox-gone.js';
import { sendMail } from './mail.js';
import { mailPosts } from './mail-posts.js';

/** A job that failed this often is dead: it stays, with its error, for `landfall queue`. */
const maxAttempts = 12;

/** Kind → what to do. Each may run twice: a job that was interrupted starts over. */
const kinds: Readonly<Record<string, (ctx: Ctx, payload: Record<string, unknown>) => Promise<void>>> = {
  event: async (ctx, payload) => {
    // Written by domain/events.ts and nobody else.
    const event = payload['event'] as DomainEvent;
    // What is gone must be told while it is still known to whom.
    const gone = event.type === 'account.deleted' || event.type === 'status.deleted';
    if (gone) await federate(ctx, event);
    await applyEffects(ctx, event);
    if (!gone) await federate(ctx, event);
  },
  'fetch-parent': (ctx, { statusId, depth }) => fetchParent(ctx, String(statusId), Number(depth)),
  'publish-scheduled': (ctx, { scheduledId }) => publishScheduled(ctx, String(scheduledId)),
  push: (ctx, { subscriptionId, notificationId }) =>
    sendPush(ctx, { subscriptionId: String(subscriptionId), notificationId: String(notificationId) }),
  card: (ctx, { statusId }) => attachCard(ctx, String(statusId)),
  'process-media': (ctx, { mediaId, path, declaredType }) =>
    processUpload(ctx, {
      mediaId: String(mediaId),
      path: String(path),
      declaredType: typeof declaredType === 'string' ? declaredType : null,
    }),
  'check-quote': (ctx, { statusId }) => checkQuote(ctx, String(statusId)),
  // Somebody said that it is gone; its own server knows.
  'refresh-actor': async (ctx, { uri }) => void (await resolveActor(ctx, String(uri), { refresh: true })),
  'sync-followers': (ctx, { actor, summary }) =>
    // Written by http/activitypub/followers.ts.
    synchroniseFollowers(ctx, String(actor), summary as FollowersSummary),
  announcement: (ctx, { announcementId }) => streamAnnouncement(ctx, String(announcementId)),
  'inbox-gone': inboxGone,
  'mail-posts': (ctx, { mailingId }) => mailPosts(ctx, String(mailingId)),
  'signed-up': async (ctx, { accountId }) => {
    await notifyStaffOfSignUp(ctx, String(accountId));
    await followInviter(ctx, String(accountId));
    await turnSubscriptionsIntoFollows(ctx, String(accountId));
  },
};

/** `generation`: the instance's at the start of this process. */
export async function runJob(ctx: Ctx, job: Job, generation: number): Promise<Verdict> {
  if (job.kind === 'mail') return sendMail(ctx, job, generation);
  const act = Object.hasOwn(kinds, job.kind) ? kinds[job.kind] : undefined;
  if (!act) return { next: 'dead', error: `unknown kind of job: ${job.kind}` };
  await act(ctx, job.payload);
  return { next: 'finish' };
}

export function jobFailed(ctx: Ctx, job: Job, error: unknown): Verdict {
  const text = errorText(error);
  if (job.attempts >= maxAttempts) return { next: 'dead', error: text };
  return {
    next: 'retry',
    dueAt: backOff(ctx, job.attempts, { firstSeconds: 2, maxSeconds: 3600 }),
    error: text,
  };
}
