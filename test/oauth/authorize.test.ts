import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { personOf, startBase, type Base } from '../http/support.js';
import {
  authorizeUrl,
  callback,
  codeFor,
  decide,
  formOf,
  oauthApp,
  outOfBand,
  password,
  register,
  request,
  submitSignIn,
  toConsent,
  type Agent,
  type RegisteredClient,
} from './support.js';

let base: Base;
let app: Express;
let client: RegisteredClient;
let agent: Agent;

beforeAll(async () => {
  base = await startBase({ url: 'http://localhost:3000' });
  app = oauthApp(base.ctx);
  await personOf(base.ctx, { username: 'alice', password });
  await personOf(base.ctx, { username: 'mod', password, role: 'moderator' });
  client = await register(app, {
    redirect_uris: [
      callback,
      `${callback}?keep=1`,
      outOfBand,
      'icecubesapp://',
      'com.tapbots.Ivory.219:/request_token/1',
    ],
    scopes: 'read write follow push admin:read',
  });
});
afterAll(() => base.close());
beforeEach(() => {
  agent = request.agent(app);
});

const url = (params: Record<string, string> = {}) =>
  authorizeUrl({ client_id: client.client_id, scope: 'read write', ...params });

describe('the way to a code', () => {
  test('sign in, consent, back to the client with code and state', async () => {
    const first = await agent.get(url({ state: 'a b&c=d' })).expect(200);
    expect(first.text).toContain('Elk');
    expect(formOf(first.text).action).toBe('/auth/sign_in');
    const signedIn = await submitSignIn(agent, first.text, { username: 'alice' });
    expect(signedIn.status).toBe(302);
    expect(signedIn.headers['location']).toMatch(/^\/oauth\/authorize\?/);
    const consent = await agent.get(signedIn.headers['location']!).expect(200);
    expect(consent.text).toContain('@alice@localhost:3000');
    expect(consent.text).toContain('Post, edit and delete');
    expect(consent.text).toContain('client.example');
    const done = await decide(agent, consent.text, 'allow');
    expect(done.status).toBe(302);
    const target = new URL(done.headers['location']!);
    expect(target.origin + target.pathname).toBe(callback);
    expect(target.searchParams.get('state')).toBe('a b&c=d');
    expect(target.searchParams.get('code')).toMatch(/^[\w-]{43}$/);
  });

  test('with a session only consent is asked for', async () => {
    await codeFor(agent, url(), 'alice');
    const again = await agent.get(url()).expect(200);
    expect(formOf(again.text).action).toBe('/oauth/authorize');
  });

  test.each([
    ['a scheme of the client', 'icecubesapp://', /^icecubesapp:\/\/\?code=[\w-]+&state=s$/],
    [
      'a scheme with a path',
      'com.tapbots.Ivory.219:/request_token/1',
      /^com\.tapbots\.Ivory\.219:\/request_token\/1\?code=[\w-]+&state=s$/,
    ],
    [
      'a target with a query',
      `${callback}?keep=1`,
      /^https:\/\/client\.example\/callback\?keep=1&code=[\w-]+&state=s$/,
    ],
  ])('%s is kept as registered', async (_name, redirect_uri, expected) => {
    const res = await decide(
      agent,
      await toConsent(agent, url({ redirect_uri, state: 's' }), 'alice'),
      'allow',
    );
    expect(res.headers['location']).toMatch(expected);
  });

  test('out of band shows the code on a page', async () => {
    const res = await decide(
      agent,
      await toConsent(agent, url({ redirect_uri: outOfBand }), 'alice'),
      'allow',
    );
    expect(res.headers['location']).toMatch(/^\/oauth\/authorize\/native\?code=/);
    const page = await agent.get(res.headers['location']!).expect(200);
    const code = new URL(res.headers['location']!, 'http://x').searchParams.get('code')!;
    expect(page.text).toContain(`>${code}</code>`);
    await request(app).get('/oauth/authorize/native?code=<script>').expect(400);
  });

  test('a trailing slash is fine (toot)', async () => {
    await agent.get(url().replace('/oauth/authorize?', '/oauth/authorize/?')).expect(200);
  });

  test('refusing goes back with access_denied, or says so on a page', async () => {
    const res = await decide(agent, await toConsent(agent, url({ state: 's' }), 'alice'), 'deny');
    const target = new URL(res.headers['location']!);
    expect(Object.fromEntries(target.searchParams)).toMatchObject({ error: 'access_denied', state: 's' });
    const oob = await decide(
      agent,
      await toConsent(agent, url({ redirect_uri: outOfBand }), 'alice'),
      'deny',
    );
    expect(oob.status).toBe(400);
    expect(oob.body).toMatchObject({ error: 'access_denied' });
  });

  test('force_login and prompt=login ask for the password although there is a session', async () => {
    await codeFor(agent, url(), 'alice');
    for (const wish of [{ force_login: 'true' }, { prompt: 'login' }, { prompt: 'select_account' }]) {
      const page = await agent.get(url(wish)).expect(200);
      expect(page.text).toContain('name="password"');
      const signedIn = await submitSignIn(agent, page.text, { username: 'mod' });
      const consent = await agent.get(signedIn.headers['location']!).expect(200);
      expect(consent.text).toContain('@mod@localhost:3000');
    }
  });

  test('prompt=none shows nothing', async () => {
    const res = await agent.get(url({ prompt: 'none', state: 's' })).expect(302);
    expect(res.headers['location']).toMatch(/^https:\/\/client\.example\/callback\?error=login_required&/);
    await codeFor(agent, url(), 'alice');
    const signedIn = await agent.get(url({ prompt: 'none' })).expect(302);
    expect(signedIn.headers['location']).toContain('error=consent_required');
  });

  test('admin scopes are offered to staff only', async () => {
    const wish = url({ scope: 'read admin:read' });
    expect(await toConsent(request.agent(app), wish, 'mod')).toContain('admin:read</code>');
    expect(await toConsent(request.agent(app), wish, 'alice')).not.toContain('admin:read</code>');
    const only = await toConsent(request.agent(app), url({ scope: 'admin:read' }), 'alice');
    expect(only).toContain('invalid_scope');
  });
});

