import { createECDH, createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expectEntities, expectEntity } from '../api/contract.js';
import { clientOf, ok, post, type StatusJson } from '../api/support.js';
import { decide, toConsent } from '../oauth/support.js';
import { openSocket } from '../streaming/kit.js';
import type { Instance, TestUser } from '../support/instance.js';
import { recordCalls, startTown, tell, type Recorder } from './kit.js';

/**
 * What each client sends when somebody signs in with it and when it starts, in its order and its encoding, and what it
 * cannot do without in the answers.
 */

type Sent = { form?: Record<string, string>; json?: object; query?: Record<string, string>; basic?: string };

/** One installation of a client: it signs in as somebody and calls with its token. */
interface Device {
  token: string | null;
  call<T = Json>(method: string, path: string, sent?: Sent): Promise<Answer<T>>;
  /** As `call`, when it must go well. */
  good<T = Json>(method: string, path: string, sent?: Sent): Promise<T>;
}

type Json = Record<string, unknown>;
interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

let instance: Instance;
let people: Record<'alice' | 'bob' | 'carol', TestUser>;
let recorder: Recorder;
let said: StatusJson;
const scopes = 'read write follow push';

beforeAll(async () => {
  ({ instance, people } = await startTown(['alice', 'bob', 'carol']));
  const [alice, bob, carol] = [people.alice, people.bob, people.carol].map((p) => clientOf(instance, p));
  if (!alice || !bob || !carol) throw new Error('three people are needed');
  await ok(alice.post(`/api/v1/accounts/${people.bob.account._id}/follow`));
  await ok(carol.post(`/api/v1/accounts/${people.alice.account._id}/follow`));
  said = await post(bob, { status: '@alice #start Hello', poll: { options: ['a', 'b'], expires_in: 600 } });
  const mine = await post(alice, 'Mine');
  await ok(alice.post(`/api/v1/statuses/${mine.id}/pin`));
  await ok(alice.post('/api/v1/featured_tags', { name: 'start' }));
  await ok(alice.post('/api/v1/tags/start/follow'));
  await ok(alice.post('/api/v1/lists', { title: 'Friends' }));
  await ok(
    alice.post('/api/v2/filters', {
      title: 'F',
      context: ['home'],
      keywords_attributes: [{ keyword: 'zzz' }],
    }),
  );
  await instance.idle();
  recorder = recordCalls(instance);
});
afterAll(async () => {
  tell(recorder.summary('start-ups'));
  await instance.close();
  recorder.stop();
});

function device(): Device {
  const call: Device['call'] = async (method, path, { form, json, query, basic } = {}) => {
    const url = new URL(path, instance.url);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.append(name, value);
    const headers = new Headers({ Accept: 'application/json' });
    if (made.token) headers.set('Authorization', `Bearer ${made.token}`);
    if (basic) headers.set('Authorization', `Basic ${Buffer.from(basic).toString('base64')}`);
    if (json) headers.set('Content-Type', 'application/json');
    const body = json ? JSON.stringify(json) : form ? new URLSearchParams(form) : null;
    const sent = { method, headers, redirect: 'manual' as const, ...(body !== null && { body }) };
    const res = await fetch(url, sent);
    expect(res.headers.get('content-type')).toMatch(/^application\/json/);
    return { status: res.status, headers: res.headers, body: (await res.json()) as never };
  };
  const made: Device = {
    token: null,
    call,
    good: async (method, path, sent) => {
      const { status, body } = await call(method, path, sent);
      expect({ path, status, body: status === 200 ? '' : body }).toEqual({ path, status: 200, body: '' });
      return body as never;
    },
  };
  return made;
}

/** What a person does in the browser that the client opened. @returns where the browser is sent */
async function consent(query: Record<string, string>, path = '/oauth/authorize'): Promise<string> {
  const agent = request.agent(instance.url);
  const page = await toConsent(agent, `${path}?${new URLSearchParams(query).toString()}`, 'alice');
  return String((await decide(agent, page, 'allow')).headers['location']);
}

