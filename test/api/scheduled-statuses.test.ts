import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client, type StatusJson } from './support.js';

const clock = createTestClock();
let instance: Instance;
let alice: TestUser;
let asAlice: Client, asBob: Client;

interface ScheduledJson {
  id: string;
  scheduled_at: string;
  media_attachments: { id: string }[];
}

beforeAll(async () => {
  instance = await startInstance({ clock });
  alice = await instance.createUser('alice');
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, await instance.createUser('bob'))];
});
afterAll(() => instance.close());

const inHours = (hours: number): string => new Date(clock.now().getTime() + hours * 3_600_000).toISOString();
const schedule = (body: object): Promise<ScheduledJson> =>
  ok(asAlice.post('/api/v1/statuses', { scheduled_at: inHours(1), ...body }));
const posted = (): Promise<StatusJson[]> => ok(asAlice.get(`/api/v1/accounts/${alice.account._id}/statuses`));

/** Work that became due by the clock is found at the next look. */
async function later(hours: number): Promise<void> {
  clock.advance({ hours });
  instance.ctx.jobs.nudge('jobs');
  await instance.idle();
}

describe('scheduled statuses', () => {
  test('wait for their time, and are posted once with everything in them', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const media = await ok<{ id: string }>(asAlice.post('/api/v2/media').attach('file', png, 'a.png'));
    const scheduled = await schedule({
      status: 'Later',
      spoiler_text: 'cw',
      media_ids: [media.id],
      visibility: 'unlisted',
    });
    expectEntity(scheduled, 'ScheduledStatus');
    expect(scheduled).toMatchObject({
      params: { text: 'Later', spoiler_text: 'cw', visibility: 'unlisted', media_ids: [media.id] },
      media_attachments: [{ id: media.id }],
    });
    await refused(asAlice.post('/api/v1/statuses', { media_ids: [media.id] }), 422, /could not be found/);
    expectEntities(await ok(asAlice.get('/api/v1/scheduled_statuses')), 'ScheduledStatus');
    expect(await ok(asAlice.get(`/api/v1/scheduled_statuses/${scheduled.id}`))).toEqual(scheduled);
    await refused(asBob.get(`/api/v1/scheduled_statuses/${scheduled.id}`), 404);
    expect(await posted()).toEqual([]);
    await later(2);
    expect(await posted()).toMatchObject([
      { spoiler_text: 'cw', visibility: 'unlisted', media_attachments: [{ id: media.id }] },
    ]);
    expect(await ok(asAlice.get('/api/v1/scheduled_statuses'))).toEqual([]);
  });

  test('can be put off', async () => {
    const before = (await posted()).length;
    const scheduled = await schedule({ status: 'Put off' });
    const moved = await ok<ScheduledJson>(
      asAlice.put(`/api/v1/scheduled_statuses/${scheduled.id}`, { scheduled_at: inHours(10) }),
    );
    expectEntity(moved, 'ScheduledStatus');
    await later(2);
    expect(await posted()).toHaveLength(before);
    await later(9);
    expect(await posted()).toHaveLength(before + 1);
  });

  test('can be taken back, and let go of their uploads', async () => {
    const before = (await posted()).length;
    const scheduled = await schedule({ status: 'Never' });
    await refused(asBob.delete(`/api/v1/scheduled_statuses/${scheduled.id}`), 404);
    expect(await ok(asAlice.delete(`/api/v1/scheduled_statuses/${scheduled.id}`))).toEqual({});
    await later(2);
    expect(await posted()).toHaveLength(before);
  });

  test('whose parent is gone are dropped', async () => {
    const before = (await posted()).length;
    const parent = await post(asBob, 'Parent');
    await schedule({ status: 'Reply', in_reply_to_id: parent.id });
    await ok(asBob.delete(`/api/v1/statuses/${parent.id}`));
    await later(2);
    expect(await posted()).toHaveLength(before);
    expect(await ok(asAlice.get('/api/v1/scheduled_statuses'))).toEqual([]);
  });

  test('the same Idempotency-Key schedules one', async () => {
    const body = { status: 'Once', scheduled_at: inHours(1) };
    const send = (): Promise<ScheduledJson> =>
      ok(asAlice.post('/api/v1/statuses', body).set('Idempotency-Key', 'later-1'));
    expect((await send()).id).toBe((await send()).id);
    await later(2);
  });

  test.each([
    [{ scheduled_at: 'soon' }, /not a time/],
    [{ status: '' }, /blank/],
    [{ poll: { options: ['one'], expires_in: 600 } }, /more than one/],
  ])('refuses %j', async (body, text) => {
    await refused(
      asAlice.post('/api/v1/statuses', { status: 'x', scheduled_at: inHours(1), ...body }),
      422,
      text,
    );
  });

  test('a time too near is refused, one that has passed means now', async () => {
    await refused(
      asAlice.post('/api/v1/statuses', { status: 'x', scheduled_at: inHours(0.01) }),
      422,
      /future/,
    );
    expectEntity(await post(asAlice, { status: 'Now', scheduled_at: inHours(-1) }), 'Status');
  });
});
