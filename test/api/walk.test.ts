import { createECDH } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { Test } from 'supertest';
import { publishAnnouncement } from '../../src/domain/announcements.js';
import { registerApp } from '../../src/domain/apps.js';
import { setEmailSubscriptions } from '../../src/domain/email-subscriptions/switch.js';
import { issueToken } from '../../src/domain/tokens.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import type { JsonObject } from '../../federation/ports.js';
import { authorizeByHand, password } from '../clients/kit.js';
import { openEvents, openSocket } from '../streaming/kit.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';
import { endpoints, expectByContract, expectEntity, isAbsent, nameOf } from './contract.js';
import { notCalled } from './reasons.js';
import { clientOf, ok, post, type Client, type StatusJson } from './support.js';

/**
 * Walks the contract: a happy call to each endpoint with real data, its answer held to its schema. None is skipped
 * silently: an endpoint that is missing here fails the test.
 */

let instance: Instance;
let alice: TestUser, bob: TestUser, carol: TestUser;
let A: Client, B: Client, C: Client, N: Client;
let site: Server;
let peer: Peer;
let remote: PeerActor;
let origin: string;
const passed: string[] = [];

beforeAll(async () => {
  instance = await startInstance({ emailSubscriptions: 'everyone' });
  alice = await instance.createUser('alice', { role: 'owner' });
  bob = await instance.createUser('bob');
  carol = await instance.createUser('carol', { locked: true });
  await instance.createUser('dora', { password });
  peer = await startPeer();
  remote = peer.actor('remote');
  [A, B, C, N] = [
    clientOf(instance, alice),
    clientOf(instance, bob),
    clientOf(instance, carol),
    clientOf(instance),
  ];
  site = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/html' }).end('<title>A story</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}, 900_000);
afterAll(async () => {
  await instance.close();
  await peer.close();
  await new Promise((resolve) => site.close(resolve));
});

const everybody = 'https://www.w3.org/ns/activitystreams#Public';
let activities = 0;

async function fromPeer(activity: JsonObject): Promise<void> {
  activities += 1;
  const id = `${peer.origin}/activities/${activities}`;
  const sent = { id, actor: remote.uri, ...activity };
  expect(await peer.send(`${instance.url}/inbox`, sent, remote)).toBe(202);
  await instance.idle();
}

function remoteNote(): JsonObject {
  activities += 1;
  const id = `${peer.origin}/notes/${activities}`;
  const audience = { to: [everybody], cc: [remote.followers] };
  const object = { id, type: 'Note', attributedTo: remote.uri, content: '<p>From afar</p>', ...audience };
  return { type: 'Create', ...audience, object };
}

async function remoteId(): Promise<string> {
  const query = { resolve: true, type: 'accounts', q: `@remote@${peer.host}` };
  const { accounts } = await ok<{ accounts: Thing[] }>(A.get('/api/v2/search', query));
  return accounts[0]?.id ?? '';
}

interface Thing {
  id: string;
  [member: string]: unknown;
}

/** Makes the call, holds it to the contract, and remembers that the endpoint passed. Empty lists prove nothing. */
async function step<T = Thing>(endpoint: string, call: Test, { empty = false } = {}): Promise<T> {
  const [method = '', path = ''] = endpoint.split(' ');
  const known = endpoints.find((e) => e.method === method && e.path === path);
  if (!known) throw new Error(`The contract has no ${endpoint}`);
  const pattern = new RegExp(`^${path.replace(/:[a-z_]+/g, '[^/]+')}$`);
  expect(new URL(call.url).pathname).toMatch(pattern);
  const body = await ok<T>(call);
  if (Array.isArray(body) && !empty)
    expect({ endpoint, items: body.length }).not.toEqual({ endpoint, items: 0 });
  expectByContract(method, path, body);
  passed.push(endpoint);
  return body;
}

const account = (user: TestUser, rest = ''): string => `/api/v1/accounts/${user.account._id}${rest}`;

