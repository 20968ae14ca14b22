import type { Role } from '../model/account.js';
import { isWithin, type Circle } from './circles.js';

/** Mastodon's permission bits (UserRole::FLAGS), those that mean something here. */
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
  inviteUsers: 16,
  deleteUserData: 19,
  manageEmailSubscriptions: 22,
} as const;
export type Permission = keyof typeof permission;

const moderator: Permission[] = ['viewDashboard', 'manageReports', 'manageUsers', 'manageTaxonomies'];
const admin: Permission[] = [
  ...moderator,
  'manageFederation',
  'manageSettings',
  'manageBlocks',
  'manageRules',
  'manageAnnouncements',
  'manageCustomEmojis',
  'deleteUserData',
];
const owner: Permission[] = [...admin, 'administrator', 'manageRoles'];

const held: Record<Role, readonly Permission[]> = { user: [], moderator, admin, owner };
const rank: Record<Role, number> = { user: 0, moderator: 1, admin: 2, owner: 3 };

export function hasPermission(role: Role, wanted: Permission): boolean {
  return held[role].includes(wanted);
}

/** What the settings open to some. */
export interface OpenTo {
  /** Inviting others. */
  invites: Circle;
  /** Having one's posts sent to subscribers by mail. */
  emailSubscriptions: Circle;
}

/** The bits of all permissions of a role, as the client API shows them. */
export function permissionBits(role: Role, { invites, emailSubscriptions }: OpenTo): string {
  const all: Permission[] = [...held[role]];
  if (isWithin(role, invites)) all.push('inviteUsers');
  if (isWithin(role, emailSubscriptions)) all.push('manageEmailSubscriptions');
  return String(all.reduce((sum, name) => sum + 2 ** permission[name], 0));
}

/** Whether somebody of this role may act against somebody of the other: nobody does against equals or betters. */
export function outranks(role: Role, other: Role): boolean {
  return rank[role] > rank[other];
}
