import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { expectEntity } from '../api/contract.js';
import { personOf, startBase, tokenOf, type Base } from '../http/support.js';
import { oauthApp, register, request } from './support.js';

/** Every answer of this room against the contract's JSON Schemas. */

let base: Base;
let app: Express;
beforeAll(async () => {
  base = await startBase({ registrations: 'open' });
  app = oauthApp(base.ctx);
});
afterAll(() => base.close());

test('CredentialApplication, Token, Application', async () => {
  const client = await register(app, { website: 'https://elk.zone' });
  expectEntity(client, 'CredentialApplication');
  const { client_id, client_secret } = client;
  const token = await request(app)
    .post('/oauth/token')
    .send({ grant_type: 'client_credentials', client_id, client_secret, scope: 'write' });
  expectEntity(token.body, 'Token');
  const bearer = { Authorization: `Bearer ${token.body.access_token}` };
  expectEntity((await request(app).get('/api/v1/apps/verify_credentials').set(bearer)).body, 'Application');
  const signUp = await request(app).post('/api/v1/accounts').set(bearer).send({});
  expect(signUp.status).toBe(422);
  expectEntity(signUp.body, 'AccountCreateError');
  const good = { username: 'alice', email: 'alice@mail.example', password: 'long enough', agreement: true };
  expectEntity(
    (await request(app).post('/api/v1/accounts').set(bearer).send(good).expect(200)).body,
    'Token',
  );
  expectEntity(
    (await request(app).post('/oauth/revoke').send({ client_id, client_secret, token: 'x' }).expect(200))
      .body,
    'Empty',
  );
  expectEntity((await request(app).post('/oauth/token').send({}).expect(401)).body, 'Error');
});

test('OAuthServerMetadata, OAuthUserInfo, Error', async () => {
  expectEntity(
    (await request(app).get('/.well-known/oauth-authorization-server')).body,
    'OAuthServerMetadata',
  );
  const { user } = await personOf(base.ctx, { username: 'bob' });
  const token = await tokenOf(base.ctx, user, ['profile']);
  expectEntity(
    (await request(app).get('/oauth/userinfo').set('Authorization', `Bearer ${token}`).expect(200)).body,
    'OAuthUserInfo',
  );
  expectEntity((await request(app).get('/api/v1/none').expect(404)).body, 'Error');
});