test('accounts and relationships', async () => {
  await step('GET /api/v1/accounts/verify_credentials', A.get('/api/v1/accounts/verify_credentials'));
  await step(
    'PATCH /api/v1/accounts/update_credentials',
    B.patch('/api/v1/accounts/update_credentials', { note: 'Hi' }),
  );
  await step('GET /api/v1/accounts', N.get('/api/v1/accounts', { id: [bob.account._id] }));
  await step('GET /api/v1/accounts/:id', N.get(account(bob)));
  await step('GET /api/v1/accounts/lookup', N.get('/api/v1/accounts/lookup', { acct: 'bob' }));
  await setEmailSubscriptions(instance.ctx, alice, true);
  await step(
    'POST /api/v1/accounts/:account_id/email_subscriptions',
    N.post(account(alice, '/email_subscriptions'), { email: 'reader@mail.example' }),
  );
  await step('GET /api/v1/accounts/search', A.get('/api/v1/accounts/search', { q: 'bob' }));
  await step('POST /api/v1/accounts/:id/follow', A.post(account(bob, '/follow')));
  await ok(B.post(account(alice, '/follow')));
  await ok(C.post(account(alice, '/follow')));
  await step('GET /api/v1/accounts/:id/followers', N.get(account(bob, '/followers')));
  await step('GET /api/v1/accounts/:id/following', N.get(account(alice, '/following')));
  await step(
    'GET /api/v1/accounts/relationships',
    A.get('/api/v1/accounts/relationships', { id: [bob.account._id] }),
  );
  await step(
    'GET /api/v1/accounts/familiar_followers',
    A.get('/api/v1/accounts/familiar_followers', { id: [bob.account._id] }),
  );
  await step('POST /api/v1/accounts/:id/note', A.post(account(bob, '/note'), { comment: 'nice' }));
  await step('POST /api/v1/accounts/:id/endorse', A.post(account(bob, '/endorse')));
  await step('POST /api/v1/accounts/:id/pin', A.post(account(bob, '/pin')));
  await step('GET /api/v1/endorsements', A.get('/api/v1/endorsements'));
  await step('GET /api/v1/accounts/:id/endorsements', N.get(account(alice, '/endorsements')));
  await step('POST /api/v1/accounts/:id/unpin', A.post(account(bob, '/unpin')));
  await step('POST /api/v1/accounts/:id/unendorse', A.post(account(bob, '/unendorse')));
  await ok(A.post(account(carol, '/follow')));
  await step('GET /api/v1/follow_requests', C.get('/api/v1/follow_requests'));
  const requests = `/api/v1/follow_requests/${alice.account._id}`;
  await step('POST /api/v1/follow_requests/:account_id/reject', C.post(`${requests}/reject`));
  await ok(A.post(account(carol, '/follow')));
  await step('POST /api/v1/follow_requests/:account_id/authorize', C.post(`${requests}/authorize`));
  await step(
    'POST /api/v1/accounts/:id/remove_from_followers',
    C.post(account(alice, '/remove_from_followers')),
  );
  await step('POST /api/v1/accounts/:id/mute', A.post(account(carol, '/mute')));
  await step('GET /api/v1/mutes', A.get('/api/v1/mutes'));
  await step('POST /api/v1/accounts/:id/unmute', A.post(account(carol, '/unmute')));
  await step('POST /api/v1/accounts/:id/block', A.post(account(carol, '/block')));
  await step('GET /api/v1/blocks', A.get('/api/v1/blocks'));
  await step('POST /api/v1/accounts/:id/unblock', A.post(account(carol, '/unblock')));
  await ok(C.post(account(alice, '/follow')));
  await step('POST /api/v1/accounts/:id/unfollow', C.post(account(alice, '/unfollow')));
  await step('POST /api/v1/domain_blocks', A.post('/api/v1/domain_blocks', { domain: 'bad.example' }));
  await step('GET /api/v1/domain_blocks', A.get('/api/v1/domain_blocks'));
  await step(
    'GET /api/v1/domain_blocks/preview',
    A.get('/api/v1/domain_blocks/preview', { domain: 'bad.example' }),
  );
  await step('DELETE /api/v1/domain_blocks', A.delete('/api/v1/domain_blocks', { domain: 'bad.example' }));
  await step('GET /api/v1/suggestions', C.get('/api/v1/suggestions'));
  await step('GET /api/v2/suggestions', C.get('/api/v2/suggestions'));
  await step('DELETE /api/v1/suggestions/:account_id', C.delete(`/api/v1/suggestions/${bob.account._id}`));
  await step('GET /api/v1/directory', N.get('/api/v1/directory'));
  await step('GET /api/v1/profile', A.get('/api/v1/profile'));
  await step('PATCH /api/v1/profile', A.patch('/api/v1/profile', { note: 'Hello' }));
  await step('DELETE /api/v1/profile/avatar', A.delete('/api/v1/profile/avatar'));
  await step('DELETE /api/v1/profile/header', A.delete('/api/v1/profile/header'));
  await step('GET /api/v1/preferences', A.get('/api/v1/preferences'));
  await step('POST /api/v1/reports', A.post('/api/v1/reports', { account_id: carol.account._id }));
  await step('GET /api/v1/emails/check_confirmation', A.get('/api/v1/emails/check_confirmation'));
});

