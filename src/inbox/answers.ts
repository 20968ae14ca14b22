import { idOf, isRecord, typesOf } from '../../federation/vocabulary/values.js';
import { findAnsweredFollow, settleFollow } from '../domain/follow-answers.js';
import { settleQuote } from '../domain/quotes.js';
import type { Ctx } from '../domain/ctx.js';
import { ignored, processed, type Handler, type Incoming, type Outcome } from './handler.js';

/** Accept and Reject: of a Follow, or of a QuoteRequest (FEP-044f). Only the one who was asked can answer. */
export const accept: Handler = (ctx, incoming) => answer(ctx, incoming, 'accepted');
export const reject: Handler = (ctx, incoming) => answer(ctx, incoming, 'rejected');

async function answer(
  ctx: Ctx,
  { activity, sender }: Incoming,
  decision: 'accepted' | 'rejected',
): Promise<Outcome> {
  const uri = activity.object;
  if (
    uri !== null &&
    (await settleQuote(ctx, uri, { by: sender, state: decision, approvalUri: activity.result }))
  ) {
    return processed(`quote ${decision}`);
  }
  const embedded = activity.embedded;
  const types = embedded ? typesOf(embedded) : [];
  if (types.length && !types.includes('Follow')) return ignored(`${decision}: not of a Follow`);
  const followerUri = isRecord(embedded) ? idOf(embedded['actor']) : null;
  const follow = await findAnsweredFollow(ctx, sender, { uri, followerUri });
  if (!follow) return ignored(`${decision}: no such follow of ours`);
  await settleFollow(ctx, follow, decision);
  return processed(`follow ${decision}`);
}
