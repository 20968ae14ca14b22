import type { Role } from '../../model/account.js';

/** Mastodon's permission bits (UserRole::FLAGS). */
const permission = {
  administrator: 0,
  viewDashboard: 3,
  manageReports: 4,
  manageFederation: 5,
  manageSettings: 6,
  manageBlocks: 7,
  manageTaxonomies: 8,
  manageUsers: 10,
  manageRules: 12,
  manageAnnouncements: 13,
  manageCustomEmojis: 14,
  manageRoles: 17,
} as const;
type Permission = keyof typeof permission;

const moderator: Permission[] = ['viewDashboard', 'manageReports', 'manageUsers', 'manageTaxonomies'];
const admin: Permission[] = [
  ...moderator,
  'manageFederation',
  'manageSettings',
  'manageBlocks',
  'manageRules',
  'manageAnnouncements',
  'manageCustomEmojis',
];
const owner: Permission[] = [...admin, 'administrator', 'manageRoles'];

/** Ids as Mastodon numbers its first roles; -99 is everybody. */
const table: Record<Role, { id: string; name: string; permissions: Permission[] }> = {
  user: { id: '-99', name: '', permissions: [] },
  moderator: { id: '1', name: 'Moderator', permissions: moderator },
  admin: { id: '2', name: 'Admin', permissions: admin },
  owner: { id: '3', name: 'Owner', permissions: owner },
};

const bits = (list: Permission[]): string => String(list.reduce((sum, p) => sum + 2 ** permission[p], 0));

/** The role of the signed-in person. */
export function toRole(role: Role) {
  const { id, name, permissions } = table[role];
  return { id, name, color: '', permissions: bits(permissions), highlighted: role !== 'user' };
}

/** Roles that a profile shows: those of staff. */
export function toHighlightedRoles(role: Role) {
  const { id, name } = table[role];
  return role === 'user' ? [] : [{ id, name, color: '' }];
}
