import { acctOf } from '../../domain/accounts.js';
import type { AccountFacts } from '../../domain/facts/accounts.js';
import { mediaUrl } from '../../domain/urls.js';
import type { Relationship } from '../../domain/relationships.js';
import { tabsOf, type Account, type ProfileImage, type User } from '../../model/account.js';
import type { Mute } from '../../model/relations.js';
import { toCustomEmoji } from './emojis.js';
import { toHighlightedRoles, toRole } from './roles.js';
import { isMailed } from '../../policy/email-subscriptions.js';
import { toTime, toTimeOrNull, type View } from './view.js';

/** Shown for accounts without a picture. Clients know the file name as "none". */
const missing = { avatar: '/assets/avatars/missing.png', header: '/assets/headers/missing.png' } as const;

/** Mastodon's Account. An account that is suspended here keeps its name and nothing else. */
export function toAccount(view: View, facts: AccountFacts) {
  return {
    ...toPlainAccount(view, facts),
    ...(facts.moved && { moved: toPlainAccount(view, facts.moved) }),
  };
}

export type AccountEntity = ReturnType<typeof toAccount>;

function toPlainAccount(view: View, facts: AccountFacts) {
  const { account } = facts;
  const hidden = account.suspendedAt !== null || account.deletedAt !== null;
  return {
    id: account._id,
    username: account.username,
    acct: acctOf(account),
    url: account.url,
    uri: account.uri,
    display_name: hidden ? '' : account.displayName,
    note: hidden ? '' : facts.note,
    ...toPictures(view, hidden ? { avatar: null, header: null } : account),
    locked: account.locked,
    bot: account.bot || account.actorType === 'Service' || account.actorType === 'Application',
    group: account.actorType === 'Group',
    discoverable: account.discoverable,
    indexable: account.indexable,
    hide_collections: account.hideCollections,
    ...toTabs(account),
    fields: hidden ? [] : facts.fields.map(toField),
    emojis: hidden ? [] : account.emojis.map(toCustomEmoji),
    ...(facts.role && { roles: toHighlightedRoles(facts.role) }),
    ...(hidden && { suspended: true }),
    ...(facts.limited && { limited: true }),
    ...toSubscribable(view, facts),
    created_at: `${toTime(account.createdAt).slice(0, 10)}T00:00:00.000Z`,
    last_status_at: account.lastStatusAt === null ? null : toTime(account.lastStatusAt).slice(0, 10),
    ...toCounts(account),
  };
}

/** Said where somebody here may be subscribed to. */
function toSubscribable({ emailSubscriptions }: View, { account, role }: AccountFacts) {
  if (emailSubscriptions === 'nobody') return {};
  return { email_subscriptions: isMailed(account, role, emailSubscriptions) };
}

function toTabs(account: Account) {
  const { media, mediaReplies, featured } = tabsOf(account);
  return { show_media: media, show_media_replies: mediaReplies, show_featured: featured };
}

function toCounts({ statusesCount, followersCount, followingCount, remote }: Account) {
  return {
    statuses_count: Math.max(statusesCount, remote?.remoteStatuses ?? 0),
    followers_count: Math.max(followersCount, remote?.remoteFollowers ?? 0),
    following_count: Math.max(followingCount, remote?.remoteFollowing ?? 0),
  };
}

export function toPictures(view: View, { avatar, header }: Pick<Account, 'avatar' | 'header'>) {
  const shownAvatar = toPicture(view, avatar, missing.avatar);
  const shownHeader = toPicture(view, header, missing.header);
  return {
    avatar: shownAvatar.url,
    avatar_static: shownAvatar.still,
    avatar_description: avatar?.description ?? '',
    header: shownHeader.url,
    header_static: shownHeader.still,
    header_description: header?.description ?? '',
  };
}

function toPicture(
  { names }: View,
  image: ProfileImage | null,
  none: string,
): { url: string; still: string } {
  const url = image?.path ? mediaUrl(names, image.path) : (image?.remoteUrl ?? names.origin + none);
  return { url, still: image?.staticPath ? mediaUrl(names, image.staticPath) : url };
}

export function toField(field: { name: string; value: string; verifiedAt: string | null }) {
  return { name: field.name, value: field.value, verified_at: toTimeOrNull(field.verifiedAt) };
}

/** The signed-in person's own account. `requests`: how many ask to follow. */
export function toCredentialAccount(
  view: View,
  facts: AccountFacts,
  { user, requests }: { user: User; requests: number },
) {
  const { account } = facts;
  const { preferences } = user;
  return {
    ...toAccount(view, facts),
    source: {
      privacy: preferences.defaultVisibility,
      sensitive: preferences.defaultSensitive,
      language: preferences.defaultLanguage,
      quote_policy: preferences.defaultQuotePolicy ?? 'public',
      note: account.note,
      fields: account.fields.map(toField),
      follow_requests_count: requests,
      hide_collections: account.hideCollections,
      discoverable: account.discoverable,
      indexable: account.indexable,
      attribution_domains: account.attributionDomains ?? [],
    },
    role: toRole(user.role, view),
  };
}

/** An account in the list of mutes. */
export function toMutedAccount(view: View, facts: AccountFacts, mute: Mute | undefined) {
  return { ...toAccount(view, facts), mute_expires_at: toTimeOrNull(mute?.expiresAt ?? null) };
}

/** How the viewer stands to an account. */
export function toRelationship(id: string, r: Relationship) {
  const following = r.follow?.state === 'accepted';
  return {
    id,
    following,
    showing_reblogs: following && r.follow?.reblogs === true,
    notifying: following && r.follow?.notify === true,
    languages: following ? (r.follow?.languages ?? null) : null,
    followed_by: r.followedBy?.state === 'accepted',
    blocking: r.block !== null,
    blocked_by: r.blockedBy !== null,
    muting: r.mute !== null,
    muting_notifications: r.mute?.notifications ?? false,
    muting_expires_at: toTimeOrNull(r.mute?.expiresAt ?? null),
    requested: r.follow?.state === 'pending',
    requested_by: r.followedBy?.state === 'pending',
    domain_blocking: r.domainBlocked,
    endorsed: r.endorsed,
    note: r.note,
  };
}

/** Enough of an account for a small picture with a name. */
export function toPartialAccount(view: View, facts: AccountFacts) {
  const { id, acct, url, avatar, avatar_static, avatar_description, locked, bot } = toPlainAccount(
    view,
    facts,
  );
  return { id, acct, url, avatar, avatar_static, avatar_description, locked, bot };
}