test('statuses, polls and media', async () => {
  const one = (s: Thing, rest = ''): string => `/api/v1/statuses/${s.id}${rest}`;
  const status = await step<StatusJson>(
    'POST /api/v1/statuses',
    A.post('/api/v1/statuses', { status: '#walk Hello' }),
  );
  await step('GET /api/v1/statuses', N.get('/api/v1/statuses', { id: [status.id] }));
  await step('GET /api/v1/statuses/:id', N.get(one(status)));
  await step('PUT /api/v1/statuses/:id', A.put(one(status), { status: '#walk Hello again' }));
  await step('GET /api/v1/statuses/:id/history', N.get(one(status, '/history')));
  await step('GET /api/v1/statuses/:id/source', A.get(one(status, '/source')));
  await step(
    'PUT /api/v1/statuses/:id/interaction_policy',
    A.put(one(status, '/interaction_policy'), { quote_approval_policy: 'public' }),
  );
  await post(B, { status: '@alice Reply', in_reply_to_id: status.id });
  await step('GET /api/v1/statuses/:id/context', N.get(one(status, '/context')));
  await step('POST /api/v1/statuses/:id/favourite', B.post(one(status, '/favourite')));
  await step('GET /api/v1/statuses/:id/favourited_by', N.get(one(status, '/favourited_by')));
  await step('GET /api/v1/favourites', B.get('/api/v1/favourites'));
  await step('POST /api/v1/statuses/:id/reblog', B.post(one(status, '/reblog')));
  await step('GET /api/v1/statuses/:id/reblogged_by', N.get(one(status, '/reblogged_by')));
  await step('POST /api/v1/statuses/:id/bookmark', B.post(one(status, '/bookmark')));
  await step('GET /api/v1/bookmarks', B.get('/api/v1/bookmarks'));
  await step('POST /api/v1/statuses/:id/unbookmark', B.post(one(status, '/unbookmark')));
  await step('POST /api/v1/statuses/:id/mute', B.post(one(status, '/mute')));
  await step('POST /api/v1/statuses/:id/unmute', B.post(one(status, '/unmute')));
  await step('POST /api/v1/statuses/:id/pin', A.post(one(status, '/pin')));
  await step('POST /api/v1/statuses/:id/unpin', A.post(one(status, '/unpin')));
  const quoting = await post(B, { status: 'Indeed', quoted_status_id: status.id });
  await step('GET /api/v1/statuses/:id/quotes', A.get(one(status, '/quotes')));
  await step(
    'POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke',
    A.post(one(status, `/quotes/${quoting.id}/revoke`)),
  );
  await step('GET /api/v1/accounts/:id/statuses', N.get(account(alice, '/statuses')));
  await step('POST /api/v1/statuses/:id/unreblog', B.post(one(status, '/unreblog')));
  await step('POST /api/v1/statuses/:id/unfavourite', B.post(one(status, '/unfavourite')));
  await step('GET /api/oembed', N.get('/api/oembed', { url: status['url'] }));
  const poll = await post(A, { status: 'Poll', poll: { options: ['a', 'b'], expires_in: 600 } });
  await step('GET /api/v1/polls/:id', N.get(`/api/v1/polls/${poll.id}`));
  await step('POST /api/v1/polls/:id/votes', B.post(`/api/v1/polls/${poll.id}/votes`, { choices: [0] }));
  await step('DELETE /api/v1/statuses/:id', A.delete(one(poll)));

  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const media = await step('POST /api/v2/media', A.post('/api/v2/media').attach('file', png, 'a.png'));
  await step('POST /api/v1/media', A.post('/api/v1/media').attach('file', png, 'a.png'));
  await step('GET /api/v1/media/:id', A.get(`/api/v1/media/${media.id}`));
  await step('PUT /api/v1/media/:id', A.put(`/api/v1/media/${media.id}`, { description: 'Red' }));
  await step('DELETE /api/v1/media/:id', A.delete(`/api/v1/media/${media.id}`));

  const at = new Date(Date.now() + 3_600_000).toISOString();
  const later = await ok<Thing>(A.post('/api/v1/statuses', { status: 'Later', scheduled_at: at }));
  await step('GET /api/v1/scheduled_statuses', A.get('/api/v1/scheduled_statuses'));
  await step('GET /api/v1/scheduled_statuses/:id', A.get(`/api/v1/scheduled_statuses/${later.id}`));
  await step(
    'PUT /api/v1/scheduled_statuses/:id',
    A.put(`/api/v1/scheduled_statuses/${later.id}`, { scheduled_at: at }),
  );
  await step('DELETE /api/v1/scheduled_statuses/:id', A.delete(`/api/v1/scheduled_statuses/${later.id}`));
});

