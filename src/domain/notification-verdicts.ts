import type { Account } from '../model/account.js';
import type { NotificationVerdict } from '../model/notification-policy.js';
import type { NotificationType } from '../model/relations.js';
import { judgeSender } from '../policy/notifications.js';
import type { Ctx } from './ctx.js';
import { notificationRulesOf } from './notification-rules.js';
import { isLimitedHere, relationshipsOf, type Relationship } from './relationships.js';

/** Kinds that somebody must get whatever they mute. */
const official = new Set<NotificationType>([
  'admin.sign_up',
  'admin.report',
  'moderation_warning',
  'severed_relationships',
]);
/** Kinds that one asked for: a policy does not concern them. */
const asked = new Set<NotificationType>(['poll', 'update', 'status', 'quoted_update']);

export function isOfficial(type: NotificationType): boolean {
  return official.has(type);
}

export interface Judged {
  to: Account;
  from: Account;
  type: NotificationType;
  statusId?: string | null;
  conversationId?: string | null;
}

/** Blocks, mutes and muted threads drop a notification; then the receiver's own policy decides. */
export async function judge(ctx: Ctx, input: Judged): Promise<NotificationVerdict> {
  const { to, from, type } = input;
  if (official.has(type)) return 'accept';
  const relation = (await relationshipsOf(ctx, to._id, [from])).get(from._id);
  if (!relation || isUnwanted(relation) || (await isThreadMuted(ctx, input))) return 'drop';
  if (asked.has(type) || to._id === from._id) return 'accept';
  const pair = { accountId: to._id, fromId: from._id };
  if (await ctx.db.notificationPermissions.findOne(pair)) return 'accept';
  return judgeSender(await notificationRulesOf(ctx, to._id), {
    followed: relation.follow?.state === 'accepted',
    followerSince: relation.followedBy?.state === 'accepted' ? new Date(relation.followedBy.createdAt) : null,
    createdAt: new Date(from.createdAt),
    limited: await isLimitedHere(ctx, from),
    unaskedPrivateMention: type === 'mention' && (await isUnaskedPrivate(ctx, input)),
    now: ctx.clock.now(),
  });
}

function isUnwanted(relation: Relationship): boolean {
  if (relation.block || relation.blockedBy || relation.mute?.notifications) return true;
  return relation.domainBlocked && !relation.follow;
}

async function isThreadMuted(ctx: Ctx, { to, conversationId }: Judged): Promise<boolean> {
  if (!conversationId) return false;
  return (await ctx.db.threadMutes.findOne({ accountId: to._id, conversationId })) !== null;
}

/** A direct post that answers nothing its receiver wrote. */
async function isUnaskedPrivate(ctx: Ctx, { to, statusId }: Judged): Promise<boolean> {
  const status = statusId ? await ctx.db.statuses.findOne({ _id: statusId }) : null;
  return status?.visibility === 'direct' && status.inReplyToAccountId !== to._id;
}
