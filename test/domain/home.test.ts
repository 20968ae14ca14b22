import { expect, test } from '@jest/globals';
import { trimLines } from '../../src/domain/feed.js';
import { requestFollow } from '../../src/domain/follows.js';
import { backfillHome, fanOutHome } from '../../src/domain/home.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { countQueries } from '../support/count-queries.js';
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

test('a feed keeps its newest lines; who wants it trimmed meanwhile does not look for the same lines', async () => {
  const instance = await startInstance({ homeEntries: 100 });
  const { ctx } = instance;
  const [accountId, other] = ['1', '2'];
  const line = (owner: string, n: number) => ({
    _id: ctx.ids.next(),
    accountId: owner,
    statusId: String(1000 + n),
    fromId: '3',
    shownId: null,
  });
  const numbers = Array.from({ length: 130 }, (_, n) => n);
  await ctx.db.homeEntries.insertMany([accountId, other].flatMap((id) => numbers.map((n) => line(id, n))));
  const queries = countQueries(ctx);
  const lines = ctx.db.homeEntries;
  await Promise.all([1, 2, 3].map(() => trimLines(ctx, lines, { accountId })));
  expect(queries.list()).toEqual(['homeEntries.deleteMany', 'homeEntries.find']);
  const kept = await lines.find({ accountId }).sort({ statusId: 1 }).toArray();
  expect(kept.map(({ statusId }) => Number(statusId) - 1000)).toEqual(numbers.slice(30));
  expect(await lines.countDocuments({ accountId: other })).toBe(130);
  // The next time it is looked at again; what is not too many stays.
  await lines.insertOne(line(accountId, 130));
  await trimLines(ctx, lines, { accountId });
  await trimLines(ctx, lines, { accountId });
  expect(await lines.countDocuments({ accountId })).toBe(100);
  await instance.close();
});