test('timelines, lists, tags, search and trends', async () => {
  for (const client of [A, B]) {
    const made = await post(client, `#walk ${origin}/story`);
    for (const other of [A, B]) await ok(other.post(`/api/v1/statuses/${made.id}/favourite`));
  }
  await post(B, { status: '@alice Psst', visibility: 'direct' });
  const list = await step('POST /api/v1/lists', A.post('/api/v1/lists', { title: 'Pals' }));
  await step('GET /api/v1/lists', A.get('/api/v1/lists'));
  await step('GET /api/v1/lists/:id', A.get(`/api/v1/lists/${list.id}`));
  await step('PUT /api/v1/lists/:id', A.put(`/api/v1/lists/${list.id}`, { title: 'Friends' }));
  const members = `/api/v1/lists/${list.id}/accounts`;
  await step('POST /api/v1/lists/:id/accounts', A.post(members, { account_ids: [bob.account._id] }));
  await step('GET /api/v1/lists/:id/accounts', A.get(members));
  await step('GET /api/v1/accounts/:id/lists', A.get(account(bob, '/lists')));
  await instance.idle();
  await step('GET /api/v1/timelines/list/:list_id', A.get(`/api/v1/timelines/list/${list.id}`));
  await step('DELETE /api/v1/lists/:id/accounts', A.delete(members, { account_ids: [bob.account._id] }));
  await step('DELETE /api/v1/lists/:id', A.delete(`/api/v1/lists/${list.id}`));
  await step('GET /api/v1/timelines/home', A.get('/api/v1/timelines/home'));
  await step('GET /api/v1/timelines/public', N.get('/api/v1/timelines/public'));
  await step('GET /api/v1/timelines/tag/:hashtag', N.get('/api/v1/timelines/tag/walk'));
  await step('GET /api/v1/timelines/link', N.get('/api/v1/timelines/link', { url: `${origin}/story` }));
  await step('GET /api/v1/timelines/direct', A.get('/api/v1/timelines/direct'));
  const [conversation] = await step<Thing[]>('GET /api/v1/conversations', A.get('/api/v1/conversations'));
  const direct = `/api/v1/conversations/${conversation?.id}`;
  await step('POST /api/v1/conversations/:id/read', A.post(`${direct}/read`));
  await step('POST /api/v1/conversations/:id/unread', A.post(`${direct}/unread`));
  await step('DELETE /api/v1/conversations/:id', A.delete(direct));
  const home = { last_read_id: '1' };
  await step('POST /api/v1/markers', A.post('/api/v1/markers', { home }));
  await step('GET /api/v1/markers', A.get('/api/v1/markers', { timeline: ['home'] }));
  await step('GET /api/v2/search', A.get('/api/v2/search', { q: 'walk' }));
  await step('GET /api/v1/trends', N.get('/api/v1/trends'));
  await step('GET /api/v1/trends/tags', N.get('/api/v1/trends/tags'));
  await step('GET /api/v1/trends/links', N.get('/api/v1/trends/links'));
  await step('GET /api/v1/trends/statuses', N.get('/api/v1/trends/statuses'));
  await step('GET /api/v1/tags/:name', N.get('/api/v1/tags/walk'));
  await step('POST /api/v1/tags/:name/follow', A.post('/api/v1/tags/walk/follow'));
  await step('GET /api/v1/followed_tags', A.get('/api/v1/followed_tags'));
  await step('POST /api/v1/tags/:name/unfollow', A.post('/api/v1/tags/walk/unfollow'));
  await step('GET /api/v1/featured_tags/suggestions', A.get('/api/v1/featured_tags/suggestions'));
  await step('POST /api/v1/tags/:id/feature', A.post('/api/v1/tags/walk/feature'));
  await step('POST /api/v1/tags/:id/unfeature', A.post('/api/v1/tags/walk/unfeature'));
  const featured = await step(
    'POST /api/v1/featured_tags',
    A.post('/api/v1/featured_tags', { name: 'walk' }),
  );
  await step('GET /api/v1/featured_tags', A.get('/api/v1/featured_tags'));
  await step('GET /api/v1/accounts/:id/featured_tags', N.get(account(alice, '/featured_tags')));
  await step('DELETE /api/v1/featured_tags/:id', A.delete(`/api/v1/featured_tags/${featured.id}`));
});

