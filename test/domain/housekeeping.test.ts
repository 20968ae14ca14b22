import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { sweepUploads, sweepUses } from '../../src/domain/housekeeping.js';
import { uploadMedia } from '../../src/domain/uploads.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { clientOf, post } from '../api/support.js';

const clock = createTestClock();
let instance: Instance;
let alice: TestUser;

beforeAll(async () => {
  instance = await startInstance({ clock });
  alice = await instance.createUser('alice');
});
afterAll(() => instance.close());

test('uploads that were never attached go after a day, with their files; others stay', async () => {
  const { ctx } = instance;
  const picture = (background: string): Promise<Buffer> =>
    sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toBuffer();
  const idle = await uploadMedia(ctx, alice.account, { data: await picture('red') });
  const used = await uploadMedia(ctx, alice.account, { data: await picture('blue') });
  await post(clientOf(instance, alice), { media_ids: [used._id] });
  await sweepUploads(ctx);
  expect(await ctx.db.media.countDocuments({})).toBe(2);
  clock.advance({ hours: 25 });
  await sweepUploads(ctx);
  expect(await ctx.db.media.find({}).toArray()).toMatchObject([{ _id: used._id }]);
  expect(await ctx.files.exists(idle.path ?? '')).toBe(false);
  expect(await ctx.files.exists(used.path ?? '')).toBe(true);
});

test('who used a hashtag is forgotten before how often it was used', async () => {
  const { ctx } = instance;
  await post(clientOf(instance, alice), '#Passing');
  await instance.idle();
  clock.advance({ days: 5 });
  await sweepUses(ctx);
  expect(await ctx.db.tagUses.countDocuments({})).toBe(0);
  expect(await ctx.db.tagDays.countDocuments({})).toBe(1);
  clock.advance({ days: 15 });
  await sweepUses(ctx);
  expect(await ctx.db.tagDays.countDocuments({})).toBe(0);
});
