/** Edges between accounts and statuses. Each pair is unique by index, so that every verb can be repeated safely. */

export interface Follow {
  _id: string;
  accountId: string;
  targetId: string;
  state: 'pending' | 'accepted';
  /** The Follow activity's IRI. */
  uri: string;
  reblogs: boolean;
  notify: boolean;
  languages: string[] | null;
  createdAt: string;
}

export interface Block {
  _id: string;
  accountId: string;
  targetId: string;
  uri: string;
  createdAt: string;
}

export interface Mute {
  _id: string;
  accountId: string;
  targetId: string;
  notifications: boolean;
  expiresAt: string | null;
  createdAt: string;
}

/** A domain that one account does not want to see. */
export interface UserDomainBlock {
  _id: string;
  accountId: string;
  domain: string;
}

export interface AccountNote {
  _id: string;
  accountId: string;
  targetId: string;
  comment: string;
}

/** An account that another shows on its profile. */
export interface Endorsement {
  _id: string;
  accountId: string;
  targetId: string;
}

/** An account that somebody does not want to be suggested again. */
export interface SuggestionDismissal {
  _id: string;
  accountId: string;
  targetId: string;
}

/** A favourite (Like on the wire); `emoji` when it came as an EmojiReact. */
export interface Favourite {
  _id: string;
  accountId: string;
  statusId: string;
  uri: string;
  createdAt: string;
}

export interface Bookmark {
  _id: string;
  accountId: string;
  statusId: string;
}

/** A conversation that an account does not want notifications from. */
export interface ThreadMute {
  _id: string;
  accountId: string;
  conversationId: string;
}

export interface FollowedTag {
  _id: string;
  accountId: string;
  tag: string;
}

export interface FeaturedTag {
  _id: string;
  accountId: string;
  tag: string;
  /** As written. */
  name: string;
  createdAt: string;
}

/** One line of somebody's home timeline. */
export interface HomeEntry {
  _id: string;
  accountId: string;
  statusId: string;
  /** Who brought it there: the author or the one who reblogged. */
  fromId: string;
  /** The reblogged status, when that is what is shown; null: the status itself (older lines repeat its id). */
  shownId: string | null;
}

export type NotificationType =
  | 'mention'
  | 'status'
  | 'reblog'
  | 'follow'
  | 'follow_request'
  | 'favourite'
  | 'poll'
  | 'update'
  | 'admin.sign_up'
  | 'admin.report'
  | 'severed_relationships'
  | 'moderation_warning'
  | 'quote'
  | 'quoted_update';

export interface Notification {
  /** A small id (model/ids.ts). */
  _id: string;
  accountId: string;
  type: NotificationType;
  fromId: string;
  statusId: string | null;
  reportId: string | null;
  /** What staff told its receiver. Absent: not of that kind. */
  warningId?: string;
  groupKey: string;
  /** `type:fromId:statusId…`: what makes it the same notification. */
  key: string;
  /** Put aside by the receiver's policy. Absent: no. */
  filtered?: boolean;
  createdAt: string;
}

export interface Marker {
  _id: string;
  accountId: string;
  timeline: 'home' | 'notifications';
  lastReadId: string;
  version: number;
  updatedAt: string;
}

export interface Report {
  _id: string;
  accountId: string;
  targetId: string;
  statusIds: string[];
  comment: string;
  category: 'spam' | 'legal' | 'violation' | 'other';
  ruleIds: string[];
  forwarded: boolean;
  uri: string;
  /** True when it came from another server. */
  remote: boolean;
  actionTakenAt: string | null;
  /** Who of the staff looks after it, and who settled it. Absent: nobody. */
  assignedId?: string | null;
  actionTakenById?: string | null;
  updatedAt?: string;
  createdAt: string;
}