test('filters', async () => {
  const body = { title: 'F', context: ['home'], keywords_attributes: [{ keyword: 'x' }] };
  const filter = await step('POST /api/v2/filters', A.post('/api/v2/filters', body));
  const path = `/api/v2/filters/${filter.id}`;
  await step('GET /api/v2/filters', A.get('/api/v2/filters'));
  await step('GET /api/v2/filters/:id', A.get(path));
  await step('PUT /api/v2/filters/:id', A.put(path, { title: 'G' }));
  const keyword = await step(
    'POST /api/v2/filters/:filter_id/keywords',
    A.post(`${path}/keywords`, { keyword: 'y' }),
  );
  await step('GET /api/v2/filters/:filter_id/keywords', A.get(`${path}/keywords`));
  await step('GET /api/v2/filters/keywords/:id', A.get(`/api/v2/filters/keywords/${keyword.id}`));
  await step(
    'PUT /api/v2/filters/keywords/:id',
    A.put(`/api/v2/filters/keywords/${keyword.id}`, { keyword: 'z' }),
  );
  await step('DELETE /api/v2/filters/keywords/:id', A.delete(`/api/v2/filters/keywords/${keyword.id}`));
  const { id: statusId } = await post(B, 'Filter me');
  const entry = await step(
    'POST /api/v2/filters/:filter_id/statuses',
    A.post(`${path}/statuses`, { status_id: statusId }),
  );
  await step('GET /api/v2/filters/:filter_id/statuses', A.get(`${path}/statuses`));
  await step('GET /api/v2/filters/statuses/:id', A.get(`/api/v2/filters/statuses/${entry.id}`));
  await step('DELETE /api/v2/filters/statuses/:id', A.delete(`/api/v2/filters/statuses/${entry.id}`));
  await step('DELETE /api/v2/filters/:id', A.delete(path));
  const old = { phrase: 'x', context: ['home'] };
  const first = await step('POST /api/v1/filters', A.post('/api/v1/filters', old));
  await step('GET /api/v1/filters', A.get('/api/v1/filters'));
  await step('GET /api/v1/filters/:id', A.get(`/api/v1/filters/${first.id}`));
  await step('PUT /api/v1/filters/:id', A.put(`/api/v1/filters/${first.id}`, old));
  await step('DELETE /api/v1/filters/:id', A.delete(`/api/v1/filters/${first.id}`));
});

