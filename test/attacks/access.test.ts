import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { WebSocket } from 'ws';
import { endAllAccess } from '../../src/domain/sessions.js';
import {
  deleteAccountAsStaff,
  setPassword,
  suspendAccount,
  unsuspendAccount,
} from '../../src/domain/staff.js';
import { issueToken } from '../../src/domain/tokens.js';
import { createClient } from '../support/client.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type InstanceOverrides } from '../support/instance.js';
import {
  authorizeUrl,
  callback,
  codeFor,
  formOf,
  pkce,
  register,
  request,
  toConsent,
} from '../oauth/support.js';
import { raw, type Answer, type Status } from './kit.js';

const password = 'correct horse battery';
const clock = createTestClock();
let us: Instance;
let admin: string;
let user: string;
beforeAll(async () => {
  us = await startInstance({ clock });
  const scopes = ['read', 'write', 'follow', 'push', 'admin:read', 'admin:write'];
  await us.createUser('owner', { role: 'owner', password });
  user = (await us.createUser('bob', { password })).token;
  admin = (await us.createUser('mal', { scopes, password })).token;
});
afterAll(() => us?.close());

const json: [string, string] = ['Content-Type', 'application/json'];
const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`];
const call = (method: string, path: string, token?: string, body?: object): Promise<Answer> =>
  raw(
    { us },
    {
      method,
      path,
      lines: [json, ...(token === undefined ? [] : [bearer(token)])],
      ...(body && { body: JSON.stringify(body) }),
    },
  );
const agent = () => request.agent(us.app);

test('#236 OA_REDIRECT', async () => {
  const { client_id } = await register(us.app as never);
  for (const redirect_uri of [
    `${callback}/../x`,
    `${callback}?x=1`,
    `${callback}#f`,
    'https://client.example.evil.example/callback',
    'https://client.example@evil.example/callback',
    callback.toUpperCase(),
    'https://client.example:444/callback',
  ]) {
    const answer = await agent().get(authorizeUrl({ client_id, redirect_uri }));
    expect([redirect_uri, answer.status, answer.headers['location']]).toEqual([redirect_uri, 400, undefined]);
  }
});

test('#237 OA_SCHEME', async () => {
  for (const redirect_uris of [
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'java\tscript:x',
    'JAVASCRIPT:x',
  ])
    expect((await call('POST', '/api/v1/apps', undefined, { client_name: 'x', redirect_uris })).status).toBe(
      422,
    );
  expect(
    (await call('POST', '/api/v1/apps', undefined, { client_name: 'x', redirect_uris: 'myapp://cb' })).status,
  ).toBe(200);
});

test('#238 OA_POST_REVALIDATE', async () => {
  const { client_id } = await register(us.app as never);
  const browser = agent();
  const { action, fields } = formOf(
    await toConsent(browser, authorizeUrl({ client_id, scope: 'read' }), 'bob'),
  );
  for (const change of [
    { redirect_uri: 'https://evil.example/' },
    { client_id: 'nobody' },
    { scope: 'read write admin:write' },
  ]) {
    const answer = await browser
      .post(action)
      .type('form')
      .send({ ...fields, ...change, decision: 'allow' });
    expect([
      change,
      answer.status >= 400 || String(answer.headers['location']).includes('error='),
      String(answer.headers['location']).includes('evil'),
    ]).toEqual([change, true, false]);
  }
});

test('#239 OA_CSRF', async () => {
  const { client_id } = await register(us.app as never);
  const browser = agent();
  const { action, fields } = formOf(
    await toConsent(browser, authorizeUrl({ client_id, scope: 'read' }), 'bob'),
  );
  const names = Object.keys(fields).filter((name) => /csrf|token/i.test(name));
  expect(names.length).toBeGreaterThan(0);
  for (const value of ['', 'x'.repeat(32)]) {
    const forged = { ...fields, ...Object.fromEntries(names.map((n) => [n, value])), decision: 'allow' };
    expect((await browser.post(action).type('form').send(forged)).status).toBe(403);
  }
  const elsewhere = await browser
    .post(action)
    .set('Origin', 'https://evil.example')
    .type('form')
    .send({ ...fields, decision: 'allow' });
  expect(elsewhere.status).toBe(403);
});

