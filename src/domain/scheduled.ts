import { AppError, invalid, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import { isId } from '../model/ids.js';
import type { Page } from '../model/page.js';
import type { ScheduledStatus } from '../model/scheduled.js';
import type { Media } from '../model/status.js';
import { countCharacters } from '../text/count.js';
import type { Ctx } from './ctx.js';
import { readPage } from './edges.js';
import { claimableMedia, claimMedia } from './media.js';
import { newPoll } from './polls.js';
import { publishStatus, type StatusInput } from './statuses.js';
import { getVisibleStatus } from './visible.js';

/** As Mastodon. */
export const scheduleLimits = { leadMs: 5 * 60_000, total: 300, daily: 25 } as const;
const dayMs = 86_400_000;

/**
 * Keeps a status for later, checked as far as it can be checked now.
 * @throws AppError 404, 422 as for posting, and when the time is too near, or there are too many
 */
export async function scheduleStatus(
  ctx: Ctx,
  author: Account,
  { input, at }: { input: StatusInput; at: Date },
): Promise<ScheduledStatus> {
  assertTime(ctx, at);
  await assertRoom(ctx, author._id, at);
  const repeated = input.idempotencyKey
    ? await ctx.db.scheduledStatuses.findOne({ accountId: author._id, idempotencyKey: input.idempotencyKey })
    : null;
  if (repeated) return repeated;
  const media = await claimableMedia(ctx, author._id, input.mediaIds ?? []);
  await assertContent(ctx, author, { input, media });
  const scheduled = toScheduled(ctx, author, { input, at, media });
  // The job first: it does nothing where the document is absent.
  await enqueue(ctx, scheduled);
  await ctx.db.scheduledStatuses.insertOne(scheduled);
  await claimMedia(ctx, scheduled.mediaIds, scheduled._id);
  return scheduled;
}

function toScheduled(
  ctx: Ctx,
  author: Account,
  { input, at, media }: { input: StatusInput; at: Date; media: readonly Media[] },
): ScheduledStatus {
  return {
    _id: ctx.ids.next(),
    accountId: author._id,
    scheduledAt: at.toISOString(),
    text: input.text,
    visibility: input.visibility ?? 'public',
    spoilerText: input.spoilerText ?? '',
    sensitive: input.sensitive ?? false,
    language: input.language ?? null,
    inReplyToId: input.inReplyToId ?? null,
    mediaIds: media.map((m) => m._id),
    poll: input.poll ? { ...input.poll, options: [...input.poll.options] } : null,
    quotedStatusId: input.quotedStatusId ?? null,
    quotePolicy: input.quotePolicy ?? 'public',
    applicationId: input.applicationId ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
  };
}

function assertTime(ctx: Ctx, at: Date): void {
  if (at.getTime() - ctx.clock.now().getTime() < scheduleLimits.leadMs)
    throw invalid('Scheduled at must be at least 5 minutes in the future');
}

async function assertRoom(ctx: Ctx, accountId: string, at: Date): Promise<void> {
  const waiting = await ctx.db.scheduledStatuses.find({ accountId }).limit(scheduleLimits.total).toArray();
  if (waiting.length >= scheduleLimits.total)
    throw invalid(`You have exceeded the limit of ${scheduleLimits.total} scheduled posts`);
  const day = Math.floor(at.getTime() / dayMs);
  const sameDay = waiting.filter((s) => Math.floor(Date.parse(s.scheduledAt) / dayMs) === day);
  if (sameDay.length >= scheduleLimits.daily)
    throw invalid(`You have exceeded the limit of ${scheduleLimits.daily} scheduled posts for that day`);
}

async function assertContent(
  ctx: Ctx,
  author: Account,
  { input, media }: { input: StatusInput; media: readonly Media[] },
): Promise<void> {
  if (!input.text.trim() && !media.length && !input.poll && !input.quotedStatusId)
    throw invalid("Text can't be blank");
  if (countCharacters(input.text, input.spoilerText ?? '') > ctx.settings.maxCharacters)
    throw invalid(`Text character limit of ${ctx.settings.maxCharacters} exceeded`);
  if (input.poll && media.length) throw invalid('Polls cannot be combined with media');
  if (input.poll) newPoll(ctx, '0', input.poll);
  for (const id of [input.inReplyToId, input.quotedStatusId])
    if (id) await getVisibleStatus(ctx, author._id, id);
}

function enqueue(ctx: Ctx, { _id, scheduledAt }: ScheduledStatus): Promise<void> {
  return ctx.jobs.enqueue({
    kind: 'publish-scheduled',
    payload: { scheduledId: _id },
    dueAt: new Date(scheduledAt),
  });
}

export function scheduledOf(ctx: Ctx, accountId: string, page: Page): Promise<ScheduledStatus[]> {
  return readPage(ctx.db.scheduledStatuses, { accountId }, page);
}

/** @throws AppError 404 */
export async function getScheduled(ctx: Ctx, accountId: string, id: string): Promise<ScheduledStatus> {
  const found = isId(id) ? await ctx.db.scheduledStatuses.findOne({ _id: id, accountId }) : null;
  if (!found) throw notFound();
  return found;
}

/** @throws AppError 422 when the new time is too near, or that day has too many */
export async function reschedule(ctx: Ctx, scheduled: ScheduledStatus, at: Date): Promise<ScheduledStatus> {
  assertTime(ctx, at);
  const moved = { ...scheduled, scheduledAt: at.toISOString() };
  await enqueue(ctx, moved);
  await ctx.db.scheduledStatuses.updateOne(
    { _id: scheduled._id },
    { $set: { scheduledAt: moved.scheduledAt } },
  );
  return moved;
}

/** Takes it back; its uploads can be attached to something else. */
export async function cancelScheduled(ctx: Ctx, scheduled: ScheduledStatus): Promise<void> {
  await ctx.db.scheduledStatuses.deleteOne({ _id: scheduled._id });
  await releaseMedia(ctx, scheduled);
}

async function releaseMedia(ctx: Ctx, { _id }: ScheduledStatus): Promise<void> {
  await ctx.db.media.updateMany({ statusId: _id }, { $set: { statusId: null } });
}

/**
 * Posts what is due. Nothing happens when it was taken back or put off; repeating it posts once. What can no longer be
 * posted (its parent is gone, say) is dropped.
 */
export async function publishScheduled(ctx: Ctx, scheduledId: string): Promise<void> {
  const scheduled = await ctx.db.scheduledStatuses.findOne({ _id: scheduledId });
  if (!scheduled || scheduled.scheduledAt > ctx.clock.now().toISOString()) return;
  const author = await ctx.db.accounts.findOne({ _id: scheduled.accountId });
  await releaseMedia(ctx, scheduled);
  if (author && author.suspendedAt === null && author.deletedAt === null) {
    await publishStatus(ctx, author, { ...scheduled, idempotencyKey: `scheduled:${scheduledId}` }).catch(
      (error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        ctx.log.info({ scheduledId, reason: error.publicText }, 'a scheduled status could not be posted');
      },
    );
  }
  await ctx.db.scheduledStatuses.deleteOne({ _id: scheduledId });
}
