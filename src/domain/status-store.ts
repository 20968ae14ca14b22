import { notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { Poll, QuotePolicy, Status, StatusMention } from '../model/status.js';
import { isDuplicateKey } from '../store/port.js';
import type { Ctx } from './ctx.js';

/** Reading and inserting statuses, for the verbs about them. */

const noMentions: StatusMention[] = [];
const noPoll: Poll | null = null;

/** The members that most statuses leave empty. Name a member before this is spread (decision 064). */
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

/**
 * Inserts unless the IRI (or, for one of ours, the id that was reserved for it) is there already; says which document
 * stands now.
 * @throws when its id belongs to another status, born in the same millisecond: repeated, it gets another one
 */
export async function insertOnce(ctx: Ctx, status: Status): Promise<{ status: Status; created: boolean }> {
  try {
    await ctx.db.statuses.insertOne(status);
    return { status, created: true };
  } catch (error) {
    const stored = isDuplicateKey(error) ? await findSame(ctx, status) : null;
    if (!stored) throw error;
    return { status: stored, created: false };
  }
}

async function findSame(ctx: Ctx, status: Status): Promise<Status | null> {
  const { _id, uri, accountId, reblogOfId, local } = status;
  const same = local ? [{ uri }, { _id, accountId }] : [{ uri }];
  const stored = await ctx.db.statuses.findOne({ $or: same });
  if (stored || reblogOfId === null) return stored;
  return ctx.db.statuses.findOne({ accountId, reblogOfId });
}
