import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type Client, type StatusJson } from './support.js';

let instance: Instance;
let asAlice: Client, asBob: Client, asCarol: Client;

interface ConversationJson {
  id: string;
  unread: boolean;
  accounts: { acct: string }[];
  last_status: StatusJson;
}

beforeAll(async () => {
  instance = await startInstance();
  const users = [];
  for (const name of ['alice', 'bob', 'carol']) users.push(await instance.createUser(name));
  [asAlice, asBob, asCarol] = users.map((u) => clientOf(instance, u)) as [Client, Client, Client];
});
afterAll(() => instance.close());

const direct = { visibility: 'direct' };
const list = (client: Client): Promise<ConversationJson[]> => ok(client.get('/api/v1/conversations'));

describe('conversations', () => {
  test('are what the same people wrote to each other in a thread', async () => {
    const first = await post(asAlice, { status: '@bob Psst', ...direct });
    await instance.idle();
    const [own] = await list(asAlice);
    expectEntity(own, 'Conversation');
    expect(own).toMatchObject({ unread: false, accounts: [{ acct: 'bob' }], last_status: { id: first.id } });
    expect(await list(asBob)).toMatchObject([{ unread: true, accounts: [{ acct: 'alice' }] }]);
    const reply = await post(asBob, { status: '@alice What?', in_reply_to_id: first.id, ...direct });
    await instance.idle();
    expect(await list(asAlice)).toMatchObject([{ id: own?.id, unread: true, last_status: { id: reply.id } }]);
    expect(await list(asBob)).toMatchObject([{ unread: false }]);
    expect(await list(asCarol)).toEqual([]);
  });

  test('with one more person are others', async () => {
    await post(asAlice, { status: '@bob @carol Meeting', ...direct });
    await instance.idle();
    expect((await list(asAlice)).map((c) => c.accounts.map((a) => a.acct).sort())).toEqual([
      ['bob', 'carol'],
      ['bob'],
    ]);
    const page = await asAlice.get('/api/v1/conversations', { limit: 1 });
    expectEntities(page.body, 'Conversation');
    const older = await ok(
      asAlice.get('/api/v1/conversations', { max_id: linksOf(page)['next']?.get('max_id') }),
    );
    expect(older).toMatchObject([{ accounts: [{ acct: 'bob' }] }]);
  });

  test('are read, unread and taken off the list', async () => {
    const [newest] = await list(asCarol);
    const path = `/api/v1/conversations/${newest?.id}`;
    const read = await ok(asCarol.post(`${path}/read`));
    expectEntity(read, 'Conversation');
    expect(read).toMatchObject({ unread: false });
    expect(await ok(asCarol.post(`${path}/unread`))).toMatchObject({ unread: true });
    await refused(asBob.post(`${path}/read`), 404);
    expect(await ok(asCarol.delete(path))).toEqual({});
    expect(await list(asCarol)).toEqual([]);
  });

  test('fall back to the post before when the last one is deleted, and end with the only one', async () => {
    const one = await post(asBob, { status: '@carol One', ...direct });
    const two = await post(asBob, { status: '@carol Two', in_reply_to_id: one.id, ...direct });
    await instance.idle();
    await ok(asBob.delete(`/api/v1/statuses/${two.id}`));
    await instance.idle();
    expect(await list(asCarol)).toMatchObject([{ last_status: { id: one.id } }]);
    await ok(asBob.delete(`/api/v1/statuses/${one.id}`));
    await instance.idle();
    expect(await list(asCarol)).toEqual([]);
  });

  test('the older form lists the posts themselves', async () => {
    const posts = await ok(asAlice.get('/api/v1/timelines/direct'));
    expectEntities(posts, 'Status', 3);
    expect((posts as unknown as StatusJson[]).every((s) => s.visibility === 'direct')).toBe(true);
  });
});