test('notifications and push', async () => {
  await instance.idle();
  const [one, two, three] = await step<Thing[]>('GET /api/v1/notifications', A.get('/api/v1/notifications'));
  await step('GET /api/v1/notifications/:id', A.get(`/api/v1/notifications/${one?.id}`));
  await step('GET /api/v1/notifications/unread_count', A.get('/api/v1/notifications/unread_count'));
  await step('POST /api/v1/notifications/:id/dismiss', A.post(`/api/v1/notifications/${one?.id}/dismiss`));
  await step('DELETE /api/v1/notifications/:id', A.delete(`/api/v1/notifications/${two?.id}`));
  await step(
    'DELETE /api/v1/notifications/destroy_multiple',
    A.delete('/api/v1/notifications/destroy_multiple', { ids: [three?.id] }),
  );
  const { notification_groups: groups } = await step<{ notification_groups: { group_key: string }[] }>(
    'GET /api/v2/notifications',
    A.get('/api/v2/notifications'),
  );
  const group = `/api/v2/notifications/${groups[0]?.group_key}`;
  await step('GET /api/v2/notifications/:group_key', A.get(group));
  await step('GET /api/v2/notifications/:group_key/accounts', A.get(`${group}/accounts`));
  await step('GET /api/v2/notifications/unread_count', A.get('/api/v2/notifications/unread_count'));
  await step('POST /api/v2/notifications/:group_key/dismiss', A.post(`${group}/dismiss`));
  await step('POST /api/v1/notifications/clear', A.post('/api/v1/notifications/clear'));
  await step('POST /api/v2/notifications/clear', A.post('/api/v2/notifications/clear'));
  await step('GET /api/v1/notifications/policy', A.get('/api/v1/notifications/policy'));
  await step(
    'PUT /api/v1/notifications/policy',
    A.put('/api/v1/notifications/policy', { filter_not_following: true }),
  );
  await step('GET /api/v2/notifications/policy', A.get('/api/v2/notifications/policy'));
  await step(
    'PATCH /api/v2/notifications/policy',
    A.patch('/api/v2/notifications/policy', { for_not_following: 'filter' }),
  );
  const requests = '/api/v1/notifications/requests';
  const strangers = [];
  for (const name of ['s1', 's2', 's3', 's4'])
    strangers.push(clientOf(instance, await instance.createUser(name)));
  for (const stranger of strangers) await post(stranger, '@alice Hello');
  await instance.idle();
  const found = await step<Thing[]>('GET /api/v1/notifications/requests', A.get(requests));
  const [r1, r2, r3, r4] = found.map((r) => r.id);
  await step('GET /api/v1/notifications/requests/:id', A.get(`${requests}/${r1}`));
  await step('POST /api/v1/notifications/requests/:id/accept', A.post(`${requests}/${r1}/accept`));
  await step('POST /api/v1/notifications/requests/:id/dismiss', A.post(`${requests}/${r2}/dismiss`));
  await step('POST /api/v1/notifications/requests/accept', A.post(`${requests}/accept`, { id: [r3] }));
  await step('POST /api/v1/notifications/requests/dismiss', A.post(`${requests}/dismiss`, { id: [r4] }));
  await step('GET /api/v1/notifications/requests/merged', A.get(`${requests}/merged`));

  const device = createECDH('prime256v1');
  const keys = {
    p256dh: device.generateKeys().toString('base64url'),
    auth: Buffer.alloc(16).toString('base64url'),
  };
  const push = '/api/v1/push/subscription';
  await step(
    'POST /api/v1/push/subscription',
    A.post(push, { subscription: { endpoint: 'https://push.example/', keys } }),
  );
  await step('GET /api/v1/push/subscription', A.get(push));
  await step('PUT /api/v1/push/subscription', A.put(push, { data: { alerts: { mention: true } } }));
  await step('DELETE /api/v1/push/subscription', A.delete(push));
});

