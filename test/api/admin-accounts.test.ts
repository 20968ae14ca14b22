import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { actsOn, expectStaffOnly, withStaff, type StaffedInstance } from './admin-support.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type StatusJson } from './support.js';

let instance: Instance;
let staffed: StaffedInstance;
const path = '/api/v1/admin/accounts';

interface AdminAccount {
  id: string;
  username: string;
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance();
  staffed = await withStaff(instance);
});
afterAll(() => instance.close());

const act = (who: TestUser, body: object) =>
  staffed.asModerator.post(`${path}/${who.account._id}/action`, body);
const show = (who: TestUser) => ok<AdminAccount>(staffed.asModerator.get(`${path}/${who.account._id}`));
const take = (who: TestUser, name: string) =>
  ok<AdminAccount>(staffed.asModerator.post(`${path}/${who.account._id}/${name}`));
const names = (list: AdminAccount[]): string[] => list.map((a) => a.username).sort();

describe('the list of accounts', () => {
  let remoteId: string;
  beforeAll(async () => {
    const { db, ids } = instance.ctx;
    remoteId = ids.next();
    await db.accounts.insertOne({
      ...staffed.user.account,
      _id: remoteId,
      username: 'far',
      acctKey: 'far@far.example',
      domain: 'far.example',
      uri: 'https://far.example/users/far',
      url: 'https://far.example/@far',
      displayName: 'Far Away',
      nameWords: ['far', 'away'],
    });
    const waiting = await instance.createUser('waiting', { approved: false });
    await db.users.updateOne({ _id: waiting.user._id }, { $set: { signUpReason: 'Please' } });
    await instance
      .createUser('idle')
      .then(({ user }) =>
        db.users.updateOne({ _id: user._id }, { $set: { disabledAt: '2025-01-01T00:00:00.000Z' } }),
      );
    const quiet = await instance.createUser('quiet');
    await db.accounts.updateOne(
      { _id: quiet.account._id },
      { $set: { silencedAt: '2025-01-01T00:00:00.000Z', sensitizedAt: '2025-01-01T00:00:00.000Z' } },
    );
    const gone = await instance.createUser('banned');
    await db.accounts.updateOne(
      { _id: gone.account._id },
      { $set: { suspendedAt: '2025-01-01T00:00:00.000Z' } },
    );
    await db.userIps.insertOne({
      _id: ids.next(),
      userId: gone.user._id,
      ip: '203.0.113.9',
      key: '00000000000000000000ffffcb007109',
      usedAt: '2025-01-01T00:00:00.000Z',
    });
  });

  test('is the contract, in both versions, with pages', async () => {
    const res = await staffed.asModerator.get(path, { limit: 2 });
    expectEntities(res.body, 'Admin::Account', 2);
    const next = linksOf(res)['next']?.get('max_id');
    const more = await ok<AdminAccount[]>(staffed.asModerator.get(path, { limit: 2, max_id: next }));
    expect(more.map((a) => a.id)).not.toContain((res.body as AdminAccount[])[0]?.id);
    expect(more[0]?.id).not.toBe(next);
    expectEntities(await ok(staffed.asModerator.get('/api/v2/admin/accounts')), 'Admin::Account', 8);
  });

  test.each([
    [{ remote: true }, ['far']],
    [{ pending: true }, ['waiting']],
    [{ disabled: true }, ['idle']],
    [{ silenced: true }, ['quiet']],
    [{ sensitized: true }, ['quiet']],
    [{ suspended: true }, ['banned']],
    [{ staff: true }, ['admin1', 'moderator1', 'owner1']],
    [{ username: 'WAI' }, ['waiting']],
    [{ display_name: 'far a' }, ['far']],
    [{ by_domain: 'far.example' }, ['far']],
    [{ email: 'quiet@' }, ['quiet']],
    [{ ip: '203.0.113.9' }, ['banned']],
    [{ ip: '203.0.113.0/24' }, ['banned']],
    [{ ip: '203.0.114.0/24' }, []],
    [{ ip: 'nonsense' }, []],
    [{ local: true, pending: true, username: 'idle' }, []],
  ])('v1 filters by %j', async (query, expected) => {
    expect(names(await ok<AdminAccount[]>(staffed.asModerator.get(path, query)))).toEqual(expected);
  });

  test.each([
    [{ origin: 'remote' }, ['far']],
    [{ status: 'pending' }, ['waiting']],
    [{ status: 'suspended', origin: 'local' }, ['banned']],
    [{ permissions: 'staff' }, ['admin1', 'moderator1', 'owner1']],
    [{ role_ids: ['2', '3'] }, ['admin1', 'owner1']],
    [{ invited_by: '1' }, []],
  ])('v2 filters by %j', async (query, expected) => {
    const found = await ok<AdminAccount[]>(staffed.asModerator.get('/api/v2/admin/accounts', query));
    expect(names(found)).toEqual(expected);
  });

  test('active leaves suspended accounts out', async () => {
    const found = await ok<AdminAccount[]>(staffed.asModerator.get(path, { active: true }));
    expect(names(found)).toContain('quiet');
    expect(names(found)).not.toContain('banned');
  });

  test('shows accounts of other servers, and where local ones were seen', async () => {
    const far = await ok<AdminAccount>(staffed.asModerator.get(`${path}/${remoteId}`));
    expectEntity(far, 'Admin::Account');
    expect(far).toMatchObject({ domain: 'far.example', role: null, email: '', ips: [] });
    const [banned] = await ok<AdminAccount[]>(staffed.asModerator.get(path, { username: 'banned' }));
    expect(banned).toMatchObject({ ip: '203.0.113.9', suspended: true, email: 'banned@mail.example' });
  });

  test('is for staff, and knows no account that is not there', async () => {
    await expectStaffOnly(instance, staffed, (c) => c.get(path));
    await expectStaffOnly(instance, staffed, (c) => c.get(`${path}/${staffed.user.account._id}`));
    await refused(staffed.asModerator.get(`${path}/12345`), 404);
    await refused(staffed.asModerator.get('/api/v2/admin/accounts', { status: 'odd' }), 422);
  });
});

