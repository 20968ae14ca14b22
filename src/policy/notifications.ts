import type { NotificationPolicy, NotificationVerdict } from '../model/notification-policy.js';

export type NotificationRules = Omit<NotificationPolicy, '_id' | 'accountId'>;

/** As Mastodon begins. */
export const defaultNotificationRules: NotificationRules = {
  forNotFollowing: 'accept',
  forNotFollowers: 'accept',
  forNewAccounts: 'accept',
  forPrivateMentions: 'filter',
  forLimitedAccounts: 'filter',
};

export interface SenderFacts {
  /** The receiver follows the sender. */
  followed: boolean;
  /** The sender follows the receiver, since then. */
  followerSince: Date | null;
  /** When the sender's account was made. */
  createdAt: Date;
  /** Staff of this instance limited the sender. */
  limited: boolean;
  /** A direct mention that answers nothing the receiver wrote. */
  unaskedPrivateMention: boolean;
  now: Date;
}

const dayMs = 86_400_000;
/** As Mastodon: following for a shorter time does not count yet; younger accounts are new. */
const followerAfterMs = 3 * dayMs;
const newForMs = 30 * dayMs;
const weight = { accept: 0, filter: 1, drop: 2 } as const;

/** The hardest verdict of the rules that apply. */
export function judgeSender(rules: NotificationRules, facts: SenderFacts): NotificationVerdict {
  const { now, followerSince } = facts;
  const isFollower = followerSince !== null && now.getTime() - followerSince.getTime() > followerAfterMs;
  const isNew = now.getTime() - facts.createdAt.getTime() < newForMs;
  const verdicts: NotificationVerdict[] = [
    !facts.followed ? rules.forNotFollowing : 'accept',
    !isFollower ? rules.forNotFollowers : 'accept',
    isNew && !facts.followed ? rules.forNewAccounts : 'accept',
    facts.unaskedPrivateMention && !facts.followed ? rules.forPrivateMentions : 'accept',
    facts.limited && !facts.followed ? rules.forLimitedAccounts : 'accept',
  ];
  return verdicts.reduce((a, b) => (weight[b] > weight[a] ? b : a));
}
