import { parseObject } from '../../federation/vocabulary/object.js';
import { idOf } from '../../federation/vocabulary/values.js';
import { sameOrigin } from '../../federation/inbox/origin.js';
import { answerQuoteRequest } from '../domain/quotes.js';
import { findOwnStatus } from '../domain/remote/own.js';
import { requestQuoteCheck } from '../domain/remote/request-quote-check.js';
import { ingestObject, lookUpStatus } from '../domain/remote/statuses.js';
import type { Ctx } from '../domain/ctx.js';
import { ignored, processed, type Handler, type Incoming } from './handler.js';

/** QuoteRequest (FEP-044f): may the sender's `instrument` quote our `object`? The author's policy answers at once. */
export const quoteRequest: Handler = async (ctx, incoming) => {
  const { activity, sender, document } = incoming;
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
  if (decision === 'accepted') await takeQuote(ctx, incoming, { quotedUri: quoted.uri, quotingUri });
  return processed(`quote request: ${decision}`);
};

/**
 * Whoever is quoted sees the quote and can take the consent back, also where nobody here follows the quoting author, so
 * that no Create brings it. As Mastodon, it is taken from the request where it is embedded: one that is for followers
 * could not be fetched.
 */
async function takeQuote(
  ctx: Ctx,
  { activity, document, sender }: Incoming,
  { quotedUri, quotingUri }: { quotedUri: string; quotingUri: string },
): Promise<void> {
  const object = parseObject(document['instrument'], { defaultLanguage: activity.defaultLanguage });
  const isEmbedded = !('invalid' in object) && object.id === quotingUri && object.quote?.uri === quotedUri;
  const found = isEmbedded
    ? await ingestObject(ctx, sender, { object, envelope: activity, fetched: false })
    : await lookUpStatus(ctx, quotingUri, { sentBy: sender });
  if ('status' in found) await requestQuoteCheck(ctx, found.status);
}