interface Registered extends Json {
  client_id: string;
  client_secret: string;
  redirect_uri: string;
  vapid_key: string;
}
interface Granted extends Json {
  access_token: string;
  created_at: number;
}
const codeIn = (location: string): string => /[?&]code=([^&]+)/.exec(location)?.[1] ?? '';
const isRealUrl = (value: unknown): void => expect(String(value)).toMatch(/^https?:\/\/[^/]+\/.+/);

async function exists(url: unknown): Promise<void> {
  const res = await fetch(String(url));
  expect([res.status, res.headers.get('content-type')?.split('/')[0]]).toEqual([200, 'image']);
}

describe('Elk', () => {
  test('starts', async () => {
    const d = device();
    const host = new URL(instance.url).host;
    const redirect = `https://elk.zone/api/${host}/oauth/${encodeURIComponent('https://elk.zone')}`;
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      json: { client_name: 'Elk', website: 'https://elk.zone', redirect_uris: redirect, scopes },
    });
    const location = await consent({
      client_id: app.client_id,
      scope: scopes,
      redirect_uri: redirect,
      response_type: 'code',
    });
    expect(location.startsWith(`${redirect}?code=`)).toBe(true);
    const grant = {
      redirect_uri: redirect,
      grant_type: 'authorization_code',
      code: codeIn(location),
      scope: scopes,
    };
    const stale = await d.call('POST', '/oauth/token', {
      json: { ...grant, client_id: 'gone', client_secret: 'x' },
    });
    expect(stale.body['error']).toBe('invalid_client');
    const token = await d.good<Granted>('POST', '/oauth/token', {
      json: { ...grant, client_id: app.client_id, client_secret: app.client_secret },
    });
    d.token = token.access_token;
    const site = await d.good<{
      configuration: { urls: { streaming: string }; vapid: { public_key: string } };
    }>('GET', '/api/v2/instance');
    expect(site.configuration.urls.streaming).toMatch(/^wss?:\/\//);
    expect(app.vapid_key).toBe(site.configuration.vapid.public_key);
    expect(await d.good('GET', '/nodeinfo/2.0')).toMatchObject({ version: '2.0' });
    expectEntity(await d.good('GET', '/api/v1/accounts/verify_credentials'), 'CredentialAccount');
    expectEntity(await d.good('GET', '/api/v1/preferences'), 'Preferences');
    expect((await d.call('GET', '/api/v1/push/subscription')).status).toBe(404);
    const socket = await openSocket(instance.url, token.access_token, { style: 'query' });
    socket.send({ type: 'subscribe', stream: 'user' });
    const heard = socket.next((r) => r.event === 'update');
    await post(clientOf(instance, people.bob), 'Streamed to Elk');
    expect((await heard).stream).toEqual(['user']);
    await socket.close();
  });
});

