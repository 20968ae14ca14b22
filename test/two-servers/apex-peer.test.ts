import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startApexPeer, type ApexPeer } from '../support/apex-peer.js';
import { createClient, type Client } from '../support/client.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';

/** Another implementation, on its own store, over signed HTTP: follow, post, like and undo, both ways. */

interface Account {
  id: string;
  acct: string;
  followers_count: number;
}
interface Status {
  id: string;
  uri: string;
  content: string;
  favourites_count: number;
  favourited: boolean;
  account: Account;
}
interface Notification {
  type: string;
  account: Account;
  status?: Status;
}

const Public = 'https://www.w3.org/ns/activitystreams#Public';

let instance: Instance;
let peer: ApexPeer;
let alice: TestUser;
let client: Client;
/** Bob, who lives on the peer: his IRI, and his account here. */
let bob: string;
let account: Account;

beforeAll(async () => {
  // The library tells the console whose key it fetches.
  jest.spyOn(console, 'log').mockImplementation(() => {});
  instance = await startInstance();
  peer = await startApexPeer();
  alice = await instance.createUser('alice');
  client = createClient(instance.url, alice.token);
  bob = await peer.createActor('bob');
});
afterAll(async () => {
  await instance?.close();
  await peer?.close();
  jest.restoreAllMocks();
});

const relation = async (): Promise<{ following: boolean; followed_by: boolean } | undefined> => {
  const path = `/api/v1/accounts/relationships?id[]=${account.id}`;
  return (await client.get<{ following: boolean; followed_by: boolean }[]>(path))[0];
};
const inHome = async (uri: string): Promise<Status | undefined> =>
  (await client.get<Status[]>('/api/v1/timelines/home')).find((status) => status.uri === uri);
const notifications = (type: string): Promise<Notification[]> =>
  client.get<Notification[]>(`/api/v1/notifications?types[]=${type}`);
/** Bob does something; it has come here and is done. */
async function bobDoes(activity: Parameters<ApexPeer['act']>[1]): Promise<string> {
  const uri = await peer.act('bob', activity);
  await peer.sent(uri);
  await instance.idle();
  return uri;
}

test('they know each other by handle', async () => {
  const path = `/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(`@bob@${peer.host}`)}`;
  const [found] = (await client.get<{ accounts: Account[] }>(path)).accounts;
  expect(found?.acct).toBe(`bob@${peer.host}`);
  account = found as Account;
});

test('what is not signed is not taken by either', async () => {
  const follow = { type: 'Follow', id: `${bob}/forged`, actor: bob, object: alice.account.uri };
  const send = async (inbox: string): Promise<number> =>
    (
      await fetch(inbox, {
        method: 'POST',
        headers: { 'content-type': 'application/activity+json' },
        body: JSON.stringify({ '@context': 'https://www.w3.org/ns/activitystreams', ...follow }),
      })
    ).status;
  expect(await send(`${bob}/inbox`)).toBe(401);
  expect(await send(`${instance.url}/inbox`)).toBe(401);
});

describe('from us to them', () => {
  let post: string;
  let create: string;

  test('a follow is asked for and accepted', async () => {
    await client.post(`/api/v1/accounts/${account.id}/follow`);
    const follow = await peer.next(({ type }) => type === 'Follow');
    expect(follow).toMatchObject({ recipient: bob, activity: { actor: [alice.account.uri], object: [bob] } });
    await bobDoes({ type: 'Accept', object: follow.activity.id, to: [alice.account.uri] });
    expect(await relation()).toMatchObject({ following: true });
    expect(await peer.countOf(`${bob}/followers`)).toBe(1);
  });

  test('a post of theirs is in the home timeline', async () => {
    const content = '<p>Hello from apex</p>';
    create = await bobDoes({ type: 'Note', content, to: [Public], cc: [`${bob}/followers`] });
    const { object } = await peer.get(create);
    post = (object as { id: string }).id;
    expect(await inHome(post)).toMatchObject({ content, account: { acct: `bob@${peer.host}` } });
  });

  test('a like is counted there, and no more once it is undone', async () => {
    const status = await inHome(post);
    await client.post(`/api/v1/statuses/${status?.id}/favourite`);
    const like = await peer.next(({ type }) => type === 'Like');
    expect(like.activity.actor).toEqual([alice.account.uri]);
    expect(await peer.countOf(`${create}/likes`)).toBe(1);
    await client.post(`/api/v1/statuses/${status?.id}/unfavourite`);
    await peer.next(({ type, activity }) => type === 'Undo' && activity.id.startsWith(like.activity.id));
    expect(await peer.countOf(`${create}/likes`)).toBe(0);
  });

  test('an unfollow ends it there too', async () => {
    await client.post(`/api/v1/accounts/${account.id}/unfollow`);
    await peer.next(({ type, activity }) => type === 'Undo' && activity.id.includes('follow'));
    expect(await peer.countOf(`${bob}/followers`)).toBe(0);
    expect(await relation()).toMatchObject({ following: false });
  });
});

describe('from them to us', () => {
  let follow: string;
  let own: Status;

  test('a follow is accepted at once, and told', async () => {
    follow = await bobDoes({ type: 'Follow', object: alice.account.uri, to: [alice.account.uri] });
    await peer.next(({ type }) => type === 'Accept');
    expect(await peer.countOf(`${bob}/following`)).toBe(1);
    expect(await relation()).toMatchObject({ followed_by: true });
    expect((await notifications('follow')).map((told) => told.account.acct)).toEqual([`bob@${peer.host}`]);
  });

  test('a post of ours is in their inbox', async () => {
    own = await client.post<Status>('/api/v1/statuses', { status: 'Hello from Landfall' });
    const created = await peer.next(({ type }) => type === 'Create');
    expect(created.activity.object).toMatchObject([{ id: own.uri, attributedTo: [alice.account.uri] }]);
    const { orderedItems } = await peer.get(`${bob}/inbox?page=true`, 'bob');
    expect(JSON.stringify(orderedItems)).toContain('Hello from Landfall');
  });

  test('a like is counted and told, and no more once it is undone', async () => {
    const liked = { type: 'Like', object: `${own.uri}/activity`, to: [alice.account.uri] };
    const like = await bobDoes(liked);
    expect(await client.get<Status>(`/api/v1/statuses/${own.id}`)).toMatchObject({ favourites_count: 1 });
    expect(await notifications('favourite')).toMatchObject([{ status: { id: own.id } }]);
    await bobDoes({ type: 'Undo', object: like, to: [alice.account.uri] });
    expect(await client.get<Status>(`/api/v1/statuses/${own.id}`)).toMatchObject({ favourites_count: 0 });
  });

  test('an unfollow ends it here too', async () => {
    await bobDoes({ type: 'Undo', object: follow, to: [alice.account.uri] });
    expect(await relation()).toMatchObject({ followed_by: false });
    expect(await client.get<Account>(`/api/v1/accounts/${alice.account._id}`)).toMatchObject({
      followers_count: 0,
    });
  });
});

test('nothing that either sent was refused or lost on the way', async () => {
  await peer.store.drained();
  await instance.idle();
  expect(peer.delivered.filter(({ status }) => status !== 202)).toEqual([]);
  expect(peer.store.failed).toEqual([]);
  const { db } = instance.ctx;
  expect(await db.deliveries.countDocuments({ state: { $in: ['ready', 'leased', 'dead'] } })).toBe(0);
  expect(await db.received.find({ outcome: { $in: [null, 'failed'] } }).toArray()).toEqual([]);
});
