import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publishAnnouncement } from '../../src/domain/announcements.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser, carol: TestUser;
let asAlice: Client, asBob: Client, asCarol: Client, asNobody: Client;

interface AccountJson {
  id: string;
  acct: string;
}

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice', { role: 'owner' });
  bob = await instance.createUser('bob');
  carol = await instance.createUser('carol');
  asAlice = clientOf(instance, alice);
  asBob = clientOf(instance, bob);
  asCarol = clientOf(instance, carol);
  asNobody = clientOf(instance);
});
afterAll(() => instance.close());

const path = (user: TestUser, rest: string): string => `/api/v1/accounts/${user.account._id}${rest}`;

describe('endorsements', () => {
  test.each([
    ['endorse', 'unendorse'],
    ['pin', 'unpin'],
  ])('%s and %s', async (doing, undoing) => {
    await refused(asAlice.post(path(carol, `/${doing}`)), 422, /following/);
    await ok(asAlice.post(path(bob, '/follow')));
    const relation = await ok(asAlice.post(path(bob, `/${doing}`)));
    expectEntity(relation, 'Relationship');
    expect(relation).toMatchObject({ endorsed: true });
    expectEntities(await ok(asAlice.get('/api/v1/endorsements')), 'Account');
    expectEntities(await ok(asNobody.get(path(alice, '/endorsements'))), 'Account');
    expect(await ok(asAlice.post(path(bob, `/${undoing}`)))).toMatchObject({ endorsed: false });
    expect(await ok(asNobody.get(path(alice, '/endorsements')))).toEqual([]);
  });
});

describe('suggestions and directory', () => {
  test('friends of friends come first, and dismissed ones not at all', async () => {
    const [dave, erin] = [await instance.createUser('dave'), await instance.createUser('erin')];
    await ok(asAlice.post(path(bob, '/follow')));
    await ok(asBob.post(path(erin, '/follow')));
    await ok(asCarol.post(path(dave, '/follow')));
    const suggested = await ok<{ account: AccountJson; sources: string[] }[]>(
      asAlice.get('/api/v2/suggestions'),
    );
    expectEntities(suggested, 'Suggestion', 2);
    expect(suggested[0]).toMatchObject({ account: { acct: 'erin' }, sources: ['friends_of_friends'] });
    expect(suggested.map((s) => s.account.acct)).not.toContain('bob');
    expectEntities(await ok(asAlice.get('/api/v1/suggestions', { limit: 1 })), 'Account');
    expect(await ok(asAlice.delete(`/api/v1/suggestions/${erin.account._id}`))).toEqual({});
    const after = await ok<AccountJson[]>(asAlice.get('/api/v1/suggestions'));
    expect(after.map((a) => a.acct)).not.toContain('erin');
  });

  test('the directory lists who agreed to be listed', async () => {
    await ok(asCarol.patch('/api/v1/accounts/update_credentials', { discoverable: false }));
    const listed = await ok<AccountJson[]>(asNobody.get('/api/v1/directory', { order: 'new', local: true }));
    expectEntities(listed, 'Account', 2);
    const names = listed.map((a) => a.acct);
    expect(names).not.toContain('carol');
    expect(names.indexOf('bob')).toBeLessThan(names.indexOf('alice'));
    await post(asAlice, 'Active');
    await instance.idle();
    expect(await ok(asNobody.get('/api/v1/directory', { limit: 1 }))).toMatchObject([{ acct: 'alice' }]);
    await refused(asNobody.get('/api/v1/directory', { order: 'random' }), 422);
  });
});

describe('reports', () => {
  test('go to the staff with what they are about', async () => {
    const status = await post(asBob, 'Rude');
    const body = { account_id: bob.account._id, status_ids: [status.id], comment: 'Look', category: 'spam' };
    const report = await ok(asCarol.post('/api/v1/reports', body));
    expectEntity(report, 'Report');
    expect(report).toMatchObject({
      category: 'spam',
      comment: 'Look',
      status_ids: [status.id],
      target_account: { acct: 'bob' },
      action_taken: false,
    });
    await instance.idle();
    const told = await ok(asAlice.get('/api/v1/notifications', { types: ['admin.report'] }));
    expectEntities(told, 'Notification');
    expect(told).toMatchObject([{ account: { acct: 'carol' }, report: { target_account: { acct: 'bob' } } }]);
    await refused(asCarol.post('/api/v1/reports', { comment: 'x' }), 422, /Account id/);
    await refused(asCarol.post('/api/v1/reports', { account_id: '1' }), 404);
  });

  test('a broken rule is a violation', async () => {
    const rules = [{ id: '7', text: 'Be kind', hint: '' }];
    await instance.ctx.db.instance.updateOne({ _id: '1' }, { $set: { rules } });
    const body = { account_id: bob.account._id, rule_ids: ['7', '8'] };
    expect(await ok(asCarol.post('/api/v1/reports', body))).toMatchObject({
      category: 'violation',
      rule_ids: ['7'],
    });
  });
});

describe('announcements', () => {
  test('are read, reacted to, and over some day', async () => {
    const { _id: id } = await publishAnnouncement(instance.ctx, { text: 'Hello https://example.com #news' });
    await publishAnnouncement(instance.ctx, { text: 'Over', endsAt: new Date('2001-01-01') });
    const list = async (client: Client): Promise<{ id: string; content: string }[]> =>
      ok(client.get('/api/v1/announcements'));
    const [first, ...rest] = await list(asBob);
    expectEntity(first, 'Announcement');
    expect(first).toMatchObject({ id, read: false, reactions: [], tags: [{ name: 'news' }] });
    expect(rest).toEqual([]);
    await ok(asBob.post(`/api/v1/announcements/${id}/dismiss`));
    await ok(asBob.put(`/api/v1/announcements/${id}/reactions/${encodeURIComponent('🎉')}`));
    await ok(asCarol.put(`/api/v1/announcements/${id}/reactions/${encodeURIComponent('🎉')}`));
    await refused(asCarol.put(`/api/v1/announcements/${id}/reactions/nonsense`), 422, /emoji/);
    await refused(asCarol.put(`/api/v1/announcements/1/reactions/${encodeURIComponent('🎉')}`), 404);
    const seen = await list(asBob);
    expectEntities(seen, 'Announcement');
    expect(seen).toMatchObject([{ read: true, reactions: [{ name: '🎉', count: 2, me: true }] }]);
    await ok(asBob.delete(`/api/v1/announcements/${id}/reactions/${encodeURIComponent('🎉')}`));
    expect(await list(asBob)).toMatchObject([{ reactions: [{ count: 1, me: false }] }]);
    await refused(asNobody.get('/api/v1/announcements'), 401);
  });
});

describe('quotes of a status', () => {
  test('those that were agreed to', async () => {
    const quoted = await post(asBob, 'Quote this');
    const quoting = await post(asCarol, { status: 'Indeed', quoted_status_id: quoted.id });
    const list = await ok(asAlice.get(`/api/v1/statuses/${quoted.id}/quotes`));
    expectEntities(list, 'Status');
    expect(list).toMatchObject([{ id: quoting.id }]);
    await instance.idle();
    expect(await ok(asAlice.get(`/api/v1/statuses/${quoted.id}`))).toMatchObject({ quotes_count: 1 });
    await ok(asBob.post(`/api/v1/statuses/${quoted.id}/quotes/${quoting.id}/revoke`));
    expect(await ok(asAlice.get(`/api/v1/statuses/${quoted.id}/quotes`))).toEqual([]);
  });
});
