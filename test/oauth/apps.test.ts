import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { hashSecret } from '../../src/domain/secrets.js';
import { startBase, type Base } from '../http/support.js';
import { callback, oauthApp, outOfBand, register, request } from './support.js';

let base: Base;
let app: Express;
beforeAll(async () => {
  base = await startBase();
  app = oauthApp(base.ctx);
});
afterAll(() => base.close());

describe('POST /api/v1/apps', () => {
  test('answers the CredentialApplication entity; the secret is stored hashed', async () => {
    const client = await register(app, { website: 'https://elk.zone' });
    expect(client).toEqual({
      id: expect.stringMatching(/^\d{18}$/),
      name: 'Elk',
      website: 'https://elk.zone',
      scopes: ['read', 'write', 'follow', 'push'],
      redirect_uris: [callback],
      redirect_uri: callback,
      vapid_key: expect.stringMatching(/^B[\w-]{86}$/),
      client_id: expect.stringMatching(/^[\w-]{43}$/),
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
    });
    const stored = await base.ctx.db.apps.findOne({ clientId: client.client_id });
    expect(stored?.clientSecretHash).toBe(hashSecret(client.client_secret));
    expect(JSON.stringify(stored)).not.toContain(client.client_secret);
  });

  const fields = {
    client_name: 'Tusky',
    redirect_uris: 'oauth2redirect://com.keylesspalace.tusky/',
    scopes: 'read write follow push',
  };
  test.each([
    ['form', () => request(app).post('/api/v1/apps').type('form').send(fields)],
    ['multipart', () => request(app).post('/api/v1/apps').field(fields)],
    ['query', () => request(app).post(`/api/v1/apps?${new URLSearchParams(fields).toString()}`)],
    ['trailing slash', () => request(app).post('/api/v1/apps/').send(fields)],
  ])('by %s', async (_name, send) => {
    const res = await send().expect(200);
    expect(res.body.redirect_uris).toEqual([fields.redirect_uris]);
    expect(res.body.website).toBeNull();
  });

  const elk = 'https://elk.zone/api/social.example/oauth/https%3A%2F%2Felk.zone';
  const ivory = 'com.tapbots.Ivory.219:/request_token/12AB';
  test.each([
    ['one text', callback, [callback]],
    ['lines', `${callback}\n${ivory}\r\n${outOfBand}`, [callback, ivory, outOfBand]],
    ['a list', [elk, 'icecubesapp://'], [elk, 'icecubesapp://']],
    ['a query of its own', 'https://client.example/cb?a=b', ['https://client.example/cb?a=b']],
    ['http on loopback', 'http://127.0.0.1:8085/', ['http://127.0.0.1:8085/']],
  ])('redirect_uris as %s, any scheme, kept verbatim', async (_name, given, kept) => {
    const client = await register(app, { redirect_uris: given });
    expect(client['redirect_uris']).toEqual(kept);
    expect(client['redirect_uri']).toBe(kept.join('\n'));
  });

  test('admin scopes, profile and single parts are accepted; without any it is read', async () => {
    const scopes = 'read write:media profile admin:read admin:write:reports';
    expect((await register(app, { scopes }))['scopes']).toEqual(scopes.split(' '));
    expect((await register(app, { scopes: undefined }))['scopes']).toEqual(['read']);
    expect((await register(app, { scopes: '' }))['scopes']).toEqual(['read']);
    expect((await register(app, { scopes: ['read', 'write'] }))['scopes']).toEqual(['read', 'write']);
  });

  test.each([
    ['no name', { client_name: '' }, "Validation failed: Name can't be blank"],
    ['a blank name', { client_name: '   ' }, "Validation failed: Name can't be blank"],
    [
      'a long name',
      { client_name: 'x'.repeat(61) },
      'Validation failed: Name is too long (maximum is 60 characters)',
    ],
    ['no redirect_uris', { redirect_uris: undefined }, "Validation failed: Redirect URI can't be blank"],
    [
      'javascript:',
      { redirect_uris: 'javascript:alert(1)' },
      'Validation failed: Redirect URI is forbidden by the server.',
    ],
    [
      'javascript: in disguise',
      { redirect_uris: 'JaVaScRiPt:alert(1)' },
      'Validation failed: Redirect URI is forbidden by the server.',
    ],
    [
      'data:',
      { redirect_uris: 'data:text/html,x' },
      'Validation failed: Redirect URI is forbidden by the server.',
    ],
    [
      'vbscript: among others',
      { redirect_uris: [callback, 'vbscript:x'] },
      'Validation failed: Redirect URI is forbidden by the server.',
    ],
    [
      'a fragment',
      { redirect_uris: `${callback}#x` },
      'Validation failed: Redirect URI cannot contain a fragment.',
    ],
    ['a relative one', { redirect_uris: '/cb' }, 'Validation failed: Redirect URI must be an absolute URI.'],
    [
      'a blank inside',
      { redirect_uris: 'https://a.example/x y' },
      'Validation failed: Redirect URI must be an absolute URI.',
    ],
    [
      'a very long one',
      { redirect_uris: `${callback}${'x'.repeat(2000)}` },
      'Validation failed: Redirect URI is too long (maximum is 2000 characters)',
    ],
    [
      'an unknown scope',
      { scopes: 'read everything' },
      "Validation failed: Scopes doesn't match configured on the server.",
    ],
    [
      'a website that is a script',
      { website: 'javascript:alert(1)' },
      'Validation failed: Website must be a valid URL',
    ],
  ])('refuses %s', async (_name, change, error) => {
    const before = await base.ctx.db.apps.countDocuments({});
    const body = { client_name: 'x', redirect_uris: callback, scopes: 'read', ...change };
    const res = await request(app).post('/api/v1/apps').send(body).expect(422);
    expect(res.body).toEqual({ error });
    expect(await base.ctx.db.apps.countDocuments({})).toBe(before);
  });

  test('wrong types are refused, not served', async () => {
    for (const body of [
      { client_name: {} },
      { client_name: ['a', { b: 1 }] },
      { client_name: 'x', redirect_uris: { a: { b: 1 } } },
      { client_name: 'x', redirect_uris: [1, null] },
    ]) {
      const res = await request(app).post('/api/v1/apps').send(body);
      expect(res.status).toBe(422);
    }
  });
});

