import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';

/** Asks for the check of a quote that a remote status makes (quotes.ts does it). */
export async function requestQuoteCheck(ctx: Ctx, status: Status): Promise<void> {
  if (!status.quote || status.local) return;
  await ctx.jobs.enqueue({ kind: 'check-quote', lane: 'fetch', payload: { statusId: status._id } });
}
