import type * as access from '../model/access.js';
import type * as account from '../model/account.js';
import type * as announcements from '../model/announcements.js';
import type * as cards from '../model/cards.js';
import type * as conversations from '../model/conversations.js';
import type * as emailSubscriptions from '../model/email-subscriptions.js';
import type * as filters from '../model/filters.js';
import type * as lists from '../model/lists.js';
import type * as moderation from '../model/moderation.js';
import type * as notificationPolicy from '../model/notification-policy.js';
import type * as push from '../model/push.js';
import type * as relations from '../model/relations.js';
import type * as scheduled from '../model/scheduled.js';
import type * as status from '../model/status.js';
import type * as tags from '../model/tags.js';
import type * as trends from '../model/trends.js';
import type * as work from '../model/work.js';
import { declare, hot, index, queue, steady } from './declare.js';
import type { Collection, CollectionSpec, Store } from './port.js';

/** Every collection with its document type. */
export interface Documents {
  accounts: account.Account;
  users: account.User;
  keyPairs: account.KeyPair;
  remoteKeys: account.RemoteKey;
  hosts: account.HostName;
  statuses: status.Status;
  statusEdits: status.StatusEdit;
  media: status.Media;
  tombstones: status.Tombstone;
  pollVotes: status.PollVote;
  customEmojis: status.CustomEmoji;
  quoteApprovals: status.QuoteApproval;
  follows: relations.Follow;
  blocks: relations.Block;
  mutes: relations.Mute;
  userDomainBlocks: relations.UserDomainBlock;
  accountNotes: relations.AccountNote;
  endorsements: relations.Endorsement;
  favourites: relations.Favourite;
  bookmarks: relations.Bookmark;
  threadMutes: relations.ThreadMute;
  followedTags: relations.FollowedTag;
  featuredTags: relations.FeaturedTag;
  tags: tags.Tag;
  tagDays: tags.TagDay;
  tagUses: tags.TagUse;
  homeEntries: relations.HomeEntry;
  notifications: relations.Notification;
  scheduledStatuses: scheduled.ScheduledStatus;
  pushSubscriptions: push.PushSubscription;
  previewCards: cards.PreviewCard;
  linkDays: cards.LinkDay;
  linkUses: cards.LinkUse;
  trendRankings: trends.TrendRanking;
  lists: lists.List;
  listMembers: lists.ListMember;
  listEntries: lists.ListEntry;
  conversations: conversations.Conversation;
  filters: filters.Filter;
  notificationPolicies: notificationPolicy.NotificationPolicy;
  notificationRequests: notificationPolicy.NotificationRequest;
  notificationPermissions: notificationPolicy.NotificationPermission;
  markers: relations.Marker;
  reports: relations.Report;
  suggestionDismissals: relations.SuggestionDismissal;
  announcements: announcements.Announcement;
  announcementReactions: announcements.AnnouncementReaction;
  announcementDismissals: announcements.AnnouncementDismissal;
  apps: access.App;
  authorizationCodes: access.AuthorizationCode;
  accessTokens: access.AccessToken;
  webSessions: access.WebSession;
  mailTokens: access.MailToken;
  invites: access.Invite;
  secondFactors: access.SecondFactor;
  passkeys: access.Passkey;
  passkeyChallenges: access.PasskeyChallenge;
  attempts: access.AttemptCounter;
  idempotency: access.IdempotencyRecord;
  jobs: work.Job;
  activities: work.OutActivity;
  deliveries: work.Delivery;
  received: work.Received;
  peers: work.Peer;
  domainRules: work.DomainRule;
  instance: work.InstanceDocument;
  audit: work.AuditEntry;
  undoneActivities: work.UndoneActivity;
  signals: work.Signal;
  emailDomainBlocks: moderation.EmailDomainBlock;
  emailDomainBlockDays: moderation.EmailDomainBlockDay;
  canonicalEmailBlocks: moderation.CanonicalEmailBlock;
  ipBlocks: moderation.IpBlock;
  domainAllows: moderation.DomainAllow;
  userIps: moderation.UserIp;
  activeDays: moderation.ActiveDay;
  accountWarnings: moderation.AccountWarning;
  linkPublishers: moderation.LinkPublisher;
  emailSubscriptions: emailSubscriptions.EmailSubscription;
  postMailings: emailSubscriptions.PostMailing;
}

export type Db = { readonly [K in keyof Documents]: Collection<Documents[K]> };