test('GET /api/v1/apps/verify_credentials tells any token its app, and no secret', async () => {
  const client = await register(app);
  const { client_id, client_secret } = client;
  const { body } = await request(app)
    .post('/oauth/token')
    .send({ grant_type: 'client_credentials', client_id, client_secret })
    .expect(200);
  const res = await request(app)
    .get('/api/v1/apps/verify_credentials')
    .set('Authorization', `Bearer ${body.access_token}`)
    .expect(200);
  expect(res.body).toEqual({
    id: client['id'],
    name: 'Elk',
    website: null,
    scopes: ['read', 'write', 'follow', 'push'],
    redirect_uris: [callback],
    redirect_uri: callback,
    vapid_key: expect.stringMatching(/^B[\w-]{86}$/),
  });
  await request(app)
    .get('/api/v1/apps/verify_credentials')
    .expect(401, { error: 'The access token is invalid' });
});

test('the metadata names every endpoint under the public origin, and S256 alone', async () => {
  const res = await request(app).get('/.well-known/oauth-authorization-server').expect(200);
  const origin = 'https://social.example';
  expect(res.body).toMatchObject({
    issuer: origin,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    app_registration_endpoint: `${origin}/api/v1/apps`,
    revocation_endpoint: `${origin}/oauth/revoke`,
    userinfo_endpoint: `${origin}/oauth/userinfo`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
  });
  expect(res.body.scopes_supported).toEqual(
    expect.arrayContaining(['read', 'write', 'follow', 'push', 'profile', 'admin:read']),
  );
  expect(res.headers['access-control-allow-origin']).toBe('*');
});
