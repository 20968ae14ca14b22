import type { Status } from '../model/status.js';

/** What one follower has set that bears on a line of the home timeline. */
export interface HomeFacts {
  followerId: string;
  /** Show this author's reblogs. */
  showReblogs: boolean;
  /** Show only these languages; null for all. */
  languages: string[] | null;
  /** Accounts that the follower follows, of those that matter here. */
  following: ReadonlySet<string>;
  /** Accounts that the follower blocks, is blocked by, or mutes, of those that matter here. */
  hidden: ReadonlySet<string>;
}

/**
 * Does a status of a followed account belong in this follower's home timeline? As Mastodon: replies only between
 * people one follows (or to oneself, or the author's own threads), reblogs if wanted, nothing from or of the hidden.
 */
export function belongsInHome(status: Status, shown: Status, facts: HomeFacts): boolean {
  if (facts.hidden.has(status.accountId) || facts.hidden.has(shown.accountId)) return false;
  if (status.mentions.some((m) => facts.hidden.has(m.accountId))) return false;
  if (status.reblogOfId) return facts.showReblogs;
  if (facts.languages && status.language && !facts.languages.includes(status.language)) return false;
  if (status.visibility === 'direct' && !status.mentions.some((m) => m.accountId === facts.followerId))
    return false;
  const parent = status.inReplyToAccountId;
  if (parent === null) return status.inReplyToUri === null;
  return parent === status.accountId || parent === facts.followerId || facts.following.has(parent);
}
