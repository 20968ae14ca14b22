import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client;

interface NotificationJson {
  id: string;
  type: string;
  account: { id: string };
  status?: { id: string };
}

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, bob)];
  const status = await post(asAlice, 'Note me');
  await ok(asBob.post(`/api/v1/accounts/${alice.account._id}/follow`));
  await ok(asBob.post(`/api/v1/statuses/${status.id}/favourite`));
  await ok(asBob.post(`/api/v1/statuses/${status.id}/reblog`));
  await post(asBob, { status: '@alice Hello', in_reply_to_id: status.id });
  await instance.idle();
});
afterAll(() => instance.close());

const list = (query: object = {}): Promise<NotificationJson[]> =>
  ok(asAlice.get('/api/v1/notifications', query));

describe('notifications', () => {
  test('tell what happened, with the status it is about', async () => {
    const all = await list();
    expectEntities(all, 'Notification', 4);
    expect(all.map((n) => n.type).sort()).toEqual(['favourite', 'follow', 'mention', 'reblog']);
    expect(all.find((n) => n.type === 'favourite')?.status).toBeDefined();
    expect(all.find((n) => n.type === 'follow')).not.toHaveProperty('status');
  });

  test('by kind, by sender, and one page at a time', async () => {
    expect((await list({ types: ['mention', 'follow'] })).map((n) => n.type).sort()).toEqual([
      'follow',
      'mention',
    ]);
    expect((await list({ exclude_types: ['follow'] })).map((n) => n.type)).not.toContain('follow');
    expect(await list({ account_id: alice.account._id })).toEqual([]);
    const [first] = await list({ limit: 1 });
    const [second] = await list({ limit: 1, max_id: first?.id });
    expect(second?.id).not.toBe(first?.id);
    expect(await list({ min_id: second?.id, limit: 1 })).toMatchObject([{ id: first?.id }]);
  });

  test('one, of one’s own', async () => {
    const [first] = await list({ limit: 1 });
    expectEntity(await ok(asAlice.get(`/api/v1/notifications/${first?.id}`)), 'Notification');
    await refused(asBob.get(`/api/v1/notifications/${first?.id}`), 404);
    await refused(asAlice.get('/api/v1/notifications/nonsense'), 404);
  });

  test('are unread until the marker passes them', async () => {
    const count = await ok(asAlice.get('/api/v1/notifications/unread_count'));
    expectEntity(count, 'NotificationCount');
    expect(count).toEqual({ count: 4 });
    const [, second] = await list();
    await ok(asAlice.post('/api/v1/markers', { notifications: { last_read_id: second?.id } }));
    expect(await ok(asAlice.get('/api/v1/notifications/unread_count'))).toEqual({ count: 1 });
  });

  test('of muted people are not shown', async () => {
    await ok(asAlice.post(`/api/v1/accounts/${bob.account._id}/mute`));
    expect(await list()).toEqual([]);
    await ok(asAlice.post(`/api/v1/accounts/${bob.account._id}/unmute`));
    expect(await list()).toHaveLength(4);
  });

  test('can be dismissed one by one, several, and all', async () => {
    const [a, b, c] = await list();
    await refused(asBob.post(`/api/v1/notifications/${a?.id}/dismiss`), 404);
    expect(await ok(asAlice.post(`/api/v1/notifications/${a?.id}/dismiss`))).toEqual({});
    expect(await list()).toHaveLength(3);
    await ok(asAlice.delete('/api/v1/notifications/destroy_multiple', { ids: [b?.id, c?.id] }));
    expect(await list()).toHaveLength(1);
    expect(await ok(asAlice.post('/api/v1/notifications/clear'))).toEqual({});
    expect(await list()).toEqual([]);
  });

  test('need the scope', async () => {
    const narrow = await instance.createUser('narrow', { scopes: ['read:statuses'] });
    await refused(clientOf(instance, narrow).get('/api/v1/notifications'), 403);
  });
});
