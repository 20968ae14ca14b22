import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser, carol: TestUser;
let asAlice: Client, asBob: Client, asCarol: Client;
let status: StatusJson;

interface Group {
  group_key: string;
  type: string;
  notifications_count: number;
  sample_account_ids: string[];
  most_recent_notification_id: number;
  page_max_id: string;
}
interface Grouped {
  accounts: { id: string }[];
  partial_accounts?: { id: string }[];
  statuses: { id: string }[];
  notification_groups: Group[];
}

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  bob = await instance.createUser('bob');
  carol = await instance.createUser('carol');
  [asAlice, asBob, asCarol] = [clientOf(instance, alice), clientOf(instance, bob), clientOf(instance, carol)];
  status = await post(asAlice, 'Popular');
  for (const client of [asBob, asCarol]) {
    await ok(client.post(`/api/v1/accounts/${alice.account._id}/follow`));
    await ok(client.post(`/api/v1/statuses/${status.id}/favourite`));
    await instance.idle();
  }
  await post(asBob, '@alice Hi');
  await instance.idle();
});
afterAll(() => instance.close());

const list = (query: object = {}): Promise<Grouped> => ok(asAlice.get('/api/v2/notifications', query));

describe('grouped notifications', () => {
  test('name their accounts and statuses beside them, once', async () => {
    const all = await list();
    expectEntity(all, 'GroupedNotificationsResults');
    expect(all.notification_groups.map((g) => [g.type, g.notifications_count])).toEqual([
      ['mention', 1],
      ['favourite', 2],
      ['follow', 2],
    ]);
    const [, favourites] = all.notification_groups;
    expect(favourites?.sample_account_ids).toEqual([carol.account._id, bob.account._id]);
    expect(all.accounts.map((a) => a.id).sort()).toEqual([bob.account._id, carol.account._id].sort());
    expect(all.statuses.map((s) => s.id)).toContain(status.id);
    expect(Number.isSafeInteger(favourites?.most_recent_notification_id)).toBe(true);
    expect(favourites?.page_max_id).toBe(String(favourites?.most_recent_notification_id));
  });

  test('keep what is not to be grouped alone, and send small accounts when asked', async () => {
    const alone = await list({ grouped_types: ['follow'] });
    expect(alone.notification_groups.map((g) => g.type)).toEqual([
      'mention',
      'favourite',
      'follow',
      'favourite',
    ]);
    const partial = await list({ expand_accounts: 'partial_avatars', types: ['favourite'] });
    expectEntity(partial, 'GroupedNotificationsResults');
    expect(partial.accounts.map((a) => a.id)).toEqual([carol.account._id]);
    expectEntities(partial.partial_accounts, 'PartialAccountWithAvatar');
    expect(partial.partial_accounts?.map((a) => a.id)).toEqual([bob.account._id]);
  });

  test('page both ways', async () => {
    const first = await asAlice.get('/api/v2/notifications', { limit: 1 });
    expect((first.body as Grouped).notification_groups.map((g) => g.type)).toEqual(['mention']);
    const { next, prev } = linksOf(first);
    const second = await list({ limit: 1, max_id: next?.get('max_id') });
    expect(second.notification_groups.map((g) => g.type)).toEqual(['favourite']);
    expect((await list({ min_id: prev?.get('min_id') })).notification_groups).toEqual([]);
    const up = await list({ limit: 1, min_id: second.notification_groups[0]?.page_max_id });
    expect(up.notification_groups.map((g) => g.type)).toEqual(['mention']);
  });

  test('can be read, counted and dismissed one by one', async () => {
    const [mention, favourites] = (await list()).notification_groups;
    const key = favourites?.group_key ?? '';
    const one = await ok<Grouped>(asAlice.get(`/api/v2/notifications/${key}`));
    expectEntity(one, 'GroupedNotificationsResults');
    expect(one.notification_groups).toMatchObject([{ group_key: key, notifications_count: 2 }]);
    expectEntities(await ok(asAlice.get(`/api/v2/notifications/${key}/accounts`)), 'Account', 2);
    await refused(asAlice.get('/api/v2/notifications/favourite-1'), 404);
    await refused(asBob.get(`/api/v2/notifications/${key}`), 404);
    const count = await ok(asAlice.get('/api/v2/notifications/unread_count'));
    expectEntity(count, 'NotificationCount');
    expect(count).toEqual({ count: 3 });
    await ok(asAlice.post('/api/v1/markers', { notifications: { last_read_id: favourites?.page_max_id } }));
    expect(await ok(asAlice.get('/api/v2/notifications/unread_count'))).toEqual({ count: 1 });
    await ok(asAlice.post(`/api/v2/notifications/${mention?.group_key}/dismiss`));
    expect((await list()).notification_groups).toHaveLength(2);
    await ok(asAlice.post('/api/v2/notifications/clear'));
    expect((await list()).notification_groups).toEqual([]);
  });
});

