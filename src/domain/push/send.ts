import type { Account } from '../../model/account.js';
import { toPublicId } from '../../model/ids.js';
import { pushAlerts, type PushSubscription } from '../../model/push.js';
import type { Notification } from '../../model/relations.js';
import { toPlainText } from '../../text/sanitise.js';
import { accountsById, acctOf } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { judge } from '../notification-verdicts.js';
import { isSuspendedHere } from '../relationships.js';
import { hostOf, mediaUrl } from '../urls.js';
import { encryptLegacy, encryptStandard } from './encryption.js';
import { openToken } from './subscriptions.js';
import { vapidToken } from './vapid.js';

/** How long a push service keeps a message for a sleeping device. */
const ttlSeconds = 48 * 3600;
const longestBody = 140;

/** Has a notification pushed to the clients of its receiver that asked for its kind. */
export async function enqueuePushes(ctx: Ctx, notification: Notification): Promise<void> {
  const subscriptions = await ctx.db.pushSubscriptions
    .find({ accountId: notification.accountId })
    .limit(100)
    .toArray();
  const wanted = subscriptions.filter((s) =>
    pushAlerts.some((a) => a === notification.type && s.alerts.includes(a)),
  );
  if (!wanted.length) return;
  await ctx.jobs.enqueueMany(
    wanted.map((s) => ({
      kind: 'push',
      payload: { subscriptionId: s._id, notificationId: notification._id },
      lane: `push:${hostOf(s.endpoint) ?? ''}`,
    })),
  );
}

/**
 * Pushes one notification to one client. Nothing happens when either is gone by now; a subscription that its service no
 * longer knows ends. @throws Error when it is worth another try
 */
export async function sendPush(
  ctx: Ctx,
  ids: { subscriptionId: string; notificationId: string },
): Promise<void> {
  const [subscription, notification] = await Promise.all([
    ctx.db.pushSubscriptions.findOne({ _id: ids.subscriptionId }),
    ctx.db.notifications.findOne({ _id: ids.notificationId }),
  ]);
  if (!subscription || !notification || notification.accountId !== subscription.accountId) return;
  const token = await openToken(ctx, subscription);
  if (token === null) return end(ctx, subscription);
  const from = (await accountsById(ctx, [notification.fromId])).get(notification.fromId);
  if (!from || !(await isWanted(ctx, subscription, from))) return;
  if (!(await isStillTold(ctx, notification, from))) return;
  const message = await toMessage(ctx, { notification, from, token });
  await deliver(ctx, subscription, Buffer.from(JSON.stringify(message)));
}

async function isWanted(ctx: Ctx, { accountId, policy }: PushSubscription, from: Account): Promise<boolean> {
  if (policy === 'all') return true;
  if (policy === 'none') return false;
  const pair =
    policy === 'followed' ? { accountId, targetId: from._id } : { accountId: from._id, targetId: accountId };
  return (await ctx.db.follows.findOne({ ...pair, state: 'accepted' })) !== null;
}

/** A push may have waited for hours: who was blocked, muted or suspended meanwhile is not heard of any more. */
async function isStillTold(ctx: Ctx, notification: Notification, from: Account): Promise<boolean> {
  const { accountId, type, statusId } = notification;
  const to = (await accountsById(ctx, [accountId])).get(accountId);
  if (!to) return false;
  if (from._id !== accountId && (await isSuspendedHere(ctx, from))) return false;
  const status = statusId ? await ctx.db.statuses.findOne({ _id: statusId }) : null;
  if (statusId && !status) return false;
  const conversationId = status?.conversationId ?? null;
  return (await judge(ctx, { to, from, type, statusId, conversationId })) === 'accept';
}

async function deliver(ctx: Ctx, subscription: PushSubscription, message: Buffer): Promise<void> {
  const encrypted = (subscription.standard ? encryptStandard : encryptLegacy)(message, subscription);
  const { jwt, publicKey } = await vapidToken(ctx, subscription.endpoint);
  const cryptoKey = encrypted.headers['Crypto-Key'];
  const identity = subscription.standard
    ? { Authorization: `vapid t=${jwt}, k=${publicKey}` }
    : { Authorization: `WebPush ${jwt}`, 'Crypto-Key': `${cryptoKey};p256ecdsa=${publicKey}` };
  const answer = await ctx.http.request({
    method: 'POST',
    url: subscription.endpoint,
    headers: {
      ...encrypted.headers,
      ...identity,
      'Content-Type': 'application/octet-stream',
      TTL: String(ttlSeconds),
      Urgency: 'normal',
    },
    body: encrypted.body,
    maxBytes: 16 * 1024,
    timeoutMs: 10_000,
    // The subscriber's own choice, not a server that we federate with.
    anyDomain: true,
  });
  if (answer.outcome === 'refused') return end(ctx, subscription);
  if (answer.outcome === 'failed') throw new Error(`push failed: ${answer.reason}`);
  if (answer.status === 404 || answer.status === 410) return end(ctx, subscription);
  if (answer.status === 429 || answer.status >= 500) throw new Error(`push answered ${answer.status}`);
}

async function end(ctx: Ctx, subscription: PushSubscription): Promise<void> {
  await ctx.db.pushSubscriptions.deleteOne({ _id: subscription._id });
}

const phrases: Partial<Record<Notification['type'], string>> = {
  mention: 'You were mentioned by',
  status: 'New post by',
  reblog: 'Your post was boosted by',
  follow: 'You are now followed by',
  follow_request: 'Follow request from',
  favourite: 'Your post was favourited by',
  poll: 'A poll has ended by',
  update: 'A post was edited by',
  quote: 'Your post was quoted by',
  'admin.sign_up': 'New sign-up by',
  'admin.report': 'New report by',
};

/** As Mastodon's own: clients read these members by name. */
async function toMessage(
  ctx: Ctx,
  { notification, from, token }: { notification: Notification; from: Account; token: string },
): Promise<Record<string, unknown>> {
  const status = notification.statusId ? await ctx.db.statuses.findOne({ _id: notification.statusId }) : null;
  const text = status
    ? status.spoilerText || toPlainText(status.content)
    : from.domain === null
      ? from.note
      : toPlainText(from.note);
  const user = await ctx.db.users.findOne({ accountId: notification.accountId });
  const { avatar } = from;
  const icon = avatar?.path
    ? mediaUrl(ctx.names, avatar.staticPath ?? avatar.path)
    : (avatar?.remoteUrl ?? `${ctx.names.origin}/assets/avatars/missing.png`);
  return {
    access_token: token,
    preferred_locale: user?.locale ?? 'en',
    notification_id: toPublicId(notification._id),
    notification_type: notification.type,
    icon,
    title: `${phrases[notification.type] ?? notification.type} ${from.displayName || acctOf(from)}`,
    body: [...text].slice(0, longestBody).join(''),
  };
}
