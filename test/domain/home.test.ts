import { expect, test } from '@jest/globals';
import { requestFollow } from '../../src/domain/follows.js';
import { backfillHome, fanOutHome } from '../../src/domain/home.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { startInstance } from '../support/instance.js';

test('a post that several jobs bring home at once is there once, and none of them fails', async () => {
  const instance = await startInstance();
  const { ctx } = instance;
  const author = (await instance.createUser('author')).account;
  const reader = (await instance.createUser('reader')).account;
  await requestFollow(ctx, reader, author);
  const status = await publishStatus(ctx, author, { text: 'Once' });
  await instance.idle();
  await ctx.db.homeEntries.deleteMany({ statusId: status._id });
  const jobs = [1, 2, 3].flatMap(() => [fanOutHome(ctx, status), backfillHome(ctx, reader._id, author._id)]);
  await Promise.all<unknown>(jobs);
  expect(await ctx.db.homeEntries.countDocuments({ accountId: reader._id, statusId: status._id })).toBe(1);
  await instance.close();
});
