import { invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Media, QuotePolicy, Status, Visibility } from '../model/status.js';
import { refuseUnusableTags } from './admin-tags.js';
import { composeText } from './compose.js';
import { mayBeMailed } from './email-subscriptions/mailings.js';
import type { Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { reserveStatusId } from './idempotency.js';
import { claimableMedia, claimMedia } from './media.js';
import { newPoll, type PollInput } from './polls.js';
import { prepareQuote } from './quotes.js';
import { emptyStatus, insertOnce } from './status-store.js';
import { objectUri, statusUrl } from './urls.js';
import { getVisibleStatus } from './visible.js';

export interface StatusInput {
  text: string;
  visibility?: Visibility | undefined;
  spoilerText?: string | undefined;
  sensitive?: boolean | undefined;
  language?: string | null | undefined;
  inReplyToId?: string | null | undefined;
  mediaIds?: readonly string[] | undefined;
  poll?: PollInput | null | undefined;
  quotedStatusId?: string | null | undefined;
  quotePolicy?: QuotePolicy | undefined;
  applicationId?: string | null | undefined;
  idempotencyKey?: string | undefined;
  /** A backdated post: when older than a day, no notifications, no delivery and no streams. */
  createdAt?: Date | undefined;
}

const dayMs = 86_400_000;

/**
 * Publishes a status of a local account.
 * @throws AppError 404 for an unknown parent, 422 when empty, too long, dated in the future, or with media that is not the
 *   author's
 */
export async function publishStatus(ctx: Ctx, author: Account, input: StatusInput): Promise<Status> {
  if (input.createdAt) assertPast(ctx, input.createdAt);
  const id = await reserveStatusId(ctx, author._id, input);
  const earlier = input.idempotencyKey ? await ctx.db.statuses.findOne({ _id: id }) : null;
  if (earlier) return earlier;
  const parent = input.inReplyToId ? await getReplyTarget(ctx, author._id, input.inReplyToId) : null;
  const media = await claimableMedia(ctx, author._id, input.mediaIds ?? []);
  if (!input.text.trim() && !media.length && !input.poll && !input.quotedStatusId)
    throw invalid("Text can't be blank");
  if (input.poll && media.length) throw invalid('Polls cannot be combined with media');
  const status = await draftStatus(ctx, author, { id, input, parent, media });
  if (input.quotedStatusId)
    status.quote = await prepareQuote(ctx, author, { status, quotedId: input.quotedStatusId });
  const quiet =
    input.createdAt !== undefined && ctx.clock.now().getTime() - input.createdAt.getTime() > dayMs;
  const mailed = !quiet && mayBeMailed(ctx, author, status) && { mailed: true as const };
  return withEvent(ctx, { type: 'status.published', statusId: id, quiet, ...mailed }, async () => {
    await claimMedia(ctx, status.mediaIds, status._id);
    return (await insertOnce(ctx, status)).status;
  });
}

/** Ids tell the time since 1970 (model/ids.ts). */
function assertPast(ctx: Ctx, at: Date): void {
  if (at > ctx.clock.now()) throw invalid("Created at can't be in the future: use scheduled_at");
  if (at.getTime() < 0) throw invalid("Created at can't be before 1970");
}

async function getReplyTarget(ctx: Ctx, viewerId: string, id: string): Promise<Status> {
  const parent = await getVisibleStatus(ctx, viewerId, id);
  return parent.reblogOfId ? getVisibleStatus(ctx, viewerId, parent.reblogOfId) : parent;
}

interface Draft {
  id: string;
  input: StatusInput;
  parent: Status | null;
  media: readonly Media[];
}

async function draftStatus(ctx: Ctx, author: Account, { id, input, parent, media }: Draft): Promise<Status> {
  const spoilerText = input.spoilerText?.trim() ?? '';
  const composed = await composeText(ctx, author, { text: input.text, spoilerText });
  await refuseUnusableTags(ctx, composed.tags);
  const visibility = input.visibility ?? 'public';
  const created = input.createdAt ?? ctx.clock.now();
  const isPublic = visibility === 'public' || visibility === 'unlisted';
  const name = { id, secret: isPublic ? null : ctx.randomToken(16) };
  return {
    _id: id,
    ...emptyStatus,
    uri: objectUri(ctx.names, author.username, name),
    url: statusUrl(ctx.names, author.username, id),
    accountId: author._id,
    local: true,
    visibility,
    content: composed.html,
    text: input.text,
    spoilerText,
    sensitive: input.sensitive === true || spoilerText !== '',
    language: input.language ?? null,
    inReplyToId: parent?._id ?? null,
    inReplyToAccountId: parent?.accountId ?? null,
    conversationId: parent?.conversationId ?? id,
    quotePolicy: isPublic ? (input.quotePolicy ?? 'public') : 'nobody',
    mediaIds: media.map((m) => m._id),
    mentions: composed.mentions,
    tags: composed.tags,
    emojis: composed.emojis,
    poll: input.poll ? newPoll(ctx, id, input.poll) : null,
    applicationId: input.applicationId ?? null,
    createdAt: created.toISOString(),
  };
}
