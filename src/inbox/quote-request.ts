import { idOf } from '../../federation/vocabulary/values.js';
import { sameOrigin } from '../../federation/inbox/origin.js';
import { answerQuoteRequest } from '../domain/quotes.js';
import { findOwnStatus } from '../domain/remote/own.js';
import { ignored, processed, type Handler } from './handler.js';

/** QuoteRequest (FEP-044f): may the sender's `instrument` quote our `object`? The author's policy answers at once. */
export const quoteRequest: Handler = async (ctx, { activity, sender, document }) => {
  const quoted = activity.object === null ? null : await findOwnStatus(ctx, activity.object);
  if (!quoted || quoted.reblogOfId !== null) return ignored('quote request: not of a status of ours');
  const quotingUri = activity.instrument ?? idOf(document['instrument']);
  if (activity.id === null || quotingUri === null || !sameOrigin(quotingUri, sender.uri))
    return ignored('quote request: instrument of another host');
  const decision = await answerQuoteRequest(ctx, quoted, {
    uri: activity.id,
    quotingUri,
    accountId: sender._id,
  });
  return processed(`quote request: ${decision}`);
};
