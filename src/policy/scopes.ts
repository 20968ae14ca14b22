/** OAuth scopes as Mastodon names them: `read`, `read:statuses`, `admin:write:reports`, … Pure. */

const read = [
  'accounts',
  'blocks',
  'bookmarks',
  'collections',
  'favourites',
  'filters',
  'follows',
  'lists',
  'mutes',
  'notifications',
  'search',
  'statuses',
];
const write = [
  'accounts',
  'blocks',
  'bookmarks',
  'collections',
  'conversations',
  'favourites',
  'filters',
  'follows',
  'lists',
  'media',
  'mutes',
  'notifications',
  'reports',
  'statuses',
];
const admin = [
  'accounts',
  'canonical_email_blocks',
  'domain_allows',
  'domain_blocks',
  'email_domain_blocks',
  'ip_blocks',
  'reports',
];
const family = (parent: string, children: readonly string[]): string[] => [
  parent,
  ...children.map((child) => `${parent}:${child}`),
];

/**
 * To post with a date in the past. Ours, not Mastodon's: the owner of the instance decides who may grant it, and no other
 * scope includes it.
 */
export const backdateScope = 'write:statuses:backdate';

/** Every scope a client may ask for. */
export const knownScopes: readonly string[] = [
  ...family('read', read),
  ...family('write', write),
  backdateScope,
  'follow',
  'push',
  'profile',
  ...family('admin:read', admin),
  ...family('admin:write', admin),
];
const known = new Set(knownScopes);

export const defaultScope = 'read';

/** What the deprecated `follow` stands for. */
const legacyFollow = ['blocks', 'follows', 'mutes'].flatMap((noun) => [`read:${noun}`, `write:${noun}`]);

export function isKnownScope(scope: string): boolean {
  return known.has(scope);
}

/** True when holding `granted` includes `wanted`: the same, or one of its parents (`read` ⊃ `read:statuses`). */
export function impliesScope(granted: string, wanted: string): boolean {
  if (wanted === backdateScope) return granted === wanted;
  return (
    granted === wanted ||
    wanted.startsWith(`${granted}:`) ||
    (granted === 'follow' && legacyFollow.includes(wanted))
  );
}

/** True when `granted` includes at least one of `anyOf`; with nothing to choose from, always. */
export function hasAnyScope(granted: readonly string[], anyOf: readonly string[]): boolean {
  return anyOf.length === 0 || anyOf.some((wanted) => granted.some((g) => impliesScope(g, wanted)));
}

/** True when each of `wanted` is included in `granted`. */
export function hasAllScopes(granted: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((scope) => granted.some((g) => impliesScope(g, scope)));
}

/**
 * The scopes in a text separated by blanks (RFC 6749 section 3.3), or in a list of such texts, in order, once each.
 * `+` is taken as a blank too: some clients encode the list twice. Unknown names are kept; see `isKnownScope`.
 */
export function parseScopes(value: unknown): string[] {
  const texts = Array.isArray(value) ? value : [value];
  const names = texts.flatMap((text) => (typeof text === 'string' ? text.split(/[\s+]+/) : []));
  return [...new Set(names.filter(Boolean))];
}

/** What bears on what somebody may grant to an app. */
export interface Grantor {
  isStaff: boolean;
  mayBackdate: boolean;
}

/** What somebody may grant: `admin:*` and `write:statuses:backdate` are accepted from all, and dropped where they may not. */
export function grantableScopes(wanted: readonly string[], by: Grantor): string[] {
  return wanted.filter((scope) => {
    if (scope === backdateScope) return by.mayBackdate;
    return by.isStaff || !scope.startsWith('admin:');
  });
}