describe('the policy', () => {
  test('has two forms', async () => {
    const v2 = await ok(asAlice.get('/api/v2/notifications/policy'));
    expectEntity(v2, 'NotificationPolicy');
    expect(v2).toMatchObject({ for_not_following: 'accept', for_private_mentions: 'filter' });
    const v1 = await ok(asAlice.put('/api/v1/notifications/policy', { filter_not_following: true }));
    expectEntity(v1, 'V1::NotificationPolicy');
    expect(v1).toMatchObject({ filter_not_following: true, filter_private_mentions: true });
    expect(
      await ok(asAlice.patch('/api/v2/notifications/policy', { for_not_following: 'drop' })),
    ).toMatchObject({
      for_not_following: 'drop',
    });
    await refused(asAlice.patch('/api/v2/notifications/policy', { for_not_following: 'maybe' }), 422);
  });

  test('drops, or puts aside until the receiver has decided', async () => {
    await post(asBob, '@alice dropped');
    await instance.idle();
    expect((await list()).notification_groups).toEqual([]);
    await ok(asAlice.patch('/api/v2/notifications/policy', { for_not_following: 'filter' }));
    await post(asBob, '@alice put aside');
    await post(asCarol, '@alice put aside too');
    await instance.idle();
    expect((await list()).notification_groups).toEqual([]);
    expect(await ok(asAlice.get('/api/v1/notifications'))).toEqual([]);
    expect(await ok(asAlice.get('/api/v2/notifications/policy'))).toMatchObject({
      summary: { pending_requests_count: 2, pending_notifications_count: 2 },
    });
    const aside = await ok(asAlice.get('/api/v1/notifications', { include_filtered: true }));
    expectEntities(aside, 'Notification', 2);
    expect(aside).toMatchObject([{ filtered: true }, { filtered: true }]);
  });

  test('requests are accepted or dismissed', async () => {
    const requests = await ok<{ id: string; account: { acct: string } }[]>(
      asAlice.get('/api/v1/notifications/requests'),
    );
    expectEntities(requests, 'NotificationRequest', 2);
    const of = (acct: string): string => requests.find((r) => r.account.acct === acct)?.id ?? '';
    const one = await ok(asAlice.get(`/api/v1/notifications/requests/${of('bob')}`));
    expectEntity(one, 'NotificationRequest');
    expect(one).toMatchObject({
      notifications_count: '1',
      last_status: { content: expect.stringContaining('aside') },
    });
    await refused(asBob.get(`/api/v1/notifications/requests/${of('bob')}`), 404);
    await ok(asAlice.post(`/api/v1/notifications/requests/${of('bob')}/accept`));
    await ok(asAlice.post('/api/v1/notifications/requests/dismiss', { id: [of('carol')] }));
    expectEntity(await ok(asAlice.get('/api/v1/notifications/requests/merged')), 'NotificationsMerged');
    expect(await ok(asAlice.get('/api/v1/notifications/requests'))).toEqual([]);
    expect(await ok(asAlice.get('/api/v1/notifications'))).toMatchObject([{ account: { acct: 'bob' } }]);
    await post(asBob, '@alice now told');
    await instance.idle();
    expect(await ok<unknown[]>(asAlice.get('/api/v1/notifications'))).toHaveLength(2);
  });
});