describe('Phanpy', () => {
  test('starts', async () => {
    const d = device();
    const redirect = 'https://phanpy.social/';
    const metadata = await d.good<{ code_challenge_methods_supported: string[] }>(
      'GET',
      '/.well-known/oauth-authorization-server',
    );
    expect(metadata.code_challenge_methods_supported).toContain('S256');
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      form: { client_name: 'Phanpy', redirect_uris: redirect, scopes, website: 'https://phanpy.social' },
    });
    const verifier = randomBytes(32).toString('base64url');
    const location = await consent({
      client_id: app.client_id,
      scope: scopes,
      redirect_uri: redirect,
      response_type: 'code',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const granted = await d.good<Granted>('POST', '/oauth/token', {
      form: {
        client_id: app.client_id,
        client_secret: app.client_secret,
        redirect_uri: redirect,
        grant_type: 'authorization_code',
        code: codeIn(location),
        code_verifier: verifier,
        scope: scopes,
      },
    });
    d.token = granted.access_token;
    const site = await d.good<{ api_versions: { mastodon: number } }>('GET', '/api/v2/instance');
    expect(site.api_versions.mastodon).toBeGreaterThanOrEqual(7);
    const { links } = await d.good<{ links: { rel: string; href: string }[] }>(
      'GET',
      '/.well-known/nodeinfo',
    );
    const nodeinfo = links.find((l) => l.rel.endsWith('/2.0'))?.href ?? '';
    expect(await d.good('GET', new URL(nodeinfo).pathname)).toMatchObject({
      software: { name: expect.any(String) },
    });
    expectEntity(await d.good('GET', '/api/v1/accounts/verify_credentials'), 'CredentialAccount');
    expectEntity(await d.good('GET', '/api/v1/preferences'), 'Preferences');
    await d.good('GET', '/api/v1/markers', { query: { 'timeline[]': 'notifications' } });
    // Since the version says that there are groups, it asks for nothing else.
    const groups = await d.good<{ notification_groups: object[] }>('GET', '/api/v2/notifications', {
      query: { limit: '80', expand_accounts: 'partial_avatars' },
    });
    expect(groups.notification_groups.length).toBeGreaterThan(0);
    expectEntity(groups, 'GroupedNotificationsResults');
    const quoted = await d.good<StatusJson>('POST', '/api/v1/statuses', {
      json: { status: 'Quoting', quoted_status_id: said.id },
    });
    expect(quoted['quote']).toMatchObject({ state: 'accepted' });
    const socket = await openSocket(instance.url, granted.access_token, {
      style: 'query',
      query: { stream: 'user:notification' },
    });
    const heard = socket.next((r) => r.event === 'notification');
    await post(clientOf(instance, people.bob), '@alice Are you there?');
    await heard;
    await socket.close();
  });
});

describe('Tusky', () => {
  test('starts', async () => {
    const d = device();
    const redirect = 'oauth2redirect://com.keylesspalace.tusky/';
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      form: { client_name: 'Tusky', redirect_uris: redirect, scopes, website: 'https://tusky.app' },
    });
    const location = await consent({
      client_id: app.client_id,
      redirect_uri: redirect,
      response_type: 'code',
      scope: scopes,
    });
    expect(location.startsWith(`${redirect}?code=`)).toBe(true);
    const granted = await d.good<Granted>('POST', '/oauth/token', {
      form: {
        client_id: app.client_id,
        client_secret: app.client_secret,
        redirect_uri: redirect,
        code: codeIn(location),
        grant_type: 'authorization_code',
      },
    });
    d.token = granted.access_token;
    const me = await d.good('GET', '/api/v1/accounts/verify_credentials');
    for (const name of ['url', 'avatar', 'header']) isRealUrl(me[name]);
    expect(typeof me['note']).toBe('string');
    expect(me['role']).toMatchObject({ name: expect.any(String), color: expect.any(String) });
    await d.good('GET', '/api/v1/announcements', { query: { with_dismissed: 'false' } });
    const site = await d.good<{ domain: string; version: string; configuration: { accounts: Json } }>(
      'GET',
      '/api/v2/instance',
    );
    expect(site.configuration.accounts['max_featured_tags']).toEqual(expect.any(Number));
    await d.good('GET', '/api/v1/custom_emojis');
    expectEntities(await d.good('GET', '/api/v2/filters'), 'Filter');
    await d.good('GET', '/api/v1/markers', { query: { 'timeline[]': 'notifications' } });
    // Reads upwards from what it knows, along rel=prev, until there is nothing more.
    let next = '/api/v1/notifications?limit=1&min_id=1';
    let seen = 0;
    for (let i = 0; i < 20; i += 1) {
      const { body, headers } = await d.call<object[]>('GET', next);
      seen += body.length;
      const prev = /<([^>]+)>; rel="prev"/.exec(headers.get('link') ?? '')?.[1];
      if (!prev) break;
      next = new URL(prev).pathname + new URL(prev).search;
    }
    const all = await d.good<object[]>('GET', '/api/v1/notifications', { query: { limit: '80' } });
    expect(seen).toBe(all.length);
    const subscription = await subscribe(d, 'form');
    expect(subscription['id']).toEqual(expect.any(Number));
  });
});

