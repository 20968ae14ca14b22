import { backdateScope, impliesScope } from '../policy/scopes.js';

export interface ScopeText {
  scope: string;
  text: string;
  /** Reaches further than people expect of a client. */
  strong: boolean;
}

/** What a scope allows, in words for the person who is asked. */
const texts: Record<string, string> = {
  read: 'See everything in your account, private posts and notifications included',
  write: 'Post, edit and delete, and change your account',
  follow: 'Follow, unfollow, block and mute people',
  push: 'Send notifications to your device',
  profile: 'See your name, picture and profile address',
  [backdateScope]: 'Publish posts with a date in the past',
  'admin:read': 'See everything the staff of this server sees',
  'admin:write': 'Do everything the staff of this server may do',
};
const nouns: Record<string, string> = {
  accounts: 'account and profile information',
  blocks: 'blocks',
  bookmarks: 'bookmarks',
  canonical_email_blocks: 'blocked e-mail addresses',
  collections: 'collections',
  conversations: 'conversations',
  domain_allows: 'allowed servers',
  domain_blocks: 'blocked servers',
  email_domain_blocks: 'blocked e-mail providers',
  favourites: 'favourites',
  filters: 'filters',
  follows: 'follows',
  ip_blocks: 'blocked addresses',
  lists: 'lists',
  media: 'uploads',
  mutes: 'mutes',
  notifications: 'notifications',
  reports: 'reports',
  search: 'search results',
  statuses: 'posts',
};

/** One line per scope; those that another one of them includes are left out. */
export function describeScopes(scopes: readonly string[]): ScopeText[] {
  const widest = scopes.filter(
    (scope) => !scopes.some((other) => other !== scope && impliesScope(other, scope)),
  );
  return widest.map((scope) => ({
    scope,
    text: textOf(scope),
    strong: scope === backdateScope || scope.startsWith('admin:'),
  }));
}

function textOf(scope: string): string {
  const whole = texts[scope];
  if (whole !== undefined) return whole;
  const parts = scope.split(':');
  const noun = nouns[parts.at(-1) ?? ''] ?? scope;
  const verb = parts.includes('write') ? 'Change' : 'See';
  return parts[0] === 'admin' ? `${verb} ${noun}, as staff of this server` : `${verb} your ${noun}`;
}