test('the instance, apps and announcements', async () => {
  const { db } = instance.ctx;
  const text = { text: 'Words', updatedAt: '2025-02-03T04:05:06.000Z' };
  const rules = [{ id: '1', text: 'Be kind', hint: '' }];
  await db.instance.updateOne({ _id: '1' }, { $set: { privacyPolicy: text, terms: text, rules } });
  await db.domainRules.insertOne({
    _id: '1',
    domain: 'spam.example',
    severity: 'suspend',
    rejectMedia: false,
    rejectReports: false,
    privateComment: null,
    publicComment: 'Spam',
    obfuscate: false,
    createdAt: text.updatedAt,
  });
  await db.customEmojis.insertOne({
    _id: '1',
    shortcode: 'wave',
    domain: null,
    key: 'wave',
    path: 'aa/wave.png',
    staticPath: null,
    remoteUrl: null,
    category: null,
    visibleInPicker: true,
    disabled: false,
    updatedAt: text.updatedAt,
  });
  await step('GET /api/v1/instance', N.get('/api/v1/instance'));
  await step('GET /api/v2/instance', N.get('/api/v2/instance'));
  for (const name of [
    'activity',
    'domain_blocks',
    'extended_description',
    'languages',
    'privacy_policy',
    'rules',
    'terms_of_service',
    'translation_languages',
  ])
    await step(`GET /api/v1/instance/${name}`, N.get(`/api/v1/instance/${name}`));
  await step(
    'GET /api/v1/instance/terms_of_service/:date',
    N.get('/api/v1/instance/terms_of_service/2025-02-03'),
  );
  await remoteId();
  await step('GET /api/v1/instance/peers', N.get('/api/v1/instance/peers'));
  await step('GET /api/v1/peers/search', N.get('/api/v1/peers/search', { q: peer.host.slice(0, 5) }));
  await step('GET /api/v1/custom_emojis', N.get('/api/v1/custom_emojis'));
  await step(
    'POST /api/v1/apps',
    N.post('/api/v1/apps', { client_name: 'x', redirect_uris: 'urn:ietf:wg:oauth:2.0:oob' }),
  );
  await step('GET /api/v1/apps/verify_credentials', A.get('/api/v1/apps/verify_credentials'));
  const { _id: id } = await publishAnnouncement(instance.ctx, { text: 'News' });
  await step('GET /api/v1/announcements', A.get('/api/v1/announcements'));
  const reaction = `/api/v1/announcements/${id}/reactions/${encodeURIComponent('🎉')}`;
  await step('PUT /api/v1/announcements/:id/reactions/:name', A.put(reaction));
  await step('DELETE /api/v1/announcements/:id/reactions/:name', A.delete(reaction));
  await step('POST /api/v1/announcements/:id/dismiss', A.post(`/api/v1/announcements/${id}/dismiss`));
  const person = {
    username: 'newcomer',
    email: 'new@mail.example',
    password: 'correct horse',
    agreement: true,
    locale: 'en',
  };
  const { app } = await registerApp(instance.ctx, {
    name: 'x',
    redirectUris: ['urn:ietf:wg:oauth:2.0:oob'],
    scopes: ['read', 'write'],
  });
  const { secret } = await issueToken(instance.ctx, { app, user: null, scopes: ['read', 'write'] });
  const made = await step<{ access_token: string }>(
    'POST /api/v1/accounts',
    clientOf(instance, { token: secret }).post('/api/v1/accounts', person),
  );
  await instance.ctx.db.users.updateOne({ email: person.email }, { $set: { confirmedAt: null } });
  const newcomer = clientOf(instance, { token: made.access_token });
  await step('POST /api/v1/emails/confirmations', newcomer.post('/api/v1/emails/confirmations'));
});

const callback = 'https://client.example/callback';

test('OAuth', async () => {
  const scope = 'read write profile';
  const made = await ok<{ client_id: string; client_secret: string }>(
    N.post('/api/v1/apps', { client_name: 'Walker', redirect_uris: callback, scopes: scope }),
  );
  const client = { client_id: made.client_id, client_secret: made.client_secret };
  await step('GET /.well-known/oauth-authorization-server', N.get('/.well-known/oauth-authorization-server'));
  const query = { response_type: 'code', redirect_uri: callback, scope, client_id: made.client_id };
  const path = `/oauth/authorize?${new URLSearchParams(query).toString()}`;
  const page = await N.get(path);
  expect({ status: page.status, type: page.type }).toEqual({ status: 200, type: 'text/html' });
  const code = await authorizeByHand(instance, `${instance.url}${path}`, 'dora');
  passed.push('GET /oauth/authorize');
  const granted = await step<{ access_token: string; scope: string }>(
    'POST /oauth/token',
    N.post('/oauth/token', { ...client, grant_type: 'authorization_code', code, redirect_uri: callback }),
  );
  expect(granted.scope).toBe(scope);
  const D = clientOf(instance, { token: granted.access_token });
  await step('GET /oauth/userinfo', D.get('/oauth/userinfo'));
  await step('POST /oauth/userinfo', D.post('/oauth/userinfo'));
  await step('POST /oauth/revoke', N.post('/oauth/revoke', { ...client, token: granted.access_token }));
  expect((await D.get('/oauth/userinfo')).status).toBe(401);
});