describe('requests that cannot go on', () => {
  const cases: [name: string, params: Record<string, string>, error: string][] = [
    ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
    ['another path', { redirect_uri: `${callback}/../x` }, 'invalid_redirect_uri'],
    ['an added query', { redirect_uri: `${callback}?x=1` }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uri: `${callback}#f` }, 'invalid_redirect_uri'],
    [
      'a longer host',
      { redirect_uri: 'https://client.example.evil.example/callback' },
      'invalid_redirect_uri',
    ],
    ['user info', { redirect_uri: 'https://client.example@evil.example/callback' }, 'invalid_redirect_uri'],
    ['other case', { redirect_uri: 'https://client.example/CALLBACK' }, 'invalid_redirect_uri'],
    ['a port', { redirect_uri: 'https://client.example:443/callback' }, 'invalid_redirect_uri'],
    ['no redirect_uri', { redirect_uri: '' }, 'invalid_redirect_uri'],
    ['response_type=token', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response_type', { response_type: '' }, 'unsupported_response_type'],
    ['an unknown scope', { scope: 'read root' }, 'invalid_scope'],
    ['a scope it was not registered for', { scope: 'read admin:write' }, 'invalid_scope'],
    ['plain PKCE', { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE without method', { code_challenge: 'x'.repeat(43) }, 'invalid_request'],
    ['a challenge of one letter', { code_challenge: 'x', code_challenge_method: 'S256' }, 'invalid_request'],
    ['an endless state', { state: 'x'.repeat(5000) }, 'invalid_request'],
  ];
  test.each(cases)('%s: a page, or JSON, and no redirect', async (_name, params, error) => {
    const page = await agent.get(url(params)).set('Accept', 'text/html').expect(400);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.text).toContain(`<code>${error}</code>`);
    expect(page.headers['location']).toBeUndefined();
    const json = await agent.get(url(params)).set('Accept', 'application/json').expect(400);
    expect(json.body).toEqual({ error, error_description: expect.any(String) });
  });

  test('parameters given twice', async () => {
    await agent.get(`${url()}&redirect_uri=https%3A%2F%2Fevil.example`).expect(400);
    await agent.get(`${url()}&client_id[a]=x`).expect(400);
  });

  test('what a page shows is escaped', async () => {
    const evil = await register(app, { client_name: '<script>alert(1)</script>' });
    const page = await toConsent(
      agent,
      authorizeUrl({ client_id: evil.client_id, scope: 'read', state: '"><script>x</script>' }),
      'alice',
    );
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(1)');
    const error = await agent
      .get(url({ scope: '<script>x</script>' }))
      .set('Accept', 'text/html')
      .expect(400);
    expect(error.text).not.toContain('<script>');
  });
});

describe('forms from elsewhere', () => {
  const codes = () => base.ctx.db.authorizationCodes.countDocuments({});

  test.each([
    ['no token', { csrf: '' }, {}],
    ['a wrong token', { csrf: 'x'.repeat(32) }, {}],
    ['a foreign origin', {}, { Origin: 'https://evil.example' }],
  ])('consent with %s makes no code', async (_name, change, headers) => {
    const { action, fields } = formOf(await toConsent(agent, url(), 'alice'));
    const before = await codes();
    await agent
      .post(action)
      .set(headers)
      .type('form')
      .send({ ...fields, ...change, decision: 'allow' })
      .expect(403);
    expect(await codes()).toBe(before);
  });

  test("another person's token, JSON as plain text, and no session", async () => {
    const { action, fields } = formOf(await toConsent(agent, url(), 'alice'));
    const other = request.agent(app);
    await toConsent(other, url(), 'mod');
    const before = await codes();
    await other
      .post(action)
      .type('form')
      .send({ ...fields, decision: 'allow' })
      .expect(403);
    await agent
      .post(action)
      .set('Content-Type', 'text/plain')
      .send(JSON.stringify({ ...fields, decision: 'allow' }))
      .expect(400);
    const anonymous = await request(app)
      .post(action)
      .type('form')
      .send({ ...fields, decision: 'allow' })
      .expect(302);
    expect(anonymous.headers['location']).toMatch(/^\/oauth\/authorize\?/);
    expect(await codes()).toBe(before);
  });

  test('the same origin is fine', async () => {
    const { action, fields } = formOf(await toConsent(agent, url(), 'alice'));
    await agent
      .post(action)
      .set('Origin', 'http://localhost:3000')
      .type('form')
      .send({ ...fields, decision: 'allow' })
      .expect(302);
  });

  test('everything is checked again when the form comes back', async () => {
    const { action, fields } = formOf(await toConsent(agent, url(), 'alice'));
    const before = await codes();
    for (const change of [
      { redirect_uri: 'https://evil.example/' },
      { scope: 'read admin:write' },
      { client_id: 'other' },
      { response_type: 'token' },
    ])
      await agent
        .post(action)
        .type('form')
        .send({ ...fields, ...change, decision: 'allow' })
        .expect(400);
    expect(await codes()).toBe(before);
  });

  test('the consent page cannot be framed and does not bar the way to client schemes', async () => {
    await toConsent(agent, url(), 'alice');
    const page = await agent.get(url()).expect(200);
    expect(page.headers['x-frame-options']).toBe('DENY');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['content-security-policy']).not.toContain('form-action');
    expect(page.headers['cross-origin-opener-policy']).toBeUndefined();
    expect(page.headers['cache-control']).toContain('no-store');
    expect(page.text).not.toContain('<script');
    const css = /href="(\/assets\/landfall-[0-9a-f]{12}\.css)"/.exec(page.text)?.[1];
    const style = await agent.get(css!).expect(200);
    expect(style.headers['content-type']).toMatch(/^text\/css/);
    expect(style.headers['cache-control']).toContain('immutable');
  });
});
