import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import { expectEntity } from '../api/contract.js';
import { clientOf, ok, post, type Client } from '../api/support.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';
import { about, openSocket, type Received, type Socket } from './kit.js';

const everybody = 'https://www.w3.org/ns/activitystreams#Public';

let instance: Instance;
let peer: Peer;
let remote: PeerActor;
let alice: TestUser, carol: TestUser;
let asAlice: Client, asCarol: Client;
let n = 0;

async function send(activity: JsonObject): Promise<void> {
  const id = `${peer.origin}/activities/${(n += 1)}`;
  const status = await peer.send(`${instance.url}/inbox`, { id, actor: remote.uri, ...activity }, remote);
  expect(status).toBe(202);
  await instance.idle();
}

/** A post of the remote actor; returns its text, by which it is known in a payload. */
async function say(words: string): Promise<(r: Received) => boolean> {
  const content = `<p>${words} ${(n += 1)}</p>`;
  const to = [everybody];
  const note = { id: `${peer.origin}/notes/${n}`, type: 'Note', attributedTo: remote.uri, content, to };
  await send({ type: 'Create', to, cc: [remote.followers], object: { ...note, cc: [remote.followers] } });
  return (r) => r.event === 'update' && (r.payload as { content: string }).content === content;
}

beforeAll(async () => {
  instance = await startInstance();
  peer = await startPeer();
  remote = peer.actor('remote');
  [alice, carol] = [await instance.createUser('alice'), await instance.createUser('carol')];
  [asAlice, asCarol] = [clientOf(instance, alice), clientOf(instance, carol)];
  const query = { resolve: true, type: 'accounts', q: `@remote@${peer.host}` };
  const { accounts } = await ok<{ accounts: { id: string }[] }>(asAlice.get('/api/v2/search', query));
  await ok(asAlice.post(`/api/v1/accounts/${accounts[0]?.id}/follow`));
  const follow = await peer.next((d) => d.activity.type === 'Follow');
  await send({ type: 'Accept', object: follow.activity });
});
afterAll(async () => {
  await instance.close();
  await peer.close();
});

const listen = (user: TestUser, stream: string): Promise<Socket> =>
  openSocket(instance.url, user.token, { query: { stream } });

test('what arrives from another server is on the remote streams and in the home of followers', async () => {
  const [home, everything, others] = [
    await listen(alice, 'user'),
    await listen(carol, 'public'),
    await listen(carol, 'public:remote'),
  ];
  const local = await listen(carol, 'public:local');
  const heard = await say('From afar');
  for (const socket of [home, everything, others]) {
    const { payload } = await socket.next(heard);
    expectEntity(payload, 'Status');
    expect(payload).toMatchObject({ account: { acct: `remote@${peer.host}` } });
  }
  const own = await post(asAlice, 'From here');
  await Promise.all([local.next(about('update', own.id)), everything.next(about('update', own.id))]);
  expect(local.heard.some(heard)).toBe(false);
  expect(others.heard.some(about('update', own.id))).toBe(false);
  await Promise.all([home, everything, others, local].map((s) => s.close()));
});

test('nothing of a domain that the viewer blocks', async () => {
  await ok(asCarol.post('/api/v1/domain_blocks', { domain: peer.host }));
  const [blocking, other] = [await listen(carol, 'public'), await listen(alice, 'public')];
  const heard = await say('Unwanted');
  await other.next(heard);
  await blocking.next(about('update', (await post(asAlice, 'marker')).id));
  expect(blocking.heard.some(heard)).toBe(false);
  await ok(asCarol.delete('/api/v1/domain_blocks', { domain: peer.host }));
  await blocking.next(await say('Welcome again'));
  await Promise.all([blocking.close(), other.close()]);
});
