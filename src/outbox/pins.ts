import type { Ctx } from '../domain/ctx.js';
import { findSpeaker, markOf, type EventOf, type Federator } from './events.js';
import { toFeatured } from './objects/activities.js';
import { createRecipients } from './recipients.js';
import { sendActivity } from './send.js';

/** Add to the featured collection. */
export const statusPinned: Federator<'status.pinned'> = (ctx, event) => sendFeatured(ctx, event);

/** Remove from it. */
export const statusUnpinned: Federator<'status.unpinned'> = (ctx, event) => sendFeatured(ctx, event);

async function sendFeatured(ctx: Ctx, event: EventOf<'status.pinned' | 'status.unpinned'>): Promise<void> {
  const author = await findSpeaker(ctx, event.accountId);
  const status = author && (await ctx.db.statuses.findOne({ _id: event.statusId }));
  const isPinned = event.type === 'status.pinned';
  // It may have been taken back before this ran: then the other event says so.
  if (!author || !status?.local || (status.pinnedAt !== null) !== isPinned) return;
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(author._id);
  await sendActivity(ctx, {
    activity: toFeatured(isPinned ? 'Add' : 'Remove', {
      actor: author,
      object: status.uri,
      mark: markOf(event),
    }),
    account: author,
    inboxes: recipients.inboxes,
    public: false,
  });
}
