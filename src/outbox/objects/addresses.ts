import { PUBLIC } from '../../../federation/vocabulary/names.js';
import type { Visibility } from '../../model/status.js';

export interface Addresses {
  to: string[];
  cc: string[];
}

/**
 * Visibility as it is written in `to` and `cc` (Mastodon's convention, which everybody reads): public and unlisted
 * differ in where the public collection stands, and people who are named come last.
 * `followers`: the author's collection; `named`: IRIs of mentioned actors.
 */
export function toAddresses(
  visibility: Visibility,
  { followers, named }: { followers: string; named: readonly string[] },
): Addresses {
  const people = [...new Set(named)];
  switch (visibility) {
    case 'public':
      return { to: [PUBLIC], cc: [followers, ...people] };
    case 'unlisted':
      return { to: [followers], cc: [PUBLIC, ...people] };
    case 'private':
      return { to: [followers], cc: people };
    case 'direct':
      return { to: people, cc: [] };
  }
}
