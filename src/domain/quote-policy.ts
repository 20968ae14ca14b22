import type { Account } from '../model/account.js';
import type { QuotePolicy, Status } from '../model/status.js';
import type { Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { getOwnStatus } from './status-store.js';

/** Changes who may quote one's own status; quotes that were allowed stay. @throws AppError 404 */
export async function setQuotePolicy(
  ctx: Ctx,
  who: Account,
  { statusId, policy }: { statusId: string; policy: QuotePolicy },
): Promise<Status> {
  const status = await getOwnStatus(ctx, who._id, statusId);
  const open = status.visibility === 'public' || status.visibility === 'unlisted';
  const quotePolicy = open ? policy : 'nobody';
  if (status.quotePolicy === quotePolicy) return status;
  const event = { type: 'status.edited', statusId: status._id, editId: ctx.ids.next() } as const;
  const updated = await withEvent(ctx, event, () =>
    ctx.db.statuses.findOneAndUpdate(
      { _id: status._id },
      { $set: { quotePolicy } },
      { returnDocument: 'after' },
    ),
  );
  return updated ?? status;
}
