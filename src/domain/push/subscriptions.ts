import { checkUrl } from '../../../federation/fetch/url-rules.js';
import { invalid, notFound } from '../../errors.js';
import type { AccessToken } from '../../model/access.js';
import type { PushAlert, PushPolicy, PushSubscription } from '../../model/push.js';
import { now, type Ctx } from '../ctx.js';
import { arePushKeys } from './encryption.js';

export interface SubscriptionInput {
  endpoint: string;
  p256dh: string;
  auth: string;
  standard: boolean;
  alerts: readonly PushAlert[];
  policy: PushPolicy;
}

/** One client of one person: its token, and the token's text. */
export interface Subscriber {
  accountId: string;
  token: AccessToken;
  secret: string;
}

const sealPurpose = (tokenId: string): string => `push-token:${tokenId}`;

/** The subscription of this client. @throws AppError 404 when it has none */
export async function getSubscription(ctx: Ctx, tokenId: string): Promise<PushSubscription> {
  const found = await ctx.db.pushSubscriptions.findOne({ tokenId });
  if (!found) throw notFound();
  return found;
}

/** Wakes this client from now on; an earlier subscription of it ends. @throws AppError 422 */
export async function subscribe(
  ctx: Ctx,
  who: Subscriber,
  input: SubscriptionInput,
): Promise<PushSubscription> {
  if (!isEndpoint(ctx, input.endpoint)) throw invalid('Endpoint is not a valid URL');
  if (!arePushKeys(input)) throw invalid('Keys are not valid');
  const { _id: tokenId } = who.token;
  const subscription: PushSubscription = {
    _id: ctx.ids.nextSmall(),
    accountId: who.accountId,
    tokenId,
    sealedToken: await ctx.seals.seal(sealPurpose(tokenId), who.secret),
    endpoint: input.endpoint,
    p256dh: input.p256dh,
    auth: input.auth,
    standard: input.standard,
    alerts: [...new Set(input.alerts)],
    policy: input.policy,
    createdAt: now(ctx),
  };
  await ctx.db.pushSubscriptions.deleteOne({ tokenId });
  await ctx.db.pushSubscriptions.insertOne(subscription);
  return subscription;
}

/** By the rules of every outbound request, as far as they need no network; sending asks again, with the address. */
function isEndpoint(ctx: Ctx, url: string): boolean {
  const rules = { allowLoopback: ctx.settings.federateLoopback, isRefusedHost: ctx.names.isOwn };
  return !('reason' in checkUrl(url, rules));
}

/** Changes what a client is woken for. @throws AppError 404 */
export async function updateSubscription(
  ctx: Ctx,
  tokenId: string,
  changes: { alerts?: readonly PushAlert[]; policy?: PushPolicy | undefined },
): Promise<PushSubscription> {
  const known = await getSubscription(ctx, tokenId);
  const set = {
    ...(changes.alerts && { alerts: [...new Set(changes.alerts)] }),
    ...(changes.policy && { policy: changes.policy }),
  };
  if (Object.keys(set).length) await ctx.db.pushSubscriptions.updateOne({ _id: known._id }, { $set: set });
  return { ...known, ...set };
}

/** Nothing happens where there is none. */
export async function unsubscribe(ctx: Ctx, tokenId: string): Promise<void> {
  await ctx.db.pushSubscriptions.deleteOne({ tokenId });
}

/** The token of a subscription, for the message; null when it cannot be opened or is no longer good. */
export async function openToken(ctx: Ctx, subscription: PushSubscription): Promise<string | null> {
  const token = await ctx.db.accessTokens.findOne({ _id: subscription.tokenId });
  if (!token || token.revokedAt !== null) return null;
  return ctx.seals.open(sealPurpose(subscription.tokenId), subscription.sealedToken);
}
