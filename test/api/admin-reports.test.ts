import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { actsOn, expectStaffOnly, withStaff, type StaffedInstance } from './admin-support.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type StatusJson } from './support.js';

let instance: Instance;
let staffed: StaffedInstance;
let target: TestUser;
let status: StatusJson;
const path = '/api/v1/admin/reports';

interface Report {
  id: string;
  statuses: StatusJson[];
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance();
  staffed = await withStaff(instance);
  target = await instance.createUser('target');
  // Reported by somebody who may see it; staff must see it too.
  status = await post(clientOf(instance, target), { status: 'Mean words', visibility: 'private' });
  await ok(staffed.asUser.get('/api/v1/instance'));
  await instance.ctx.db.instance.updateOne(
    { _id: '1' },
    { $set: { rules: [{ id: '1', text: 'Be kind', hint: '' }] } },
  );
});
afterAll(() => instance.close());

const file = (body: object = {}): Promise<Report> =>
  ok(staffed.asUser.post('/api/v1/reports', { account_id: target.account._id, ...body }));
const take = async (id: string, name: string): Promise<Report> => {
  const report = await ok<Report>(staffed.asModerator.post(`${path}/${id}/${name}`));
  expectEntity(report, 'Admin::Report');
  return report;
};

test('reports show their posts, whoever may see those, and the rules they name', async () => {
  const { id } = await file({ status_ids: [status.id], comment: 'Look', rule_ids: ['1'] });
  const report = await ok<Report>(staffed.asModerator.get(`${path}/${id}`));
  expectEntity(report, 'Admin::Report');
  expect(report).toMatchObject({
    comment: 'Look',
    category: 'violation',
    account: { username: 'user1' },
    target_account: { username: 'target' },
    assigned_account: null,
    rules: [{ id: '1' }],
  });
  expect(report.statuses.map((s) => s.id)).toEqual([status.id]);
});

test('they are assigned, settled and taken up again, each on record', async () => {
  const { id } = await file();
  expect(await take(id, 'assign_to_self')).toMatchObject({ assigned_account: { username: 'moderator1' } });
  expect(await take(id, 'unassign')).toMatchObject({ assigned_account: null });
  const settled = await take(id, 'resolve');
  expect(settled).toMatchObject({ action_taken: true, action_taken_by_account: { username: 'moderator1' } });
  expect(await take(id, 'resolve')).toMatchObject({ action_taken_at: settled['action_taken_at'] });
  expect(await take(id, 'reopen')).toMatchObject({ action_taken: false, action_taken_by_account: null });
  expect(await actsOn(instance, id)).toEqual(
    ['assign', 'unassign', 'resolve', 'reopen'].map((name) => `moderator1 report.${name}`),
  );
});

test('they are classified anew; rules count only for violations', async () => {
  const { id } = await file();
  const put = await ok<Report>(
    staffed.asModerator.put(`${path}/${id}`, { category: 'violation', rule_ids: ['1', '99'] }),
  );
  expectEntity(put, 'Admin::Report');
  expect(put).toMatchObject({ category: 'violation', rules: [{ id: '1' }] });
  const patched = await ok<Report>(staffed.asModerator.patch(`${path}/${id}`, { category: 'spam' }));
  expect(patched).toMatchObject({ category: 'spam', rules: [] });
  await refused(staffed.asModerator.put(`${path}/${id}`, { category: 'odd' }), 422);
});

test('the list has what waits, or what is settled, by whom and about whom', async () => {
  const { id } = await file();
  await take(id, 'resolve');
  const list = (query: object) => ok<Report[]>(staffed.asModerator.get(path, query));
  expectEntities(await list({}), 'Admin::Report', 2);
  expect((await list({})).map((r) => r.id)).not.toContain(id);
  expect((await list({ resolved: true })).map((r) => r.id)).toEqual([id]);
  expect((await list({ target_account_id: target.account._id })).length).toBeGreaterThan(1);
  expect(await list({ account_id: target.account._id })).toEqual([]);
  const res = await staffed.asModerator.get(path, { limit: 1, resolved: 'false' });
  const next = linksOf(res)['next'];
  expect(next?.get('resolved')).toBe('false');
  const more = await list({ max_id: next?.get('max_id') });
  expect(more.map((r) => r.id)).not.toContain((res.body as Report[])[0]?.id);
});

test('are for staff, and only those that are there', async () => {
  const { id } = await file();
  await expectStaffOnly(instance, staffed, (c) => c.get(path));
  await expectStaffOnly(instance, staffed, (c) => c.get(`${path}/${id}`));
  await expectStaffOnly(instance, staffed, (c) => c.put(`${path}/${id}`, { category: 'spam' }));
  await refused(staffed.asModerator.get(`${path}/12345`), 404);
  await refused(staffed.asModerator.put(`${path}/12345`, { category: 'spam' }), 404);
  for (const name of ['assign_to_self', 'unassign', 'resolve', 'reopen']) {
    await expectStaffOnly(instance, staffed, (c) => c.post(`${path}/${id}/${name}`));
    await refused(staffed.asModerator.post(`${path}/12345/${name}`), 404);
  }
});
