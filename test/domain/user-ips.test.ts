import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { recordActiveDay } from '../../src/domain/active-days.js';
import { deleteAccount } from '../../src/domain/deletion.js';
import { ipsOfUsers, recordUserIp, sweepUserIps, usersFromNetwork } from '../../src/domain/user-ips.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
const clock = createTestClock(new Date('2025-01-01T00:00:00.000Z'));

beforeAll(async () => {
  instance = await startInstance({ clock });
});
afterAll(() => instance.close());

test('addresses are kept once each, the latest first, and forgotten after a year', async () => {
  const { ctx } = instance;
  const { user } = await instance.createUser('ada');
  await recordUserIp(ctx, user._id, '192.0.2.1');
  await recordActiveDay(ctx, user._id);
  await recordActiveDay(ctx, user._id);
  clock.advance({ days: 200 });
  await recordUserIp(ctx, user._id, '2001:db8::5');
  await recordUserIp(ctx, user._id, '::ffff:192.0.2.9');
  await recordUserIp(ctx, user._id, '2001:DB8::5');
  await recordUserIp(ctx, user._id, 'no address');
  await recordUserIp(ctx, user._id, null);
  const shown = async () => (await ipsOfUsers(ctx, [user._id])).get(user._id)?.map((i) => i.ip) ?? [];
  expect((await shown()).sort()).toEqual(['192.0.2.1', '192.0.2.9', '2001:db8::5']);
  expect(await usersFromNetwork(ctx, '192.0.2.0/24')).toEqual([user._id]);
  expect(await usersFromNetwork(ctx, '2001:db9::/32')).toEqual([]);
  expect(await ctx.db.activeDays.countDocuments({ userId: user._id })).toBe(1);
  clock.advance({ days: 200 });
  await sweepUserIps(ctx);
  expect((await shown()).sort()).toEqual(['192.0.2.9', '2001:db8::5']);
  expect(await ctx.db.activeDays.countDocuments({ userId: user._id })).toBe(0);
});

test('nothing of it outlives the account', async () => {
  const { ctx } = instance;
  const { account, user } = await instance.createUser('bea');
  await recordUserIp(ctx, user._id, '192.0.2.1');
  await recordActiveDay(ctx, user._id);
  await deleteAccount(ctx, account);
  expect(await ctx.db.userIps.countDocuments({ userId: user._id })).toBe(0);
  expect(await ctx.db.activeDays.countDocuments({ userId: user._id })).toBe(0);
});
