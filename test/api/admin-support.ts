import { expect } from '@jest/globals';
import { knownScopes } from '../../src/policy/scopes.js';
import type { Role } from '../../src/model/account.js';
import { findAuditBreak } from '../../src/domain/audit.js';
import type { Instance, TestUser } from '../support/instance.js';
import { clientOf, refused, type Client } from './support.js';

/** An instance with somebody of each rank, and an ordinary user whose token has every scope all the same. */
export interface StaffedInstance {
  moderator: TestUser;
  admin: TestUser;
  owner: TestUser;
  user: TestUser;
  asModerator: Client;
  asAdmin: Client;
  asOwner: Client;
  asUser: Client;
  asNobody: Client;
}

export async function withStaff(instance: Instance): Promise<StaffedInstance> {
  const scopes = [...knownScopes];
  const create = (role: Role) => instance.createUser(`${role}1`, { scopes, role });
  const [moderator, admin, owner, user] = [
    await create('moderator'),
    await create('admin'),
    await create('owner'),
    await create('user'),
  ];
  return {
    moderator,
    admin,
    owner,
    user,
    asModerator: clientOf(instance, moderator),
    asAdmin: clientOf(instance, admin),
    asOwner: clientOf(instance, owner),
    asUser: clientOf(instance, user),
    asNobody: clientOf(instance),
  };
}

/** The acts on record about something, in order; the chain must hold. */
export async function actsOn(instance: Instance, target: string): Promise<string[]> {
  expect(await findAuditBreak(instance.ctx)).toBeNull();
  const entries = await instance.ctx.db.audit.find({ target }).sort({ sequence: 1 }).toArray();
  return entries.map((e) => `${e.actor} ${e.action}`);
}

/** Nobody but staff, and no token without its scope. */
export async function expectStaffOnly(
  instance: Instance,
  staffed: StaffedInstance,
  call: (client: Client) => ReturnType<Client['get']>,
): Promise<void> {
  await refused(call(staffed.asNobody), 401);
  await refused(call(staffed.asUser), 403, 'This action is not allowed');
  const plain = await instance.createUser(`plain${instance.ctx.ids.next()}`, { role: 'owner' });
  await refused(call(clientOf(instance, plain)), 403, 'outside the authorized scopes');
}
