import type { RemoteEmoji } from '../../../federation/vocabulary/tags.js';
import type { RemoteActor } from '../../../federation/vocabulary/actor.js';
import type { RemoteImage } from '../../../federation/vocabulary/links.js';
import type { Account, CustomEmojiRef, ProfileImage } from '../../model/account.js';
import { sanitiseRemoteHtml } from '../../text/sanitise.js';
import { now, type Ctx } from '../ctx.js';
import type { RemoteHandle } from './handle.js';
import { nameWordsOf } from '../name-words.js';

/** What an actor's own document says of it; the rest of an account is what we know ourselves. */
export type ToldAccount = Omit<
  Account,
  | '_id'
  | 'lastStatusAt'
  | 'statusesCount'
  | 'followersCount'
  | 'followingCount'
  | 'movedToId'
  | 'suspendedAt'
  | 'silencedAt'
  | 'deletedAt'
>;

const freshMs = 86_400_000;

/** Is it time to look at the actor's own document again? */
export function isStale(ctx: Ctx, account: Account): boolean {
  const fetchedAt = account.remote ? Date.parse(account.remote.fetchedAt) : 0;
  return ctx.clock.now().getTime() - fetchedAt > freshMs;
}

/** An actor document as a remote account. The handle is what WebFinger confirmed. */
export function toRemoteAccount(
  ctx: Ctx,
  actor: RemoteActor,
  { username, domain }: RemoteHandle,
): ToldAccount {
  return {
    username,
    acctKey: `${username}@${domain}`.toLowerCase(),
    domain,
    actorType: actor.type,
    uri: actor.id,
    url: actor.url ?? actor.id,
    displayName: actor.name,
    nameWords: nameWordsOf(actor.name),
    note: sanitiseRemoteHtml(actor.summary),
    fields: actor.fields.map((f) => ({ name: f.name, value: sanitiseRemoteHtml(f.value), verifiedAt: null })),
    avatar: toProfileImage(actor.icon),
    header: toProfileImage(actor.image),
    emojis: toEmojiRefs(actor.emojis),
    locked: actor.manuallyApprovesFollowers,
    bot: actor.type === 'Service' || actor.type === 'Application',
    discoverable: actor.discoverable,
    indexable: actor.indexable ?? false,
    hideCollections: false,
    createdAt: notLater(ctx, actor.published),
    alsoKnownAs: actor.alsoKnownAs,
    remote: {
      inbox: actor.inbox,
      sharedInbox: actor.sharedInbox,
      outbox: actor.outbox,
      followersUri: actor.followers,
      followingUri: actor.following,
      featuredUri: actor.featured,
      featuredTagsUri: actor.featuredTags,
      fetchedAt: now(ctx),
      remoteFollowers: null,
      remoteFollowing: null,
      remoteStatuses: null,
    },
  };
}

export function toEmojiRefs(emojis: readonly RemoteEmoji[]): CustomEmojiRef[] {
  return emojis.map(({ shortcode, url }) => ({ shortcode, url, staticUrl: url }));
}

/** A time that another server told; what it does not tell, or what lies ahead, is now. */
export function notLater(ctx: Ctx, told: string | null): string {
  const at = now(ctx);
  return told !== null && told < at ? told : at;
}

function toProfileImage(image: RemoteImage | null): ProfileImage | null {
  return (
    image && { path: null, staticPath: null, remoteUrl: image.url, description: image.description ?? '' }
  );
}
