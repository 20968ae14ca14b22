import type { Ctx } from '../domain/ctx.js';
import type { DeletedStatus } from '../domain/events.js';
import type { Status } from '../model/status.js';
import { createRecipients, remoteAccounts, type Recipients } from './recipients.js';

const pageSize = 500;

type Addressed = Pick<Status, 'accountId' | 'visibility' | 'inReplyToAccountId'> & { mentionIds: string[] };

/**
 * The servers that a status of ours concerns: followers and the people it mentions; for open ones also the author it
 * answers. A direct one goes to the personal inboxes of those it mentions and nowhere else.
 */
export async function recipientsOf(ctx: Ctx, status: Status): Promise<Recipients> {
  const recipients = await createRecipients(ctx);
  await addAddressed(ctx, recipients, toAddressed(status));
  if (isOpen(status)) await addQuoted(ctx, recipients, status);
  return recipients;
}

/** As `recipientsOf`, and further all who were sent an earlier look of it, or who have passed it on. */
export async function holdersOf(ctx: Ctx, status: Status): Promise<Recipients> {
  const recipients = await recipientsOf(ctx, status);
  await addHolders(ctx, recipients, status);
  return recipients;
}

/** The same for a status that is no more. */
export async function formerHoldersOf(ctx: Ctx, deleted: DeletedStatus): Promise<Recipients> {
  const recipients = await createRecipients(ctx);
  await addAddressed(ctx, recipients, deleted);
  await addHolders(ctx, recipients, { ...deleted, _id: deleted.statusId });
  return recipients;
}

async function addAddressed(ctx: Ctx, recipients: Recipients, status: Addressed): Promise<void> {
  const mentioned = await remoteAccounts(ctx, status.mentionIds);
  if (status.visibility === 'direct') return recipients.addPersonally(mentioned);
  recipients.add(mentioned);
  await recipients.addFollowers(status.accountId);
  // Whom a followers-only reply does not mention has no claim to it.
  if (isOpen(status) && status.inReplyToAccountId !== null)
    await recipients.addById([status.inReplyToAccountId]);
}

async function addQuoted(ctx: Ctx, recipients: Recipients, status: Status): Promise<void> {
  const quotedId = status.quote?.statusId;
  const quoted = quotedId ? await ctx.db.statuses.findOne({ _id: quotedId }) : null;
  if (quoted) await recipients.addById([quoted.accountId]);
}

async function addHolders(
  ctx: Ctx,
  recipients: Recipients,
  { _id, accountId }: Pick<Status, '_id' | 'accountId'>,
): Promise<void> {
  const sent = await ctx.db.activities.find({ accountId, statusId: _id }).limit(100).toArray();
  for (const { inboxes } of sent) recipients.addInboxes(inboxes ?? []);
  for (let after = ''; ;) {
    const filter = { reblogOfId: _id, _id: { $gt: after } };
    const page = await ctx.db.statuses.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
    await recipients.addById(page.map((r) => r.accountId));
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last._id;
  }
}

function toAddressed(status: Status): Addressed {
  const { accountId, visibility, inReplyToAccountId } = status;
  return { accountId, visibility, inReplyToAccountId, mentionIds: status.mentions.map((m) => m.accountId) };
}

export function isOpen({ visibility }: Pick<Status, 'visibility'>): boolean {
  return visibility === 'public' || visibility === 'unlisted';
}

/** Addressed to the author's followers, and not to everybody. */
export function isForFollowers({ visibility }: Pick<Status, 'visibility'>): boolean {
  return visibility === 'private';
}
