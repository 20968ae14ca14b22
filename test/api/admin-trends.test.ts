import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';
import { actsOn, expectStaffOnly, withStaff, type StaffedInstance } from './admin-support.js';
import { expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused } from './support.js';

/** What staff decides about hashtags and trends; that each verdict works is shown by admin-walk.test.ts. */

let instance: Instance;
let staffed: StaffedInstance;
const path = '/api/v1/admin';

interface Tag {
  id: string;
  name: string;
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance();
  staffed = await withStaff(instance);
  const asOther = clientOf(instance, await instance.createUser('other'));
  for (const client of [staffed.asUser, asOther]) await post(client, '#Regatta #other today');
  await instance.idle();
});
afterAll(() => instance.close());

const tagNamed = async (name: string): Promise<Tag> =>
  ok<Tag>(
    staffed.asModerator.get(`${path}/tags/${(await instance.ctx.db.tags.findOne({ name }))?._id ?? ''}`),
  );

test('hashtags are listed with what was decided about them', async () => {
  const res = await staffed.asModerator.get(`${path}/tags`, { limit: 1 });
  expectEntity((res.body as Tag[])[0], 'Admin::Tag');
  const next = linksOf(res)['next']?.get('max_id');
  const [second] = await ok<Tag[]>(staffed.asModerator.get(`${path}/tags`, { max_id: next }));
  expect(second?.id).not.toBe((res.body as Tag[])[0]?.id);
  expect(await tagNamed('regatta')).toMatchObject({
    trendable: true,
    usable: true,
    listable: true,
    requires_review: true,
  });
});

test('one that is not wanted is not used, found or shown, and all of it comes back', async () => {
  const { id } = await tagNamed('regatta');
  const change = (body: object) => ok<Tag>(staffed.asModerator.put(`${path}/tags/${id}`, body));
  const found = async (): Promise<number> =>
    (
      await ok<{ hashtags: object[] }>(
        staffed.asUser.get('/api/v2/search', { q: 'regatta', type: 'hashtags' }),
      )
    ).hashtags.length;
  expect(await found()).toBe(1);
  expect(await change({ usable: false, listable: false })).toMatchObject({
    usable: false,
    listable: false,
    requires_review: false,
  });
  expect(await found()).toBe(0);
  await refused(
    staffed.asUser.post('/api/v1/statuses', { status: 'My #REGATTA' }),
    422,
    'disallowed hashtag',
  );
  const plain = await post(staffed.asUser, 'No tag');
  await refused(staffed.asUser.put(`/api/v1/statuses/${plain.id}`, { status: 'My #regatta' }), 422);
  await change({ usable: true, listable: true });
  expect(await found()).toBe(1);
  await post(staffed.asUser, 'My #regatta');
  expect(await actsOn(instance, '#regatta')).toEqual(['moderator1 tag.update', 'moderator1 tag.update']);
});

test('a name changes its case only', async () => {
  const { id } = await tagNamed('regatta');
  expect(
    await ok(staffed.asModerator.patch(`${path}/tags/${id}`, { display_name: 'ReGatta' })),
  ).toMatchObject({
    name: 'ReGatta',
  });
  await refused(staffed.asModerator.put(`${path}/tags/${id}`, { display_name: 'Sailing' }), 422);
});

test('verdicts are for staff, and about what is there', async () => {
  const { id } = await tagNamed('regatta');
  await expectStaffOnly(instance, staffed, (c) => c.get(`${path}/tags`));
  await expectStaffOnly(instance, staffed, (c) => c.put(`${path}/tags/${id}`, { usable: false }));
  await refused(staffed.asModerator.get(`${path}/tags/12345`), 404);
  await refused(staffed.asModerator.put(`${path}/tags/12345`, { usable: false }), 404);
  for (const noun of ['tags', 'links', 'statuses', 'links/publishers']) {
    await expectStaffOnly(instance, staffed, (c) => c.get(`${path}/trends/${noun}`));
    for (const verdict of ['approve', 'reject']) {
      const call = `${path}/trends/${noun}/12345/${verdict}`;
      await expectStaffOnly(instance, staffed, (c) => c.post(call));
      await refused(staffed.asModerator.post(call), 404);
    }
  }
});

test('staff does not get to read what is not for everybody by judging it', async () => {
  const secret = await post(staffed.asUser, { status: 'Psst', visibility: 'private' });
  await refused(staffed.asModerator.post(`${path}/trends/statuses/${secret.id}/approve`), 404);
});
