import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createOAuthAPIClient, createRestAPIClient } from 'masto';
import { startInstance, type Instance } from '../support/instance.js';
import { authorizeUrl, codeFor, outOfBand, password, request } from './support.js';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance({ testMode: false, federateLoopback: false });
});
afterAll(() => instance.close());

test('masto.js registers, signs in, and is told who it is', async () => {
  const { url } = instance;
  await instance.createUser('alice', { password });
  const client = await createRestAPIClient({ url }).v1.apps.create({
    clientName: 'masto.js',
    redirectUris: outOfBand,
    scopes: 'read write follow push',
  });
  const where = authorizeUrl({
    client_id: client.clientId ?? '',
    redirect_uri: outOfBand,
    scope: 'read write follow push',
  });
  const code = await codeFor(request.agent(url), where, 'alice');
  const token = await createOAuthAPIClient({ url }).token.create({
    clientId: client.clientId ?? '',
    clientSecret: client.clientSecret ?? '',
    redirectUri: outOfBand,
    grantType: 'authorization_code',
    code,
    scope: 'read write follow push',
  });
  expect(token.scope).toBe('read write follow push');
  const rest = createRestAPIClient({ url, accessToken: token.accessToken });
  expect((await rest.v1.accounts.verifyCredentials()).username).toBe('alice');
  expect((await rest.v1.apps.verifyCredentials()).name).toBe('masto.js');
  await createOAuthAPIClient({ url }).revoke({
    clientId: client.clientId ?? '',
    clientSecret: client.clientSecret ?? '',
    token: token.accessToken,
  });
  await expect(rest.v1.accounts.verifyCredentials()).rejects.toMatchObject({ statusCode: 401 });
});

test('in the whole server, the pages and the API stand side by side', async () => {
  const page = await request(instance.app).get('/auth/sign_in').set('Accept', 'text/html').expect(200);
  expect(page.text).toContain('name="password"');
  const css = /href="(\/assets\/[^"]+)"/.exec(page.text)?.[1] ?? '';
  await request(instance.app).get(css).expect(200);
  await request(instance.app)
    .get('/api/v1/no/such/thing')
    .set('Accept', 'text/html')
    .expect(404, { error: 'Not found' });
});
