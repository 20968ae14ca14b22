import { isPublicAddress } from '../vocabulary/names.js';

export type AddressedVisibility = 'public' | 'unlisted' | 'private' | 'direct';

/**
 * Who may read something, from its addresses, as Mastodon reads them: public in `to` is public, public in `cc` is
 * unlisted, the author's followers anywhere is private, anything else (nobody named too) is direct. Never wider than
 * what was written: an unknown collection counts as a person.
 */
export function visibilityOf(to: readonly string[], cc: readonly string[], followersUri: string | null): AddressedVisibility {
  if (to.some(isPublicAddress)) return 'public';
  if (cc.some(isPublicAddress)) return 'unlisted';
  if (followersUri !== null && (to.includes(followersUri) || cc.includes(followersUri))) return 'private';
  return 'direct';
}