test('discovery and health', async () => {
  await step('GET /health', N.get('/health'));
  const host = new URL(instance.url).host;
  const webfinger = await ok<{ subject: string }>(
    N.get('/.well-known/webfinger', { resource: `acct:alice@${host}` }),
    'application/jrd+json',
  );
  expect(webfinger.subject).toBe(`acct:alice@${host}`);
  const meta = await N.get('/.well-known/host-meta');
  expect(meta.text).toContain('/.well-known/webfinger?resource={uri}');
  const { links } = await ok<{ links: { rel: string; href: string }[] }>(N.get('/.well-known/nodeinfo'));
  expect(links.map((l) => l.href)).toContain(`${instance.url}/nodeinfo/2.0`);
  const nodeinfo = await N.get('/nodeinfo/2.0');
  expect(nodeinfo.body).toMatchObject({ version: '2.0', metadata: { upstream: { name: 'mastodon' } } });
  for (const name of ['webfinger', 'host-meta', 'nodeinfo']) passed.push(`GET /.well-known/${name}`);
  passed.push('GET /nodeinfo/2.0');
});

test('streams', async () => {
  const health = await N.get('/api/v1/streaming/health');
  expect([health.status, health.text]).toEqual([200, 'OK']);
  passed.push('GET /api/v1/streaming/health');
  await ok(A.post(account(bob, '/follow')));
  await ok(A.post('/api/v1/accounts/' + (await remoteId()) + '/follow'));
  const follow = await peer.next((d) => d.activity.type === 'Follow');
  await fromPeer({ type: 'Accept', object: follow.activity });
  const list = await ok<Thing>(A.post('/api/v1/lists', { title: 'Streamed' }));
  await ok(A.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [bob.account._id] }));
  const streams: Record<string, { query?: string; says: () => Promise<unknown>; event?: string }> = {
    user: { says: () => post(B, 'To followers') },
    'user/notification': { says: () => post(B, '@alice Listen'), event: 'notification' },
    public: { says: () => post(B, 'To all') },
    'public/local': { says: () => post(B, 'To all here') },
    'public/remote': { says: () => fromPeer(remoteNote()) },
    hashtag: { query: '?tag=walking', says: () => post(B, '#walking') },
    'hashtag/local': { query: '?tag=walking', says: () => post(B, '#walking home') },
    list: { query: `?list=${list.id}`, says: () => post(B, 'To a list') },
    direct: { says: () => post(B, { status: '@alice Psst', visibility: 'direct' }), event: 'conversation' },
  };
  const entities: Record<string, string> = {
    update: 'Status',
    notification: 'Notification',
    conversation: 'Conversation',
  };
  for (const [name, { query = '', says, event = 'update' }] of Object.entries(streams)) {
    const ear = await openEvents(instance.url, `/api/v1/streaming/${name}${query}`, alice.token);
    expect({ name, status: ear.status, type: ear.headers['content-type'] }).toEqual({
      name,
      status: 200,
      type: 'text/event-stream',
    });
    await says();
    const heard = await ear.next((r) => r.event === event);
    expectEntity(heard.payload, entities[event] ?? '');
    await ear.close();
    passed.push(`GET /api/v1/streaming/${name}`);
  }
  const socket = await openSocket(instance.url, alice.token, { query: { stream: 'user' } });
  await post(B, 'To a socket');
  const heard = await socket.next((r) => r.event === 'update');
  expectEntity({ ...heard, payload: JSON.stringify(heard.payload) }, 'StreamingEvent');
  await socket.close();
  passed.push('GET /api/v1/streaming');
});

test('every endpoint of the contract was called, or says why not', () => {
  const done = new Set(passed);
  const wanted = endpoints.filter((e) => !isAbsent(e) && e.tier !== 'admin' && !notCalled[nameOf(e)]);
  expect(wanted.map(nameOf).filter((name) => !done.has(name))).toEqual([]);
  process.stdout.write(`Contract: happy calls to ${done.size} endpoints, to ${wanted.length} due\n`);
});