test('#240 OA_CLICKJACK, #274 HEADERS', async () => {
  for (const path of ['/oauth/authorize', '/', '/@bob', '/nowhere']) {
    const { headers } = await raw({ us }, { method: 'GET', path, lines: [['Accept', 'text/html']] });
    expect([
      path,
      headers['content-security-policy'],
      headers['x-frame-options'],
      headers['x-content-type-options'],
      headers['x-powered-by'],
    ]).toEqual([
      path,
      expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'DENY',
      'nosniff',
      undefined,
    ]);
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
  }
});

test('#242 OA_CODE_REUSE, #243 OA_PKCE', async () => {
  const client = await register(us.app as never);
  const { verifier, challenge } = pkce();
  const url = authorizeUrl({
    client_id: client.client_id,
    scope: 'read',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const redeem = (code: string, extra: object = {}) =>
    call('POST', '/oauth/token', undefined, {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      client_secret: client.client_secret,
      redirect_uri: callback,
      code,
      code_verifier: verifier,
      ...extra,
    });
  const code = await codeFor(agent(), url, 'bob');
  for (const wrong of [
    { code_verifier: '' },
    { code_verifier: 'x'.repeat(43) },
    { redirect_uri: 'https://evil.example/' },
    { client_id: 'x' },
  ])
    expect([400, 401]).toContain((await redeem(code, wrong)).status);
  const second = await codeFor(agent(), url, 'bob');
  const first = await redeem(second);
  expect(first.status).toBe(200);
  expect((await redeem(second)).status).toBe(400);
  const { access_token } = JSON.parse(first.body) as { access_token: string };
  expect((await call('GET', '/api/v1/accounts/verify_credentials', access_token)).status).toBe(401);
  const plain = await agent().get(
    authorizeUrl({ client_id: client.client_id, code_challenge: verifier, code_challenge_method: 'plain' }),
  );
  expect(plain.status === 400 || String(plain.headers['location']).includes('error=')).toBe(true);
});

test('#243 OA_PKCE', async () => {
  const client = await register(us.app as never);
  const short = await agent().get(
    authorizeUrl({ client_id: client.client_id, code_challenge: 'a', code_challenge_method: 'S256' }),
  );
  expect(short.status === 400 || String(short.headers['location']).includes('error=')).toBe(true);
});

test('#244 OA_SCOPE', async () => {
  const client = await register(us.app as never, { scopes: 'read' });
  const asked = await agent().get(
    authorizeUrl({ client_id: client.client_id, scope: 'read write admin:write' }),
  );
  expect(asked.status === 400 || String(asked.headers['location']).includes('invalid_scope')).toBe(true);
  const { user: bob } = await us.createUser('narrow');
  const app = await us.ctx.db.apps.findOne({ clientId: client.client_id });
  if (!app) throw new Error('no app');
  const { secret } = await issueToken(us.ctx, { app, user: bob, scopes: ['read'] });
  for (const [method, path] of [
    ['POST', '/api/v1/statuses'],
    ['POST', '/api/v1/accounts/1/follow'],
    ['GET', '/api/v1/admin/accounts'],
    ['PATCH', '/api/v1/accounts/update_credentials'],
    ['POST', '/api/v2/media'],
  ] as const)
    expect([path, (await call(method, path, secret)).status]).toEqual([path, 403]);
});

test('#245 OA_GRANT', async () => {
  const strict = await startInstance({ testMode: false, federateLoopback: false } as InstanceOverrides);
  await strict.createUser('x', { password });
  const client = await register(strict.app as never);
  const grant = {
    grant_type: 'password',
    client_id: client.client_id,
    client_secret: client.client_secret,
    username: 'x',
    password,
  };
  const answer = await raw(
    { us: strict },
    { path: '/oauth/token', lines: [json], body: JSON.stringify(grant) },
  );
  expect(answer.status).toBe(400);
  const implicit = await request(strict.app).get(
    authorizeUrl({ client_id: client.client_id, response_type: 'token' }),
  );
  expect(
    implicit.status === 400 || String(implicit.headers['location']).includes('unsupported_response_type'),
  ).toBe(true);
  await strict.close();
});

test('#246 OA_REVOKE, #280 STR_REVOKE', async () => {
  const client = await register(us.app as never, { scopes: 'read' });
  const stranger = await register(us.app as never);
  const { user: erin } = await us.createUser('erin');
  const app = await us.ctx.db.apps.findOne({ clientId: client.client_id });
  if (!app) throw new Error('no app');
  const { secret } = await issueToken(us.ctx, { app, user: erin, scopes: ['read'] });
  const revoke = (by: { client_id: string; client_secret: string }) =>
    call('POST', '/oauth/revoke', undefined, {
      client_id: by.client_id,
      client_secret: by.client_secret,
      token: secret,
    });
  expect((await revoke(stranger)).status).toBe(403);
  const { closed } = await openStream(secret);
  expect((await revoke(client)).status).toBe(200);
  await closed;
  expect((await call('GET', '/api/v1/accounts/verify_credentials', secret)).status).toBe(401);
});

/** Opens a stream; `closed` resolves when the server ends it. */
async function openStream(token: string): Promise<{ closed: Promise<void> }> {
  const socket = new WebSocket(
    `${us.url.replace('http', 'ws')}/api/v1/streaming?stream=user&access_token=${token}`,
  );
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { closed };
}

test('#280 STR_REVOKE, #261 SESS_REVOKE, #319 CLI_RESET, #303 MOD_SUSPEND_LOCAL', async () => {
  const acts: [string, (account: Awaited<ReturnType<Instance['createUser']>>) => Promise<unknown>][] = [
    ['ended', ({ user: u }) => endAllAccess(us.ctx, u._id)],
    ['password', ({ account }) => setPassword(us.ctx, 'cli', { account, password: 'another good password' })],
    ['suspended', ({ account }) => suspendAccount(us.ctx, 'cli', account)],
    ['deleted', ({ account }) => deleteAccountAsStaff(us.ctx, 'cli', account)],
  ];
  for (const [name, act] of acts) {
    const made = await us.createUser(`user_${name}`, { password });
    const { closed } = await openStream(made.token);
    await act(made);
    await closed;
    await us.idle();
    expect([
      name,
      [401, 403].includes((await call('GET', '/api/v1/accounts/verify_credentials', made.token)).status),
    ]).toEqual([name, true]);
    expect(await us.ctx.db.webSessions.countDocuments({ userId: made.user._id })).toBe(0);
  }
});

test('#261 SESS_REVOKE', async () => {
  const { client_id } = await register(us.app as never);
  const made = await us.createUser('fran', { password });
  const browser = agent();
  await toConsent(browser, authorizeUrl({ client_id, scope: 'read' }), 'fran');
  await setPassword(us.ctx, 'cli', { account: made.account, password: 'another good password' });
  expect((await browser.get(authorizeUrl({ client_id, scope: 'read' }))).text).toContain('name="password"');
});

test('#303 MOD_SUSPEND_LOCAL', async () => {
  const made = await us.createUser('gone', { password });
  const client = createClient(us.url, made.token);
  const form = new FormData();
  const data = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#c0ffee' } })
    .png()
    .toBuffer();
  form.set('file', new Blob([new Uint8Array(data)], { type: 'image/png' }), 'a.png');
  const headers = { authorization: `Bearer ${made.token}` };
  const uploaded = await fetch(`${us.url}/api/v2/media`, { method: 'POST', headers, body: form });
  const media = (await uploaded.json()) as { id: string; url: string };
  const status = await client.post<Status>('/api/v1/statuses', { status: 'before', media_ids: [media.id] });
  const file = new URL(media.url).pathname;
  const read = (path: string): Promise<Answer> => {
    const accept = path === '/@gone' ? 'text/html' : 'application/activity+json';
    return raw({ us }, { method: 'GET', path, lines: [['Accept', accept]] });
  };
  const hidden = [
    '/@gone',
    `/api/v1/statuses/${status.id}`,
    new URL(status.uri).pathname,
    '/users/gone/outbox',
    file,
  ];
  for (const path of hidden) expect([path, (await read(path)).status]).toEqual([path, 200]);
  await suspendAccount(us.ctx, 'cli', made.account);
  clock.advance({ seconds: 11 });
  for (const path of hidden) {
    const { status: code, body } = await read(path);
    expect([path, [403, 404, 410].includes(code), body.includes('before')]).toEqual([path, true, false]);
  }
  // The actor stays, to say that it is suspended; nobody signs in as it.
  const actor = JSON.parse((await read('/users/gone')).body) as { suspended?: boolean };
  expect(actor.suspended).toBe(true);
  const browser = agent();
  const signIn = formOf((await browser.get('/auth/sign_in')).text);
  const told = await browser
    .post(signIn.action)
    .type('form')
    .send({ ...signIn.fields, username: 'gone', password });
  expect([told.status, told.text.includes('currently disabled')]).toEqual([403, true]);
  // All of it can be taken back.
  const account = await us.ctx.db.accounts.findOne({ _id: made.account._id });
  if (account) await unsuspendAccount(us.ctx, 'cli', account);
  clock.advance({ seconds: 11 });
  for (const path of hidden) expect([path, (await read(path)).status]).toEqual([path, 200]);
});

test('#319 CLI_RESET', async () => {
  const made = await us.createUser('reset', { password });
  const old = (await us.ctx.db.users.findOne({ _id: made.user._id }))?.passwordHash;
  await setPassword(us.ctx, 'cli', { account: made.account, password: 'another good password' });
  const now = (await us.ctx.db.users.findOne({ _id: made.user._id }))?.passwordHash;
  expect(now).toMatch(/^\$argon2id\$/);
  expect(now).not.toBe(old);
});

test('#247 OA_TOKEN_LEAK', async () => {
  const page = await raw({ us }, { method: 'GET', path: '/@bob', lines: [['Accept', 'text/html']] });
  expect(page.headers['referrer-policy']).toBe('same-origin');
});

test('#248 OA_ADMIN_ROUTES', async () => {
  for (const path of [
    '/oauth/applications',
    '/oauth/token/info',
    '/oauth/authorized_applications.json',
    '/pghero',
    '/sidekiq',
  ]) {
    const { status } = await call('GET', path, user);
    expect([path, [302, 303, 401, 403, 404].includes(status)]).toEqual([path, true]);
  }
});

test('#250 OPEN_REDIR', async () => {
  for (const path of [
    '/web/%2Fevil.example',
    '//evil.example',
    '/%5Cevil.example',
    '/\\evil.example',
    '/auth/sign_in?return_to=https://evil.example',
    '/auth/sign_in?return_to=//evil.example',
    '/redirect?url=https://evil.example',
    '/authorize_interaction?uri=https://evil.example/',
  ]) {
    const { headers } = await raw({ us }, { method: 'GET', path, lines: [['Accept', 'text/html']] });
    expect([path, String(headers['location'] ?? '/').replace(us.url, '')]).toEqual([
      path,
      expect.stringMatching(/^\/(?![/\\])/),
    ]);
  }
});

test('#271 ADMIN_AUTHZ, #165 COSTLY_UNAUTH', async () => {
  const paths: [string, string][] = [
    ['GET', '/api/v1/admin/accounts'],
    ['GET', '/api/v2/admin/accounts'],
    ['POST', '/api/v1/admin/accounts/1/action'],
    ['DELETE', '/api/v1/admin/accounts/1'],
    ['GET', '/api/v1/admin/reports'],
    ['GET', '/api/v1/admin/domain_blocks'],
    ['POST', '/api/v1/admin/domain_blocks'],
    ['GET', '/api/v1/admin/ip_blocks'],
    ['POST', '/api/v1/admin/measures'],
    ['POST', '/api/v1/admin/dimensions'],
    ['POST', '/api/v1/admin/retention'],
  ];
  for (const [method, path] of paths) {
    const statuses = await Promise.all([
      call(method, path),
      call(method, path, user),
      call(method, path, admin),
    ]);
    expect([path, statuses.map((a) => [401, 403, 404].includes(a.status))]).toEqual([
      path,
      [true, true, true],
    ]);
  }
});

test('#165 COSTLY_UNAUTH', async () => {
  const range = { start_at: '1900-01-01', end_at: '2100-01-01', frequency: 'day', keys: ['new_users'] };
  for (const path of ['measures', 'dimensions', 'retention'])
    expect((await call('POST', `/api/v1/admin/${path}`, undefined, range)).status).toBe(401);
});

test('#273 CORS', async () => {
  const preflight = await raw(
    { us },
    {
      method: 'OPTIONS',
      path: '/api/v1/statuses',
      lines: [
        ['Origin', 'https://evil.example'],
        ['Access-Control-Request-Method', 'POST'],
      ],
    },
  );
  expect([
    preflight.headers['access-control-allow-origin'],
    preflight.headers['access-control-allow-credentials'],
  ]).toEqual(['*', undefined]);
  const consent = await raw(
    { us },
    {
      method: 'GET',
      path: '/oauth/authorize',
      lines: [
        ['Origin', 'https://evil.example'],
        ['Accept', 'text/html'],
      ],
    },
  );
  expect(consent.headers['access-control-allow-origin']).toBeUndefined();
});

test('#276 METHOD_GET', async () => {
  for (const path of [
    '/auth/sign_out',
    '/api/v1/accounts/1/follow',
    '/api/v1/accounts/1/block',
    '/api/v1/statuses/1/reblog',
    '/oauth/revoke',
    '/oauth/token',
  ]) {
    const { status } = await call('GET', path, user);
    expect([path, [404, 405].includes(status)]).toEqual([path, true]);
  }
});

test('#270 MASS_ASSIGN', async () => {
  const before = await us.ctx.db.users.findOne({ email: 'bob@mail.example' });
  await call('PATCH', '/api/v1/accounts/update_credentials', user, {
    role: 'owner',
    admin: true,
    domain: 'evil.example',
    uri: 'https://evil.example/',
    _id: '1',
    display_name: 'Bob',
  });
  expect(await us.ctx.db.users.findOne({ email: 'bob@mail.example' })).toEqual(before);
  expect(await us.ctx.db.accounts.findOne({ acctKey: 'bob' })).toMatchObject({
    domain: null,
    uri: `${us.url}/users/bob`,
    displayName: 'Bob',
  });
});

test('#268 IDEMPOTENCY', async () => {
  const lines: [string, string][] = [json, ['Idempotency-Key', 'same-key']];
  const say = (token: string, status: string) =>
    raw(
      { us },
      { path: '/api/v1/statuses', lines: [...lines, bearer(token)], body: JSON.stringify({ status }) },
    );
  const answers = await Promise.all(Array.from({ length: 6 }, () => say(user, 'once')));
  const ids = answers.filter((a) => a.status === 200).map((a) => (JSON.parse(a.body) as Status).id);
  expect(new Set(ids).size).toBe(1);
  const other = await us.createUser('second');
  expect((JSON.parse((await say(other.token, 'mine')).body) as Status).id).not.toBe(ids[0]);
});

test('#279 STR_AUTH', async () => {
  for (const query of [
    'stream=user',
    'stream=public',
    'stream=user&access_token=nonsense',
    `stream=user&access_token=${'x'.repeat(4000)}`,
  ]) {
    const code = await new Promise<number>((resolve) => {
      const socket = new WebSocket(`${us.url.replace('http', 'ws')}/api/v1/streaming?${query}`);
      socket.on('unexpected-response', (_req, res) => {
        resolve(res.statusCode ?? 0);
        socket.terminate();
      });
      socket.on('open', () => resolve(101));
      socket.on('error', () => undefined);
    });
    expect([query.slice(0, 30), [401, 403].includes(code)]).toEqual([query.slice(0, 30), true]);
  }
});

test('#293 STATIC_TRAV, #298 SECRETS', async () => {
  for (const path of [
    '/media/..%2f..%2fsecrets.json',
    '/media/../secrets.json',
    '/%2e%2e/secrets.json',
    '/assets/%00',
    '/media/.env',
    '/.env',
    '/config',
    '/secrets.json',
    '/media/%2fetc%2fpasswd',
    '/data/landfall.db',
    '/media/aa%00.png',
    '/.git/config',
    '/package.json',
  ])
    expect([path, [400, 404].includes((await call('GET', path)).status)]).toEqual([path, true]);
});

test('#297 TIMING_CMP, #254 LOGIN_HASH', async () => {
  const { token } = await us.createUser('hashed', { password });
  const stored = JSON.stringify(await us.ctx.db.accessTokens.find({}).toArray());
  expect(stored).not.toContain(token);
  const found = await us.ctx.db.users.findOne({ email: 'hashed@mail.example' });
  const [, m, t, p] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(found?.passwordHash ?? '') ?? [];
  expect([Number(m) >= 19_456, Number(t) >= 2, Number(p) >= 1]).toEqual([true, true, true]);
  expect(createHash('sha256').update(token).digest('hex')).not.toBe(token);
});

test('#254 LOGIN_HASH', async () => {
  expect(JSON.stringify(await us.ctx.db.users.find({}).toArray())).not.toContain(password);
});

test('#253 LOGIN_LONG', async () => {
  const client = await register(us.app as never, { scopes: 'read' });
  const { passwords } = us.ctx;
  const { verify } = passwords;
  const hashed: number[] = [];
  passwords.verify = (hash, given) => {
    hashed.push(given.length);
    return verify(hash, given);
  };
  const long = {
    grant_type: 'password',
    client_id: client.client_id,
    client_secret: client.client_secret,
    username: 'bob',
    password: 'a'.repeat(900_000),
  };
  const { status } = await call('POST', '/oauth/token', undefined, long);
  passwords.verify = verify;
  expect([400, 401, 413]).toContain(status);
  // The cost of Argon2id grows with what it is given: that much it never is.
  expect(hashed.every((length) => length <= 1000)).toBe(true);
});

test('#188 VIS_IDOR', async () => {
  const bob = createClient(us.url, user);
  const list = await bob.post<{ id: string }>('/api/v1/lists', { title: 'mine' });
  const filter = await bob.post<{ id: string }>('/api/v2/filters', {
    title: 'f',
    context: ['home'],
    keywords_attributes: [{ keyword: 'x' }],
  });
  const status = await bob.post<Status>('/api/v1/statuses', { status: 'Mine' });
  const eve = await us.createUser('eve');
  for (const [method, path] of [
    ['GET', `/api/v1/lists/${list.id}`],
    ['PUT', `/api/v1/lists/${list.id}`],
    ['DELETE', `/api/v1/lists/${list.id}`],
    ['GET', `/api/v1/lists/${list.id}/accounts`],
    ['GET', `/api/v1/timelines/list/${list.id}`],
    ['GET', `/api/v2/filters/${filter.id}`],
    ['DELETE', `/api/v2/filters/${filter.id}`],
    ['GET', `/api/v2/filters/${filter.id}/keywords`],
    ['DELETE', `/api/v1/statuses/${status.id}`],
    ['GET', `/api/v1/statuses/${status.id}/source`],
    ['PUT', `/api/v1/statuses/${status.id}`],
    ['POST', `/api/v1/statuses/${status.id}/pin`],
  ] as const) {
    const { status: code } = await call(
      method,
      path,
      eve.token,
      method === 'PUT' ? { title: 'x', status: 'x' } : undefined,
    );
    expect([method, path, code === 404 || code === 403 || code === 422 || path.endsWith('/source')]).toEqual([
      method,
      path,
      true,
    ]);
  }
  expect((await call('GET', `/api/v1/lists/${list.id}`, user)).status).toBe(200);
  expect((await call('GET', `/api/v1/statuses/${status.id}`, user)).status).toBe(200);
});
