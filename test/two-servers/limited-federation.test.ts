import { createECDH } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import type { JsonObject } from '../../federation/ports.js';
import { addDomainAllow, removeDomainAllow } from '../../src/domain/domain-allows.js';
import { clientOf, ok, post, refused, type Client, type StatusJson } from '../api/support.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';

/** Federation with allowed servers only: a friend and a stranger talk to it. */
const Public = 'https://www.w3.org/ns/activitystreams#Public';
let instance: Instance;
let alice: TestUser;
let asAlice: Client;
let friend: Peer, stranger: Peer;
let fay: PeerActor, sam: PeerActor;
let allowId: string;

beforeAll(async () => {
  instance = await startInstance({
    limitedFederation: true,
    publicTimelines: true,
    clock: createTestClock(),
  });
  [friend, stranger] = [await startPeer(), await startPeer()];
  [fay, sam] = [friend.actor('fay'), stranger.actor('sam')];
  alice = await instance.createUser('alice');
  asAlice = clientOf(instance, alice);
});
afterAll(async () => {
  await instance.close();
  await Promise.all([friend.close(), stranger.close()]);
});

let count = 0;
const follow = (peer: Peer, who: PeerActor): Promise<number> =>
  tell(peer, who, { type: 'Follow', object: alice.account.uri });
function tell(peer: Peer, who: PeerActor, activity: JsonObject): Promise<number> {
  const id = `${peer.origin}/activities/${(count += 1)}`;
  return peer.send(`${instance.url}/inbox`, { id, actor: who.uri, ...activity }, who);
}
const note = (peer: Peer, who: PeerActor, content: string): Promise<number> => {
  const id = `${peer.origin}/notes/${(count += 1)}`;
  const cc = [`${instance.url}/users/alice`];
  const tag = [{ type: 'Mention', href: alice.account.uri, name: '@alice' }];
  const object = { id, type: 'Note', attributedTo: who.uri, content, to: [Public], cc, tag };
  return tell(peer, who, { type: 'Create', to: [Public], cc, object });
};
const search = (q: string): Promise<{ accounts: { id: string; acct: string }[] }> =>
  ok(asAlice.get('/api/v2/search', { q, resolve: true, type: 'accounts' }));
const allow = async (): Promise<void> => {
  allowId = (await addDomainAllow(instance.ctx, 'console:test', friend.host))._id;
};

test('nobody who was not allowed is heard, looked up or asked for a key', async () => {
  expect([await follow(friend, fay), await follow(stranger, sam), await note(stranger, sam, 'Hi')]).toEqual([
    403, 403, 403,
  ]);
  expect((await search(`@sam@${stranger.host}`)).accounts).toEqual([]);
  expect((await search(sam.uri)).accounts).toEqual([]);
  await post(asAlice, `Hello @sam@${stranger.host}`);
  await instance.idle();
  expect([friend.fetched, stranger.fetched]).toEqual([[], []]);
});

test('those who were are: both ways, at once', async () => {
  await allow();
  expect(await follow(friend, fay)).toBe(202);
  await friend.next((d) => d.activity.type === 'Accept');
  expect(await note(friend, fay, 'A word from a friend')).toBe(202);
  await instance.idle();
  const status = await post(asAlice, 'To my friends');
  const create = await friend.next((d) => d.activity.type === 'Create');
  expect(create.activity['object']).toMatchObject({ id: status['uri'] });
  const [mention] = await ok<{ type: string }[]>(
    asAlice.get('/api/v1/notifications', { types: ['mention'] }),
  );
  expect(mention).toMatchObject({ status: { content: expect.stringContaining('A word from a friend') } });
  expect(await follow(stranger, sam)).toBe(403);
  expect(stranger.fetched).toEqual([]);
});

test('who is allowed no longer gets nothing, and nothing of theirs is shown, until they are again', async () => {
  const found = (await search(`@fay@${friend.host}`)).accounts[0]?.id ?? '';
  const federated = async (): Promise<string[]> =>
    (await ok<StatusJson[]>(asAlice.get('/api/v1/timelines/public', { remote: true }))).map((s) => s.content);
  const mentions = (): Promise<unknown[]> => ok(asAlice.get('/api/v1/notifications', { types: ['mention'] }));
  expect(await federated()).toHaveLength(1);
  await removeDomainAllow(instance.ctx, 'console:test', allowId);
  const before = friend.delivered.length;
  await post(asAlice, 'To nobody');
  expect(await note(friend, fay, 'Unheard')).toBe(403);
  await instance.idle();
  expect(friend.delivered).toHaveLength(before);
  expect(await federated()).toEqual([]);
  expect(await mentions()).toEqual([]);
  expect((await search(`@fay@${friend.host}`)).accounts).toEqual([]);
  expect(await ok(asAlice.get(`/api/v1/accounts/${found}`))).toMatchObject({ suspended: true, note: '' });
  await refused(asAlice.get(`/api/v1/accounts/${found}/statuses`), 404);
  await refused(asAlice.post(`/api/v1/accounts/${found}/follow`), 404);
  await allow();
  expect(await federated()).toHaveLength(1);
  expect(await mentions()).toHaveLength(1);
  expect((await ok<object>(asAlice.get(`/api/v1/accounts/${found}`))) as object).not.toHaveProperty(
    'suspended',
  );
});

test('nothing is shown to strangers: servers, people or apps', async () => {
  const status = await post(asAlice, 'Just between us');
  const unsigned = request(instance.url).get(new URL(String(status['uri'])).pathname);
  await unsigned.set('Accept', 'application/activity+json').expect(401);
  const page = await request(instance.url).get(`/@alice/${status.id}`).set('Accept', 'text/html');
  expect(page.text).not.toContain('Just between us');
  const nobody = clientOf(instance);
  for (const path of ['instance/peers', `statuses/${status.id}`, 'timelines/public', 'custom_emojis'])
    await refused(nobody.get(`/api/v1/${path}`), 401, /requires an authenticated user/);
  expect(await ok(nobody.get('/api/v2/instance'))).toMatchObject({
    configuration: { limited_federation: true, timelines_access: { live_feeds: { local: 'authenticated' } } },
  });
  const app = await request(instance.url)
    .post('/api/v1/apps')
    .send({ client_name: 'App', redirect_uris: 'urn:ietf:wg:oauth:2.0:oob', scopes: 'read' });
  const { client_id, client_secret } = app.body as Record<string, string>;
  const token = await request(instance.url)
    .post('/oauth/token')
    .send({ grant_type: 'client_credentials', client_id, client_secret, scope: 'read' });
  const asApp = clientOf(instance, { token: (token.body as { access_token: string }).access_token });
  await refused(asApp.get(`/api/v1/statuses/${status.id}`), 401);
});

test('push services are no servers that one federates with', async () => {
  const device = createECDH('prime256v1');
  const keys = { p256dh: device.generateKeys('base64url'), auth: Buffer.alloc(16, 7).toString('base64url') };
  const subscription = { endpoint: `${stranger.origin}/device`, keys, standard: true };
  const made = { subscription, data: { alerts: { mention: true }, policy: 'all' } };
  await ok(asAlice.post('/api/v1/push/subscription', made));
  const asBob = clientOf(instance, await instance.createUser('bob'));
  await post(asBob, 'Hello @alice');
  await instance.idle();
  // Asked, and still subscribed: to have refused it would have ended the subscription.
  expect(await ok(asAlice.get('/api/v1/push/subscription'))).toMatchObject({
    endpoint: subscription.endpoint,
  });
});
