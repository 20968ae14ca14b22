import { isPublicAddress, PUBLIC } from '../vocabulary/names.js';

/** Who an object is for, in the words of the client API. */
export type Visibility = 'public' | 'unlisted' | 'private' | 'direct';

/**
 * Reads the visibility out of an object's audience, as Mastodon does: the public collection in `to` is public, in `cc`
 * unlisted; the author's followers alone are private; all else is direct. `followersUri` is the author's collection
 * (null when it is unknown: then nothing can be private).
 */
export function visibilityOf(
  to: readonly string[],
  cc: readonly string[],
  followersUri: string | null,
): Visibility {
  if (to.some(isPublicAddress)) return 'public';
  if (cc.some(isPublicAddress)) return 'unlisted';
  const isFollowers = (id: string): boolean => id === followersUri;
  return to.some(isFollowers) || cc.some(isFollowers) ? 'private' : 'direct';
}

export interface Audience {
  to: string[];
  cc: string[];
}

/**
 * The audience of an object of ours: the inverse of `visibilityOf`. `mentions` are actor ids; `followersUri` is the
 * author's followers collection.
 */
export function audienceOf(
  visibility: Visibility,
  followersUri: string,
  mentions: readonly string[],
): Audience {
  const others = [...new Set(mentions)];
  switch (visibility) {
    case 'public':
      return { to: [PUBLIC], cc: [followersUri, ...others] };
    case 'unlisted':
      return { to: [followersUri], cc: [PUBLIC, ...others] };
    case 'private':
      return { to: [followersUri], cc: others };
    case 'direct':
      return { to: others, cc: [] };
  }
}
