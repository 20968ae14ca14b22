import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser, carol: TestUser;
let asAlice: Client, asBob: Client, asCarol: Client;

interface ListJson {
  id: string;
  title: string;
}

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  bob = await instance.createUser('bob');
  carol = await instance.createUser('carol');
  [asAlice, asBob, asCarol] = [clientOf(instance, alice), clientOf(instance, bob), clientOf(instance, carol)];
  for (const user of [bob, carol]) await ok(asAlice.post(`/api/v1/accounts/${user.account._id}/follow`));
});
afterAll(() => instance.close());

const newList = (body: object = {}): Promise<ListJson> =>
  ok(asAlice.post('/api/v1/lists', { title: 'Friends', ...body }));
const timeline = async (list: ListJson, query: object = {}): Promise<string[]> =>
  (await ok<StatusJson[]>(asAlice.get(`/api/v1/timelines/list/${list.id}`, query))).map((s) => s.id);
const home = async (): Promise<string[]> =>
  (await ok<StatusJson[]>(asAlice.get('/api/v1/timelines/home'))).map((s) => s.id);

describe('lists', () => {
  test('are made, read, changed and removed', async () => {
    const made = await newList({ replies_policy: 'none', exclusive: 'true' });
    expectEntity(made, 'List');
    expect(made).toMatchObject({ title: 'Friends', replies_policy: 'none', exclusive: true });
    expectEntities(await ok(asAlice.get('/api/v1/lists')), 'List');
    expect(await ok(asAlice.get(`/api/v1/lists/${made.id}`))).toEqual(made);
    expect(
      await ok(asAlice.put(`/api/v1/lists/${made.id}`, { title: 'Pals', exclusive: false })),
    ).toMatchObject({
      title: 'Pals',
      exclusive: false,
      replies_policy: 'none',
    });
    await refused(asBob.get(`/api/v1/lists/${made.id}`), 404);
    await refused(asBob.put(`/api/v1/lists/${made.id}`, { title: 'x' }), 404);
    await refused(asAlice.post('/api/v1/lists'), 422, /^Validation failed: Title can't be blank$/);
    await refused(asAlice.post('/api/v1/lists', { title: ' ' }), 422, /blank/);
    await refused(asAlice.post('/api/v1/lists', { title: 'x', replies_policy: 'some' }), 422);
    expect(await ok(asAlice.delete(`/api/v1/lists/${made.id}`))).toEqual({});
    expect(await ok(asAlice.get('/api/v1/lists'))).toEqual([]);
  });

  test('have members among those whom one follows', async () => {
    const list = await newList();
    const path = `/api/v1/lists/${list.id}/accounts`;
    const dave = await instance.createUser('dave');
    await refused(asAlice.post(path, { account_ids: [bob.account._id, dave.account._id] }), 404);
    expect(await ok(asAlice.post(path, { account_ids: [bob.account._id, carol.account._id] }))).toEqual({});
    await refused(asAlice.post(path, { account_ids: [bob.account._id] }), 422, /taken/);
    const page = await asAlice.get(path, { limit: 1 });
    expectEntities(page.body, 'Account');
    expect(linksOf(page)['next']?.has('max_id')).toBe(true);
    expectEntities(await ok(asAlice.get(path, { limit: 0 })), 'Account', 2);
    expect(await ok(asAlice.get(`/api/v1/accounts/${bob.account._id}/lists`))).toMatchObject([
      { id: list.id },
    ]);
    expect(await ok(asAlice.delete(path, { account_ids: [bob.account._id] }))).toEqual({});
    expect(await ok(asAlice.get(`/api/v1/accounts/${bob.account._id}/lists`))).toEqual([]);
    await refused(asBob.get(path), 404);
    await ok(asAlice.delete(`/api/v1/lists/${list.id}`));
  });
});

describe('the timeline of a list', () => {
  test('has what members posted, before and after they came, until they leave', async () => {
    const before = await post(asBob, 'Before');
    await instance.idle();
    const list = await newList();
    await ok(asAlice.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [bob.account._id] }));
    const after = await post(asBob, 'After');
    await post(asCarol, 'Not a member');
    await instance.idle();
    expect(await timeline(list)).toEqual([after.id, before.id]);
    expect(await timeline(list, { max_id: after.id })).toEqual([before.id]);
    expect(await timeline(list, { min_id: before.id })).toEqual([after.id]);
    expectEntities(await ok(asAlice.get(`/api/v1/timelines/list/${list.id}`)), 'Status', 2);
    expect(await home()).toContain(after.id);
    await ok(asBob.delete(`/api/v1/statuses/${after.id}`));
    await instance.idle();
    expect(await timeline(list)).toEqual([before.id]);
    await refused(asBob.get(`/api/v1/timelines/list/${list.id}`), 404);
    await ok(asAlice.delete(`/api/v1/lists/${list.id}/accounts`, { account_ids: [bob.account._id] }));
    expect(await timeline(list)).toEqual([]);
    await ok(asAlice.delete(`/api/v1/lists/${list.id}`));
  });

  test('keeps what is in an exclusive list out of the home timeline', async () => {
    const list = await newList({ exclusive: true });
    await ok(asAlice.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [bob.account._id] }));
    const status = await post(asBob, 'Only here');
    await instance.idle();
    expect(await timeline(list)).toContain(status.id);
    expect(await home()).not.toContain(status.id);
    await ok(asAlice.delete(`/api/v1/lists/${list.id}`));
  });

  test.each([
    ['followed', true],
    ['list', false],
    ['none', false],
  ])('with replies policy %s, a reply to somebody else one follows is shown: %s', async (policy, shown) => {
    const list = await newList({ replies_policy: policy });
    await ok(asAlice.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [bob.account._id] }));
    const root = await post(asCarol, 'Root');
    const reply = await post(asBob, { status: '@carol Reply', in_reply_to_id: root.id });
    const thread = await post(asBob, { status: 'More', in_reply_to_id: reply.id });
    await instance.idle();
    expect((await timeline(list)).includes(reply.id)).toBe(shown);
    expect(await timeline(list)).toContain(thread.id);
    if (policy === 'list') {
      await ok(asAlice.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [carol.account._id] }));
      const again = await post(asBob, { status: '@carol Again', in_reply_to_id: root.id });
      await instance.idle();
      expect(await timeline(list)).toContain(again.id);
    }
    await ok(asAlice.delete(`/api/v1/lists/${list.id}`));
  });

  test('loses those whom one no longer follows', async () => {
    const list = await newList();
    await ok(asAlice.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [carol.account._id] }));
    await ok(asAlice.post(`/api/v1/accounts/${carol.account._id}/unfollow`));
    await instance.idle();
    expect(await ok(asAlice.get(`/api/v1/lists/${list.id}/accounts`))).toEqual([]);
    expect(await timeline(list)).toEqual([]);
  });
});

describe('followed hashtags', () => {
  test('bring public posts of strangers into the home timeline', async () => {
    const erin = clientOf(instance, await instance.createUser('erin'));
    await ok(asAlice.post('/api/v1/tags/sailing/follow'));
    const open = await post(erin, 'Today #Sailing');
    const unlisted = await post(erin, { status: 'Quiet #sailing', visibility: 'unlisted' });
    await instance.idle();
    expect(await home()).toContain(open.id);
    expect(await home()).not.toContain(unlisted.id);
  });
});
