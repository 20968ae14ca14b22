import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withEvent } from '../../src/domain/events.js';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance();
});
afterAll(() => instance.close());

test('who is deleted by a process that dies on the way is gone as a user, too', async () => {
  const { ctx } = instance;
  const { account, user, token } = await instance.createUser('half');
  // As far as it came: the account is marked, its user is there.
  const event = { type: 'account.deleted', accountId: account._id } as const;
  await withEvent(ctx, event, () =>
    ctx.db.accounts.updateOne({ _id: account._id }, { $set: { deletedAt: ctx.clock.now().toISOString() } }),
  );
  await instance.idle();
  expect(await ctx.db.users.countDocuments({ _id: user._id })).toBe(0);
  expect(await ctx.db.accessTokens.countDocuments({ userId: user._id, revokedAt: null })).toBe(0);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${instance.url}/api/v1/accounts/verify_credentials`, { headers })).status).toBe(401);
});
