import type { JsonObject } from '../../../federation/ports.js';
import type { OwnNames } from '../../domain/ctx.js';
import type { Account, CustomEmojiRef } from '../../model/account.js';

/** ISO-8601 to the second, as Mastodon writes it: strict readers refuse fractions. */
export function toWireTime(at: string): string {
  return at.replace(/\.\d+(?=Z$)/, '');
}

/** Where the collections of a local actor are. They live under the actor's own IRI, whatever host it was born on. */
export function actorEndpoints(uri: string) {
  return {
    inbox: `${uri}/inbox`,
    outbox: `${uri}/outbox`,
    followers: `${uri}/followers`,
    /** The part of them that lives on the server that asks (FEP-8fcf). */
    followersSynchronization: `${uri}/followers_synchronization`,
    following: `${uri}/following`,
    featured: `${uri}/collections/featured`,
    featuredTags: `${uri}/collections/tags`,
    /** Same host as the actor: servers refuse a shared inbox elsewhere. */
    sharedInbox: `${new URL(uri).origin}/inbox`,
  };
}

/** The followers collection of any account; null where a remote one did not tell. */
export function followersUriOf(account: Account): string | null {
  return account.domain === null
    ? actorEndpoints(account.uri).followers
    : (account.remote?.followersUri ?? null);
}

/** `user@domain` with the domain that handles of this server carry. */
export function fullHandle(names: OwnNames, account: Pick<Account, 'username' | 'domain'>): string {
  return `${account.username}@${account.domain ?? names.handleDomain}`;
}

const pictureTypes: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
};

/** The media type that a picture's file name tells; null for an unknown ending. */
export function pictureType(path: string): string | null {
  const ending = /\.([a-z0-9]+)$/i.exec(path.split(/[?#]/, 1)[0] ?? '')?.[1]?.toLowerCase() ?? '';
  return pictureTypes[ending] ?? null;
}

/** A custom emoji of ours as a tag (Mastodon's `toot:Emoji`). */
export function toEmojiTag(names: OwnNames, emoji: CustomEmojiRef): JsonObject {
  const mediaType = pictureType(emoji.url);
  return {
    id: `${names.origin}/emojis/${emoji.shortcode}`,
    type: 'Emoji',
    name: `:${emoji.shortcode}:`,
    icon: { type: 'Image', ...(mediaType && { mediaType }), url: emoji.url },
  };
}