/** Web Push, by form or with everything in the query. All alerts are said. */
async function subscribe(d: Device, how: 'form' | 'query'): Promise<Json> {
  const keys = createECDH('prime256v1').generateKeys();
  const params: Record<string, string> = {
    'subscription[endpoint]': 'https://push.example/device',
    'subscription[keys][p256dh]': keys.toString('base64url'),
    'subscription[keys][auth]': randomBytes(16).toString('base64url'),
  };
  const kinds = ['mention', 'status', 'reblog', 'follow', 'favourite', 'poll'];
  for (const kind of kinds) params[`data[alerts][${kind}]`] = 'true';
  const made = await d.good('POST', '/api/v1/push/subscription', { [how]: params });
  expectEntity(made, 'WebPushSubscription');
  expect(made['alerts']).toMatchObject(Object.fromEntries(kinds.map((k) => [k, true])));
  return made;
}

describe('Ice Cubes', () => {
  test('starts', async () => {
    const d = device();
    // Before anybody is signed in; the button waits for it.
    const site = await d.good<
      Json & {
        version: string;
        registrations: Json;
        thumbnail: Json;
        contact: Json;
        configuration: Record<string, Json>;
      }
    >('GET', '/api/v2/instance');
    for (const name of ['title', 'domain', 'version']) expect(site[name]).toEqual(expect.any(String));
    expect(site.registrations['enabled']).toEqual(expect.any(Boolean));
    isRealUrl(site.thumbnail['url']);
    expect(site.contact['email']).toEqual(expect.any(String));
    expect(site.configuration['statuses']).toMatchObject({
      max_characters: expect.any(Number),
      max_media_attachments: expect.any(Number),
    });
    expect(site.configuration['polls']).toMatchObject({ max_options: expect.any(Number) });
    expect(Number(site.version.slice(0, 3))).toBeGreaterThanOrEqual(4.3);
    const redirect = 'icecubesapp://';
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      json: {
        client_name: 'IceCubesApp',
        redirect_uris: redirect,
        scopes,
        website: 'https://github.com/Dimillian/IceCubesApp',
      },
    });
    const location = await consent({
      client_id: app.client_id,
      redirect_uri: redirect,
      response_type: 'code',
      scope: scopes,
    });
    expect(location).toMatch(/^icecubesapp:\/\/\/?\?code=/);
    const granted = await d.good<Granted>('POST', '/oauth/token', {
      json: {
        client_id: app.client_id,
        client_secret: app.client_secret,
        redirect_uri: redirect,
        code: codeIn(location),
        grant_type: 'authorization_code',
      },
    });
    d.token = granted.access_token;
    const me = await d.good('GET', '/api/v1/accounts/verify_credentials');
    expect(me['created_at']).toMatch(/T00:00:00\.000Z$/);
    await d.good('GET', '/api/v1/instance/peers');
    expectEntities(await d.good('GET', '/api/v1/lists'), 'List');
    expectEntities(await d.good('GET', '/api/v1/followed_tags'), 'Tag');
    await d.good('GET', '/api/v1/follow_requests');
    await d.good('GET', '/api/v1/preferences');
    await d.good('GET', '/api/v1/markers', { query: { 'timeline[]': 'home' } });
    const home = await d.call<StatusJson[]>('GET', '/api/v1/timelines/home', { query: { limit: '1' } });
    expect(home.headers.get('link')).toMatch(/[?&]max_id=[0-9]+[&>]/);
    expect(home.body[0]?.['created_at']).toMatch(/\.\d{3}Z$/);
    // Everything it writes comes in the query.
    const bob = people.bob.account._id;
    const follow = await d.good('POST', `/api/v1/accounts/${bob}/follow`, {
      query: { reblogs: 'true', notify: 'true' },
    });
    expect(follow).toMatchObject({ following: true, notifying: true });
    const { id: pollId } = said['poll'] as { id: string };
    const voted = await d.good('POST', `/api/v1/polls/${pollId}/votes`, { query: { 'choices[]': '1' } });
    expect(voted).toMatchObject({ voted: true, own_votes: [1] });
    const list = await d.good('POST', '/api/v1/lists', {
      query: { title: 'Ice', replies_policy: 'list', exclusive: 'false' },
    });
    await d.good('POST', `/api/v1/lists/${String(list['id'])}/accounts`, { query: { 'account_ids[]': bob } });
    expect(
      await d.good('GET', `/api/v1/lists/${String(list['id'])}/accounts`, { query: { limit: '0' } }),
    ).toHaveLength(1);
    await d.good('POST', '/api/v1/reports', {
      query: { account_id: bob, 'status_ids[]': said.id, comment: 'x', forward: 'false' },
    });
    expect((await subscribe(d, 'query'))['id']).toEqual(expect.any(Number));
    const socket = await openSocket(instance.url, granted.access_token, { style: 'protocol' });
    expect(socket.raw.protocol).toBe(granted.access_token);
    socket.send({ type: 'subscribe', stream: 'user' });
    const heard = socket.next((r) => r.event === 'update');
    await post(clientOf(instance, people.bob), 'Streamed to Ice Cubes');
    await heard;
    await socket.close();
  });
});

