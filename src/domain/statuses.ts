import { invalid, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import { isId } from '../model/ids.js';
import type { Media, Poll, QuotePolicy, Status, StatusMention, Visibility } from '../model/status.js';
import { isDuplicateKey } from '../store/port.js';
import { composeText } from './compose.js';
import type { Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { reserveStatusId } from './idempotency.js';
import { claimableMedia, claimMedia } from './media.js';
import { newPoll, type PollInput } from './polls.js';
import { prepareQuote } from './quotes.js';
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
  /** A backdated post: no notifications, and no delivery when older than a day. */
  createdAt?: Date | undefined;
}

const dayMs = 86_400_000;

/**
 * Publishes a status of a local account.
 * @throws AppError 404 for an unknown parent, 422 when empty, too long, or with media that is not the author's
 */
export async function publishStatus(ctx: Ctx, author: Account, input: StatusInput): Promise<Status> {
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
  return withEvent(ctx, { type: 'status.published', statusId: id, quiet }, async () => {
    await claimMedia(ctx, status.mediaIds, status._id);
    return (await insertOnce(ctx, status)).status;
  });
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
  const visibility = input.visibility ?? 'public';
  const created = input.createdAt ?? ctx.clock.now();
  const isPublic = visibility === 'public' || visibility === 'unlisted';
  const name = { id, secret: isPublic ? null : ctx.randomToken(16) };
  return {
    ...emptyStatus,
    _id: id,
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

const noMentions: StatusMention[] = [];
const noPoll: Poll | null = null;

/** The members that most statuses leave empty. */
export const emptyStatus = {
  text: null,
  spoilerText: '',
  sensitive: false,
  language: null,
  inReplyToId: null,
  inReplyToAccountId: null,
  inReplyToUri: null,
  reblogOfId: null,
  quote: null,
  quotePolicy: 'public' as QuotePolicy,
  mediaIds: [] as string[],
  mentions: noMentions,
  tags: [] as string[],
  emojis: [],
  poll: noPoll,
  applicationId: null,
  editedAt: null,
  pinnedAt: null,
  repliesCount: 0,
  reblogsCount: 0,
  favouritesCount: 0,
  quotesCount: 0,
};

/** A status by id, whoever may see it. @throws AppError 404 */
export async function getStatus(ctx: Ctx, id: string): Promise<Status> {
  const status = isId(id) ? await ctx.db.statuses.findOne({ _id: id }) : null;
  if (!status) throw notFound();
  return status;
}

/** A status that this account wrote. @throws AppError 404 for anybody else's */
export async function getOwnStatus(ctx: Ctx, accountId: string, id: string): Promise<Status> {
  const status = await getStatus(ctx, id);
  if (status.accountId !== accountId || status.reblogOfId !== null) throw notFound();
  return status;
}

/** Inserts unless the IRI is there already; says which document stands now. */
export async function insertOnce(ctx: Ctx, status: Status): Promise<{ status: Status; created: boolean }> {
  try {
    await ctx.db.statuses.insertOne(status);
    return { status, created: true };
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const same = [{ _id: status._id }, { uri: status.uri }];
    const stored =
      (await ctx.db.statuses.findOne({ $or: same })) ??
      (status.reblogOfId &&
        (await ctx.db.statuses.findOne({ accountId: status.accountId, reblogOfId: status.reblogOfId })));
    if (!stored) throw error;
    return { status: stored, created: false };
  }
}
