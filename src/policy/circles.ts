import type { Role } from '../model/account.js';

/** To whom of an instance something is open. */
export type Circle = 'everyone' | 'staff' | 'nobody';

export function isWithin(role: Role, circle: Circle): boolean {
  return circle === 'everyone' || (circle === 'staff' && role !== 'user');
}
