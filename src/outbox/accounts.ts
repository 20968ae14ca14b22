import type { Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';
import { findSpeaker, type Federator } from './events.js';
import { toActorDelete, toMove, toUpdate } from './objects/activities.js';
import { loadActor } from './objects/load.js';
import { addEverybody, createRecipients, type Recipients } from './recipients.js';
import { sendActivity } from './send.js';

/** Update of the actor, to those who follow it and those it follows. A suspended one says that it is. */
export const accountUpdated: Federator<'account.updated'> = async (ctx, event) => {
  const account = await ctx.db.accounts.findOne({ _id: event.accountId });
  if (account?.domain !== null || account.deletedAt !== null) return;
  await sendProfile(ctx, account, event.at);
};

async function sendProfile(ctx: Ctx, account: Account, mark: string): Promise<void> {
  const actor = await loadActor(ctx, account);
  if (!actor) return;
  const { inboxes } = await neighbours(ctx, account);
  await sendActivity(ctx, { activity: toUpdate(account, actor, mark), account, inboxes, public: false });
}

async function neighbours(ctx: Ctx, account: Account): Promise<Recipients> {
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(account._id);
  await recipients.addFollowed(account._id);
  return recipients;
}

/** Delete of the actor, to every server known here: what it wrote may be anywhere. */
export const accountDeleted: Federator<'account.deleted'> = async (ctx, event) => {
  const account = await ctx.db.accounts.findOne({ _id: event.accountId });
  if (account?.domain !== null || account.deletedAt === null) return;
  const recipients = await createRecipients(ctx);
  await addEverybody(ctx, recipients);
  const activity = toActorDelete(account);
  await sendActivity(ctx, { activity, account, inboxes: recipients.inboxes, public: false });
};

/** Move, to the followers, after the profile that says where to. */
export const accountMoved: Federator<'account.moved'> = async (ctx, event) => {
  const account = await findSpeaker(ctx, event.accountId);
  const target = account && (await ctx.db.accounts.findOne({ _id: event.targetId }));
  if (!account || !target || account.movedToId !== target._id) return;
  await sendProfile(ctx, account, `move-${target._id}`);
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(account._id);
  const activity = toMove(account, target);
  await sendActivity(ctx, { activity, account, inboxes: recipients.inboxes, public: false });
};
