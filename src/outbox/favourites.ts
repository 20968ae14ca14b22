import type { Ctx } from '../domain/ctx.js';
import type { JsonObject } from '../../federation/ports.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { isOpen } from './audience.js';
import { findPair, type Federator } from './events.js';
import { toRelation, toUndo } from './objects/activities.js';
import { createRecipients } from './recipients.js';
import { sendActivity } from './send.js';

/** Like, to the author of the status and to nobody else. */
export const favouriteAdded: Federator<'favourite.added'> = async (ctx, event) => {
  const { accountId, statusId, uri } = event;
  if (!(await ctx.db.favourites.findOne({ accountId, statusId }))) return;
  await sendLike(ctx, event, { uri, wrap: (like) => like });
};

export const favouriteRemoved: Federator<'favourite.removed'> = (ctx, event) =>
  sendLike(ctx, event, { uri: event.uri, wrap: (like, who) => toUndo(who, like) });

async function sendLike(
  ctx: Ctx,
  { accountId, statusId }: { accountId: string; statusId: string },
  { uri, wrap }: { uri: string; wrap: (like: JsonObject, who: Account) => JsonObject },
): Promise<void> {
  const status: Status | null = await ctx.db.statuses.findOne({ _id: statusId });
  const pair = status && (await findPair(ctx, { localId: accountId, remoteId: status.accountId }));
  if (!pair) return;
  const { local, remote } = pair;
  const recipients = await createRecipients(ctx);
  recipients.add([remote]);
  const like = toRelation('Like', { uri, actor: local, object: status.uri, to: remote.uri });
  await sendActivity(ctx, {
    activity: wrap(like, local),
    account: local,
    inboxes: recipients.inboxes,
    public: isOpen(status),
  });
}
