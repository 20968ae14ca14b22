import { isSameId } from '../../../federation/inbox/origin.js';
import { parseObject } from '../../../federation/vocabulary/object.js';
import { typesOf } from '../../../federation/vocabulary/values.js';
import type { Status } from '../../model/status.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { deleteStatus } from '../statuses-delete.js';
import { requestQuoteCheck } from './request-quote-check.js';
import { applyUpdate } from './update.js';

export type Refreshed = 'gone' | 'unavailable' | 'refused' | Awaited<ReturnType<typeof applyUpdate>>;

/**
 * Asks the origin of a known remote status what it looks like now, and does as it says: changed there, changed here;
 * gone there (410, or a Tombstone), gone here. Only what its own id answers counts.
 */
export async function refreshStatus(ctx: Ctx, known: Status): Promise<Refreshed> {
  const loaded = await ctx.documents.load(known.uri);
  const isGone =
    loaded.outcome === 'gone' || (loaded.outcome === 'ok' && typesOf(loaded.document).includes('Tombstone'));
  if (isGone) {
    await deleteStatus(ctx, known);
    return 'gone';
  }
  if (loaded.outcome !== 'ok') return 'unavailable';
  const object = parseObject(loaded.document);
  const author = (await accountsById(ctx, [known.accountId])).get(known.accountId);
  if ('invalid' in object || object.id !== known.uri || !author) return 'refused';
  if (!isSameId(object.attributedTo, author.uri)) return 'refused';
  const result = await applyUpdate(ctx, author, { known, object });
  if (result === 'edited') await requestQuoteCheck(ctx, known);
  return result;
}