describe('Ivory', () => {
  test('starts', async () => {
    const d = device();
    const redirect =
      'com.tapbots.Ivory.22300:/request_token/E1D64CE3-2C0B-41F2-9A3A-7F6B5C6F0C3F/mention?x=1';
    const all = `${scopes} admin:read admin:write`;
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      form: {
        client_name: 'Ivory',
        redirect_uris: redirect,
        scopes: all,
        website: 'https://tapbots.com/ivory',
      },
    });
    expect(app.redirect_uri).toBe(redirect);
    // Right after it registered, before anybody was asked.
    const client = { client_id: app.client_id, client_secret: app.client_secret };
    const own = await d.good<Granted>('POST', '/oauth/token', {
      form: { ...client, grant_type: 'client_credentials', redirect_uri: redirect, scope: all },
    });
    d.token = own.access_token;
    expect(await d.good('GET', '/api/v1/apps/verify_credentials')).toMatchObject({ name: 'Ivory' });
    await d.good('GET', '/api/v2/instance');
    d.token = null;
    const location = await consent({
      client_id: app.client_id,
      redirect_uri: redirect,
      response_type: 'code',
      scope: all,
    });
    expect(location.startsWith(`${redirect}&code=`)).toBe(true);
    const granted = await d.good<Granted>('POST', '/oauth/token', {
      form: {
        ...client,
        grant_type: 'authorization_code',
        code: codeIn(location),
        redirect_uri: redirect,
        scope: all,
      },
    });
    d.token = granted.access_token;
    expectEntity(await d.good('GET', '/api/v1/preferences'), 'Preferences');
    const me = await d.good<{ id: string }>('GET', '/api/v1/accounts/verify_credentials');
    expectEntity(await d.good('GET', `/api/v1/accounts/${me.id}`), 'Account');
    expectEntities(await d.good('GET', '/api/v1/lists'), 'List');
    expect((await d.good<object[]>('GET', '/api/v1/instance/languages')).length).toBeGreaterThan(100);
    const mentions = await d.good('GET', '/api/v1/notifications', {
      query: { 'types[]': 'mention', limit: '40' },
    });
    expectEntities(mentions, 'Notification');
    expectEntities(
      await d.good('GET', '/api/v1/timelines/home', { query: { limit: '40', min_id: '1' } }),
      'Status',
    );
    expectEntities(
      await d.good('GET', `/api/v1/accounts/${me.id}/statuses`, { query: { pinned: 'true' } }),
      'Status',
    );
    expectEntities(await d.good('GET', `/api/v1/accounts/${me.id}/featured_tags`), 'FeaturedTag');
    expectEntities(await d.good('GET', `/api/v1/accounts/${me.id}/followers`), 'Account');
  });
});