/** Names and indexes, for both engines. `!` unique, `?` sparse, `-` descending. */
export const collections: { readonly [K in keyof Documents]: CollectionSpec } = {
  accounts: hot(
    'acctKey!',
    'uri!',
    'url',
    'domain _id',
    'discoverable domain lastStatusAt',
    'movedToId?',
    'nameWords',
    'avatar.path?',
    'avatar.staticPath?',
    'header.path?',
    'header.staticPath?',
    'suspendedAt?',
    'silencedAt?',
    'sensitizedAt?',
  ),
  users: steady('accountId!', 'email!?', 'role', 'approvedAt', 'disabledAt?', 'invite.byId?'),
  keyPairs: steady('accountId type!', 'keyId!'),
  remoteKeys: steady('keyId!', 'owner'),
  hosts: hot('name!'),
  statuses: hot(
    'uri!',
    'url?',
    'accountId _id',
    { ...index('accountId local visibility'), only: { field: 'local', values: [true] } },
    'accountId pinnedAt?',
    'accountId reblogOfId!?',
    'inReplyToId _id?',
    'inReplyToUri?',
    'conversationId _id',
    'reblogOfId _id?',
    'quote.statusId _id?',
    'quote.uri?',
    'quote.approvalUri?',
    'tags visibility _id?',
    'cardUrl _id?',
    'accountId tags _id?',
    'visibility _id',
    'visibility local _id',
    'poll.closed poll.expiresAt?',
    'mentions.accountId _id?',
  ),
  statusEdits: declare('statusId _id'),
  media: hot('accountId _id', 'statusId _id', 'path?', 'previewPath?'),
  tombstones: declare('uri!', 'deletedAt'),
  pollVotes: declare('statusId accountId choice!', 'accountId _id', 'uri', 'ballot!?'),
  quoteApprovals: declare('uri!', 'statusId quotingUri!'),
  customEmojis: declare('key!', 'domain shortcode', 'path?', 'staticPath?'),
  follows: steady('accountId targetId!', 'uri', 'accountId state _id', 'targetId state _id'),
  blocks: declare('accountId targetId!', 'targetId _id', 'uri', 'accountId _id'),
  mutes: declare('accountId targetId!', 'targetId _id', 'expiresAt?', 'accountId _id'),
  userDomainBlocks: declare('accountId domain!', 'accountId _id'),
  accountNotes: declare('accountId targetId!'),
  endorsements: declare('accountId targetId!', 'accountId _id'),
  favourites: declare('accountId statusId!', 'statusId _id', 'uri', 'accountId _id'),
  bookmarks: declare('accountId statusId!', 'accountId _id', 'statusId'),
  threadMutes: declare('accountId conversationId!', 'conversationId'),
  followedTags: declare('accountId tag!', 'tag', 'accountId _id'),
  featuredTags: declare('accountId tag!', 'accountId _id'),
  tags: declare('name!', 'lastStatusAt?'),
  tagDays: declare('tag day!', 'day uses'),
  tagUses: declare('tag day accountId!', 'day'),
  // Lines of one author are looked for among all of a home: it is capped.
  homeEntries: declare('accountId statusId!', 'statusId', 'shownId?'),
  notifications: declare(
    'accountId key!',
    'accountId _id',
    'accountId type _id',
    'statusId',
    'fromId',
    'accountId groupKey',
  ),
  scheduledStatuses: declare('accountId _id'),
  pushSubscriptions: declare('tokenId!', 'accountId'),
  previewCards: hot('url!', 'page.image.path?'),
  linkDays: declare('url day!', 'day uses'),
  linkUses: declare('url day accountId!', 'day'),
  trendRankings: declare(),
  lists: declare('accountId _id'),
  listMembers: declare('listId targetId!', 'listId _id', 'accountId targetId', 'targetId accountId'),
  listEntries: declare('listId statusId!', 'statusId', 'shownId?', 'accountId fromId', 'listId fromId'),
  conversations: declare(
    'accountId conversationId participantsKey!',
    'accountId lastStatusId',
    'lastStatusId',
  ),
  filters: declare('accountId _id'),
  notificationPolicies: declare('accountId!'),
  notificationRequests: declare('accountId fromId!', 'accountId _id', 'fromId'),
  notificationPermissions: declare('accountId fromId!', 'fromId'),
  markers: declare('accountId timeline!'),
  reports: declare('accountId _id', 'targetId _id', 'uri!', 'actionTakenAt _id'),
  suggestionDismissals: declare('accountId targetId!'),
  announcements: declare(),
  announcementReactions: declare('announcementId accountId name!', 'accountId'),
  announcementDismissals: declare('accountId announcementId!', 'announcementId'),
  apps: hot('clientId!'),
  authorizationCodes: declare('codeHash!', 'expiresAt', 'userId'),
  accessTokens: hot('tokenHash!', 'userId', 'appId', 'accountId', 'codeId?', 'lastUsedAt?', 'revokedAt?'),
  webSessions: declare('sessionHash!', 'userId', 'expiresAt'),
  mailTokens: declare('tokenHash!', 'userId purpose request!', 'expiresAt'),
  secondFactors: declare('userId!'),
  invites: declare('code!', 'accountId _id'),
  passkeys: declare('credentialId!', 'userId'),
  passkeyChallenges: declare('userId purpose browserHash!', 'expiresAt'),
  attempts: declare('key!', 'expiresAt'),
  idempotency: declare('key!', 'expiresAt'),
  jobs: queue(['dead', 'done']),
  activities: declare('uri!', 'accountId statusId?', 'createdAt'),
  deliveries: queue(['dead', 'done'], 'key!'),
  received: queue(['dead'], 'replayKey!', 'outcome _id?', 'backlogHost?'),
  peers: declare('breaker nextProbeAt'),
  domainRules: declare('domain!'),
  instance: hot(),
  audit: declare('sequence!'),
  undoneActivities: declare('uri!', 'createdAt'),
  signals: declare(),
  emailDomainBlocks: declare('domain!'),
  emailDomainBlockDays: declare('blockId day!', 'day'),
  canonicalEmailBlocks: declare('hash!'),
  ipBlocks: declare('network!', 'expiresAt?'),
  domainAllows: declare('domain!'),
  userIps: declare('userId key!', 'key', 'usedAt'),
  activeDays: declare('userId day!', 'day _id'),
  accountWarnings: declare('targetId _id'),
  linkPublishers: declare('domain!'),
  emailSubscriptions: declare('accountId email!', 'accountId _id', 'email', 'tokenHash!', 'expiresAt?'),
  postMailings: declare('openFor!?', 'statusIds!', 'accountId', 'dueAt'),
};

/** The typed view of a store that the domain uses. */
export function toDb(store: Store): Db {
  const entries = Object.keys(collections).map((name) => [name, store.collection(name)]);
  return Object.fromEntries(entries) as Db;
}
