import type { Invite } from '../model/access.js';
import type { Role } from '../model/account.js';
import { isWithin, type Circle } from './circles.js';

/** Who may invite others. */
export type InvitePolicy = Circle;

export function mayInvite(role: Role, policy: InvitePolicy): boolean {
  return isWithin(role, policy);
}

/** Whether somebody may come with it at `at` (ISO 8601), whoever made it. */
export function isOpenInvite(invite: Pick<Invite, 'maxUses' | 'uses' | 'expiresAt'>, at: string): boolean {
  if (invite.expiresAt !== null && invite.expiresAt <= at) return false;
  return invite.maxUses === null || invite.uses < invite.maxUses;
}
