import type { Role } from '../../model/account.js';
import { permissionBits, type OpenTo } from '../../policy/permissions.js';

/** Ids as Mastodon numbers its first roles; -99 is everybody. */
const table: Record<Role, { id: string; name: string }> = {
  user: { id: '-99', name: '' },
  moderator: { id: '1', name: 'Moderator' },
  admin: { id: '2', name: 'Admin' },
  owner: { id: '3', name: 'Owner' },
};

/** The roles with these ids. */
export function rolesOfIds(ids: readonly string[]): Role[] {
  return (['user', 'moderator', 'admin', 'owner'] as const).filter((role) => ids.includes(table[role].id));
}

/** The role of the signed-in person. */
export function toRole(role: Role, openTo: OpenTo) {
  const { id, name } = table[role];
  return { id, name, color: '', permissions: permissionBits(role, openTo), highlighted: role !== 'user' };
}

/** Roles that a profile shows: those of staff. */
export function toHighlightedRoles(role: Role) {
  const { id, name } = table[role];
  return role === 'user' ? [] : [{ id, name, color: '' }];
}
