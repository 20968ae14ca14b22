import { audienceOf } from '../../federation/addressing/visibility.js';
import { now, type Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { formerHoldersOf, holdersOf, isForFollowers, isOpen, recipientsOf } from './audience.js';
import { findOwnAuthor, findSpeaker, type EventOf, type Federator } from './events.js';
import { toAnnounce, toCreate, toDelete, toUndo, toUpdate } from './objects/activities.js';
import { loadNote } from './objects/load.js';
import { actorEndpoints } from './objects/parts.js';
import { createRecipients, remoteAccounts, type Recipients } from './recipients.js';
import { sendActivity } from './send.js';

/** Create, or Announce for a reblog. Backdated statuses are not sent. */
export const statusPublished: Federator<'status.published'> = async (ctx, event) => {
  const found = event.quiet ? null : await findOwn(ctx, event.statusId);
  if (!found) return;
  const { status, author } = found;
  if (status.reblogOfId !== null) return sendAnnounce(ctx, author, status);
  const note = await loadNote(ctx, status);
  if (!note) return;
  const { inboxes } = await recipientsOf(ctx, status);
  await sendActivity(ctx, {
    activity: toCreate(author, note),
    account: author,
    inboxes,
    public: isOpen(status),
    forFollowers: isForFollowers(status),
    statusId: status._id,
  });
};

async function sendAnnounce(ctx: Ctx, author: Account, wrapper: Status): Promise<void> {
  const shown = await findShown(ctx, wrapper.reblogOfId ?? '');
  if (!shown) return;
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(author._id);
  recipients.add([shown.author]);
  await sendActivity(ctx, {
    activity: toAnnounce({
      wrapper,
      actor: author,
      shown: { uri: shown.status.uri, authorUri: shown.author.uri },
    }),
    account: author,
    inboxes: recipients.inboxes,
    public: isOpen(wrapper),
    forFollowers: isForFollowers(wrapper),
    statusId: wrapper._id,
  });
}

async function findShown(ctx: Ctx, statusId: string): Promise<{ status: Status; author: Account } | null> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  const author = status && (await ctx.db.accounts.findOne({ _id: status.accountId }));
  return status && author ? { status, author } : null;
}

/** Update, to all who have it. */
export const statusEdited: Federator<'status.edited'> = (ctx, event) =>
  sendUpdate(ctx, event.statusId, event.editId);

/** The present look of one of our statuses; `mark` names this look. */
export async function sendUpdate(
  ctx: Ctx,
  statusId: string,
  mark: string,
  more: (recipients: Recipients, status: Status) => Promise<void> = async () => undefined,
): Promise<void> {
  const found = await findOwn(ctx, statusId);
  if (!found || found.status.reblogOfId !== null) return;
  const { status, author } = found;
  const note = await loadNote(ctx, status);
  if (!note) return;
  const recipients = await holdersOf(ctx, status);
  await more(recipients, status);
  await sendActivity(ctx, {
    activity: { ...toUpdate(author, note, mark), updated: now(ctx) },
    account: author,
    inboxes: recipients.inboxes,
    public: isOpen(status),
    forFollowers: isForFollowers(status),
    statusId,
  });
}

/** Delete, or Undo of an Announce, to all who were told of it. */
export const statusDeleted: Federator<'status.deleted'> = async (ctx, event) => {
  const { status } = event;
  const author = status.local ? await findOwnAuthor(ctx, status.accountId) : null;
  if (!author || (await ctx.db.statuses.findOne({ _id: status.statusId }))) return;
  if (status.reblogOfId !== null) return sendUndoAnnounce(ctx, author, status);
  const mentioned = await remoteAccounts(ctx, status.mentionIds);
  const { followers } = actorEndpoints(author.uri);
  const addresses = audienceOf(
    status.visibility,
    followers,
    mentioned.map((a) => a.uri),
  );
  const { inboxes } = await formerHoldersOf(ctx, status);
  await sendActivity(ctx, {
    activity: toDelete(author, { uri: status.uri, addresses }),
    account: author,
    inboxes,
    public: false,
  });
};

async function sendUndoAnnounce(
  ctx: Ctx,
  author: Account,
  deleted: EventOf<'status.deleted'>['status'],
): Promise<void> {
  const shown = await findShown(ctx, deleted.reblogOfId ?? '');
  if (!shown) return;
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(author._id);
  recipients.add([shown.author]);
  const sent = await ctx.db.activities.findOne({ uri: deleted.uri });
  recipients.addInboxes(sent?.inboxes ?? []);
  const announce = toAnnounce({
    wrapper: { ...deleted, createdAt: sent?.createdAt ?? now(ctx) },
    actor: author,
    shown: { uri: shown.status.uri, authorUri: shown.author.uri },
  });
  await sendActivity(ctx, {
    activity: toUndo(author, announce),
    account: author,
    inboxes: recipients.inboxes,
    public: false,
  });
}

/** One of our statuses with its author, as long as both are there. */
async function findOwn(ctx: Ctx, statusId: string): Promise<{ status: Status; author: Account } | null> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  const author = status?.local ? await findSpeaker(ctx, status.accountId) : null;
  return status && author ? { status, author } : null;
}