describe('acting on an account', () => {
  test('suspension ends access and hides the account until it is lifted', async () => {
    const eve = await instance.createUser('eve');
    const asEve = clientOf(instance, eve);
    const status = await post(asEve, 'Seen by all');
    expect(await ok(act(eve, { type: 'suspend', text: 'Spam' }))).toEqual({});
    await refused(asEve.get('/api/v1/accounts/verify_credentials'), 401);
    await refused(staffed.asNobody.get(`/api/v1/statuses/${status.id}`), 404);
    expect(await show(eve)).toMatchObject({ suspended: true });

    expectEntity(await take(eve, 'unsuspend'), 'Admin::Account');
    await ok(staffed.asNobody.get(`/api/v1/statuses/${status.id}`));
    expect(await show(eve)).toMatchObject({ suspended: false });
    expect(await actsOn(instance, 'eve')).toEqual([
      'moderator1 account.suspend',
      'moderator1 account.warn',
      'moderator1 account.unsuspend',
    ]);
  });

  test('silencing takes posts out of public timelines, not away from those who ask for them', async () => {
    const loud = await instance.createUser('loud');
    const status = await post(clientOf(instance, loud), 'Very #loud');
    const listed = async (): Promise<boolean> =>
      (await ok<StatusJson[]>(staffed.asUser.get('/api/v1/timelines/public'))).some(
        (s) => s.id === status.id,
      );
    expect(await listed()).toBe(true);
    await ok(act(loud, { type: 'silence' }));
    expect(await listed()).toBe(false);
    const seen = await ok<StatusJson>(staffed.asUser.get(`/api/v1/statuses/${status.id}`));
    expect(seen.account).toMatchObject({ limited: true });
    expect(await take(loud, 'unsilence')).toMatchObject({ silenced: false });
    expect(await listed()).toBe(true);
    expect(await actsOn(instance, 'loud')).toContain('moderator1 account.unsilence');
  });

  test('sensitive puts a warning before what others see', async () => {
    const bold = await instance.createUser('bold');
    const status = await post(clientOf(instance, bold), 'Bare');
    await ok(act(bold, { type: 'sensitive' }));
    const read = (client = staffed.asUser) => ok<StatusJson>(client.get(`/api/v1/statuses/${status.id}`));
    expect((await read())['sensitive']).toBe(true);
    expect((await read(clientOf(instance, bold)))['sensitive']).toBe(false);
    expect(await take(bold, 'unsensitive')).toMatchObject({ sensitized: false });
    expect((await read())['sensitive']).toBe(false);
  });

  test('disabling keeps somebody out until they are enabled', async () => {
    const dave = await instance.createUser('dave', { password: 'correct horse' });
    const signIn = async () => {
      const app = await ok<{ client_id: string; client_secret: string }>(
        staffed.asNobody.post('/api/v1/apps', {
          client_name: 'x',
          redirect_uris: 'urn:ietf:wg:oauth:2.0:oob',
        }),
      );
      return staffed.asNobody.post('/oauth/token', {
        grant_type: 'password',
        username: 'dave@mail.example',
        password: 'correct horse',
        client_id: app.client_id,
        client_secret: app.client_secret,
      });
    };
    expect((await signIn()).status).toBe(200);
    await ok(act(dave, { type: 'disable' }));
    await refused(clientOf(instance, dave).get('/api/v1/accounts/verify_credentials'), 401);
    expect((await signIn()).status).toBe(400);
    expect(await take(dave, 'enable')).toMatchObject({ disabled: false });
    expect((await signIn()).status).toBe(200);
  });

  test('none tells the owner only, by a notification', async () => {
    const rude = await instance.createUser('rude');
    await ok(act(rude, { type: 'none', text: 'Be kind' }));
    const list = await ok<{ type: string; moderation_warning: object }[]>(
      clientOf(instance, rude).get('/api/v1/notifications'),
    );
    expectEntities(list, 'Notification');
    expect(list[0]?.type).toBe('moderation_warning');
    expectEntity(list[0]?.moderation_warning, 'AccountWarning');
    expect(list[0]?.moderation_warning).toMatchObject({ action: 'none', text: 'Be kind' });
  });

  test('settles the report it answers, and no other', async () => {
    const target = await instance.createUser('target');
    const report = await ok<{ id: string }>(
      staffed.asUser.post('/api/v1/reports', { account_id: target.account._id }),
    );
    const other = await instance.createUser('bystander');
    await refused(act(other, { type: 'none', report_id: report.id }), 422);
    await refused(act(target, { type: 'none', report_id: '999' }), 404);
    await ok(act(target, { type: 'silence', report_id: report.id }));
    expect(await ok(staffed.asModerator.get(`/api/v1/admin/reports/${report.id}`))).toMatchObject({
      action_taken: true,
      action_taken_by_account: { username: 'moderator1' },
      target_account: { silenced: true },
    });
  });

  test('nobody acts against equals or betters, nor with an unknown measure', async () => {
    await refused(act(staffed.moderator, { type: 'suspend' }), 403);
    await refused(act(staffed.admin, { type: 'silence' }), 403);
    await refused(act(staffed.user, { type: 'vanish' }), 422);
    await refused(act(staffed.user, {}), 422);
    await ok(staffed.asOwner.post(`${path}/${staffed.admin.account._id}/action`, { type: 'none' }));
    await expectStaffOnly(instance, staffed, (c) =>
      c.post(`${path}/${staffed.user.account._id}/action`, { type: 'silence' }),
    );
    await refused(staffed.asModerator.post(`${path}/12345/action`, { type: 'silence' }), 404);
  });
});