describe('Mona and Toot!', () => {
  test('start', async () => {
    const d = device();
    const redirect = 'mona-app://authorize';
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      form: { client_name: 'Mona', redirect_uris: redirect, scopes },
    });
    const location = await consent({
      client_id: app.client_id,
      redirect_uri: redirect,
      response_type: 'code',
      scope: scopes,
    });
    const granted = await d.good<Granted>('POST', '/oauth/token', {
      form: {
        client_id: app.client_id,
        client_secret: app.client_secret,
        grant_type: 'authorization_code',
        redirect_uri: redirect,
        code: codeIn(location),
      },
    });
    expect(Number.isInteger(granted.created_at)).toBe(true);
    expect(granted).toMatchObject({ token_type: 'Bearer', scope: scopes });
    d.token = granted.access_token;
    const site = await d.good<Json & { urls: Json; stats: Json }>('GET', '/api/v1/instance');
    expectEntity(site, 'V1_Instance');
    await exists(site['thumbnail']);
    expect(site.urls['streaming_api']).toMatch(/^wss?:\/\//);
    const me = await d.good('GET', '/api/v1/accounts/verify_credentials');
    for (const name of ['avatar', 'avatar_static', 'header', 'header_static']) await exists(me[name]);
    const [first] = await d.good<StatusJson[]>('GET', '/api/v1/timelines/home');
    expect(first?.['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});

describe('tooot and Fedilab', () => {
  test('send their credentials twice, and read the code off a page', async () => {
    const d = device();
    const redirect = 'urn:ietf:wg:oauth:2.0:oob';
    const app = await d.good<Registered>('POST', '/api/v1/apps', {
      query: { client_name: 'Fedilab', redirect_uris: redirect, scopes },
    });
    const location = await consent(
      { client_id: app.client_id, redirect_uri: redirect, response_type: 'code', scope: scopes },
      '/oauth/authorize/',
    );
    const page = await fetch(new URL(location, instance.url));
    expect([page.status, page.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
    expect(await page.text()).toContain(codeIn(location));
    const granted = await d.good<Granted>('POST', '/oauth/token', {
      basic: `${app.client_id}:${app.client_secret}`,
      form: {
        client_id: app.client_id,
        client_secret: app.client_secret,
        grant_type: 'authorization_code',
        redirect_uri: redirect,
        code: codeIn(location),
      },
    });
    d.token = granted.access_token;
    expect(await d.good('GET', '/api/v1/accounts/verify_credentials')).toMatchObject({ acct: 'alice' });
    expect(
      (
        await d.call('POST', '/oauth/revoke', {
          form: { client_id: app.client_id, client_secret: app.client_secret, token: granted.access_token },
        })
      ).body,
    ).toEqual({});
    expect((await d.call('GET', '/api/v1/accounts/verify_credentials')).status).toBe(401);
  });
});

describe('clients that fall back', () => {
  test('find JSON where something is not there', async () => {
    const d = device();
    d.token = people.alice.token;
    for (const path of [
      '/api/v1/annual_reports',
      '/api/v1/donation_campaigns',
      '/api/v1/collections/1',
      '/api/v2_alpha/notifications',
      '/api/v1/search',
      '/api/v9/none',
    ])
      expect(await d.call('GET', path)).toMatchObject({ status: 404, body: { error: expect.any(String) } });
  });

  test('no client made the server fail', () => {
    expect(recorder.failures()).toEqual([]);
  });
});