describe('people who ask to join', () => {
  test('are let in', async () => {
    const new1 = await instance.createUser('new1', { approved: false });
    await refused(clientOf(instance, new1).get('/api/v1/timelines/home'), 403);
    const approved = await take(new1, 'approve');
    expectEntity(approved, 'Admin::Account');
    expect(approved).toMatchObject({ approved: true });
    await ok(clientOf(instance, new1).get('/api/v1/timelines/home'));
    await refused(staffed.asModerator.post(`${path}/${new1.account._id}/approve`), 403);
    await refused(staffed.asModerator.post(`${path}/${new1.account._id}/reject`), 403);
    expect(await actsOn(instance, 'new1')).toEqual(['moderator1 account.approve']);
  });

  test('are turned away', async () => {
    const new2 = await instance.createUser('new2', { approved: false });
    expectEntity(await take(new2, 'reject'), 'Admin::Account');
    await refused(clientOf(instance, new2).get('/api/v1/timelines/home'), 401);
    await refused(staffed.asModerator.get(`${path}/${new2.account._id}`), 404);
  });

  test.each(['approve', 'reject', 'enable', 'unsilence', 'unsuspend', 'unsensitive'])(
    '%s is for staff and for accounts that are there',
    async (name) => {
      await expectStaffOnly(instance, staffed, (c) => c.post(`${path}/${staffed.user.account._id}/${name}`));
      await refused(staffed.asModerator.post(`${path}/12345/${name}`), 404);
    },
  );
});

test('admins delete for good, only what was suspended', async () => {
  const doomed = await instance.createUser('doomed');
  const remove = (client = staffed.asAdmin) => client.delete(`${path}/${doomed.account._id}`);
  await refused(remove(), 403);
  await ok(act(doomed, { type: 'suspend' }));
  await refused(remove(staffed.asModerator), 403);
  expectEntity(await ok(remove()), 'Admin::Account');
  await refused(remove(), 404);
  await refused(staffed.asAdmin.delete(`${path}/12345`), 404);
  expect(await actsOn(instance, 'doomed')).toContain('admin1 account.delete');
});

test('whoever is no longer staff has a token that opens nothing', async () => {
  const scopes = ['admin:read'];
  const former = await instance.createUser('former', { scopes, role: 'admin' });
  await ok(clientOf(instance, former).get(path));
  await instance.ctx.db.users.updateOne({ _id: former.user._id }, { $set: { role: 'user' } });
  await refused(clientOf(instance, former).get(path), 403);
});
