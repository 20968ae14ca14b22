import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { hashSecret } from '../../src/domain/secrets.js';
import { personOf, startBase, type Base } from '../http/support.js';
import {
  authorizeUrl,
  callback,
  codeFor,
  oauthApp,
  password,
  pkce,
  register,
  request,
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
  client = await register(app, { scopes: 'read write follow push profile admin:read' });
});
afterAll(() => base.close());
beforeEach(() => {
  agent = request.agent(app);
});

const newCode = (params: Record<string, string> = {}) =>
  codeFor(agent, authorizeUrl({ client_id: client.client_id, scope: 'read write', ...params }), 'alice');
const credentials = () => ({ client_id: client.client_id, client_secret: client.client_secret });
const exchange = (code: string, more: Record<string, unknown> = {}) =>
  request(app)
    .post('/oauth/token')
    .send({ grant_type: 'authorization_code', code, redirect_uri: callback, ...credentials(), ...more });
const isAlive = async (token: string) =>
  (await request(app).get('/api/v1/apps/verify_credentials').set('Authorization', `Bearer ${token}`))
    .status === 200;

describe('authorization_code', () => {
  test('answers the Token entity; only hashes are stored', async () => {
    const code = await newCode();
    const res = await exchange(code, { scope: 'read write' }).expect(200);
    expect(res.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]{43}$/),
      token_type: 'Bearer',
      scope: 'read write',
      created_at: Math.floor(base.ctx.clock.now().getTime() / 1000),
    });
    expect(res.headers['cache-control']).toContain('no-store');
    expect(res.headers['access-control-allow-origin']).toBe('*');
    const stored = await base.ctx.db.accessTokens.findOne({ tokenHash: hashSecret(res.body.access_token) });
    expect(stored).toMatchObject({ scopes: ['read', 'write'], revokedAt: null });
    expect(stored?.accountId).not.toBeNull();
    const codes = await base.ctx.db.authorizationCodes.find({}).toArray();
    expect(JSON.stringify([stored, codes])).not.toContain(code);
  });

  test('by form, by query, with a trailing slash', async () => {
    const body = async () => ({
      grant_type: 'authorization_code',
      code: await newCode(),
      redirect_uri: callback,
      ...credentials(),
    });
    await request(app)
      .post('/oauth/token')
      .type('form')
      .send(await body())
      .expect(200);
    await request(app)
      .post('/oauth/token/')
      .field(await body())
      .expect(200);
    await request(app)
      .post(`/oauth/token?${new URLSearchParams(await body()).toString()}`)
      .expect(200);
  });

  test('a second use ends the token of the first', async () => {
    const code = await newCode();
    const { body } = await exchange(code).expect(200);
    expect(await isAlive(body.access_token)).toBe(true);
    const again = await exchange(code).expect(400);
    expect(again.body.error).toBe('invalid_grant');
    expect(await isAlive(body.access_token)).toBe(false);
    await exchange(code).expect(400);
  });

  test('of ten at once at most one gets a token, and none keeps it', async () => {
    const code = await newCode();
    const all = await Promise.all(Array.from({ length: 10 }, () => exchange(code)));
    const good = all.filter((res) => res.status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const res of all) if (res.status !== 200) expect(res.body.error).toBe('invalid_grant');
    for (const res of good) expect(await isAlive(res.body.access_token)).toBe(false);
    const codeId = (await base.ctx.db.accessTokens.find({ codeId: { $exists: true } }).toArray()).filter(
      (t) => t.codeId !== null && t.revokedAt === null,
    );
    expect(await base.ctx.db.authorizationCodes.findOne({ codeHash: hashSecret(code) })).toBeNull();
    for (const token of codeId)
      expect(await base.ctx.db.authorizationCodes.findOne({ _id: token.codeId! })).not.toBeNull();
  });

  test('it ends after ten minutes', async () => {
    const [early, late] = [await newCode(), await newCode()];
    base.pass(9 * 60_000);
    await exchange(early).expect(200);
    base.pass(60_001);
    expect((await exchange(late).expect(400)).body.error).toBe('invalid_grant');
  });

  test('it is bound to its client and redirect_uri; a failed try does not use it up', async () => {
    const other = await register(app);
    const code = await newCode();
    await exchange(code, { client_id: other.client_id, client_secret: other.client_secret }).expect(400);
    await exchange(code, { redirect_uri: `${callback}/` }).expect(400);
    expect((await exchange(code, { redirect_uri: undefined }).expect(400)).body.error).toBe(
      'invalid_request',
    );
    expect((await exchange('wrong').expect(400)).body.error).toBe('invalid_grant');
    expect((await exchange(code, { code: [code] }).expect(400)).body.error).toBe('invalid_request');
    await exchange(code).expect(200);
  });

  test('admin scopes of people who are no staff are dropped, and the scope parameter adds nothing', async () => {
    const code = await newCode({ scope: 'read admin:read' });
    const res = await exchange(code, { scope: 'read write admin:read' }).expect(200);
    expect(res.body.scope).toBe('read');
  });
});

describe('PKCE', () => {
  test('S256 is enforced when used', async () => {
    const { verifier, challenge } = pkce();
    const code = await newCode({ code_challenge: challenge, code_challenge_method: 'S256' });
    expect((await exchange(code).expect(400)).body.error).toBe('invalid_grant');
    expect((await exchange(code, { code_verifier: pkce().verifier }).expect(400)).body.error).toBe(
      'invalid_grant',
    );
    await exchange(code, { code_verifier: challenge }).expect(400);
    await exchange(code, { code_verifier: 'short' }).expect(400);
    await exchange(code, { code_verifier: ['a', 'b'] }).expect(400);
    await exchange(code, { code_verifier: verifier }).expect(200);
  });

  test('a verifier for a code without challenge is refused (downgrade); an empty one is none', async () => {
    const code = await newCode();
    await exchange(code, { code_verifier: pkce().verifier }).expect(400);
    await exchange(code, { code_verifier: '' }).expect(200);
  });
});

describe('client authentication', () => {
  const basic = (id = client.client_id, secret = client.client_secret) =>
    `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
  const post = (body: Record<string, unknown>, authorization?: string) => {
    const req = request(app).post('/oauth/token');
    if (authorization !== undefined) req.set('Authorization', authorization);
    return req.send({ grant_type: 'client_credentials', ...body });
  };

  test('body, Basic, both', async () => {
    await post(credentials()).expect(200);
    await post({}, basic()).expect(200);
    await post(credentials(), basic()).expect(200);
    await post({ client_id: client.client_id }, basic()).expect(200);
    await post(credentials(), 'Bearer something').expect(200);
  });

  test.each([
    ['nothing', () => post({})],
    ['no secret', () => post({ client_id: client.client_id })],
    ['an empty secret', () => post({ client_id: client.client_id, client_secret: '' })],
    ['a wrong secret', () => post({ client_id: client.client_id, client_secret: 'x' })],
    [
      'a stored hash',
      () => post({ client_id: client.client_id, client_secret: hashSecret(client.client_secret) }),
    ],
    ['an unknown client', () => post({ client_id: 'nobody', client_secret: 'x' })],
    ['a wrong Basic', () => post({}, basic(client.client_id, 'wrong'))],
    ['right Basic, wrong body', () => post({ client_id: client.client_id, client_secret: 'x' }, basic())],
    ['two clients', () => post({ client_id: 'nobody', client_secret: 'x' }, basic())],
    ['objects', () => post({ client_id: { $ne: null }, client_secret: { $ne: null } })],
    ['broken Basic', () => post({}, 'Basic !!!')],
  ])('%s: 401 invalid_client', async (_name, send) => {
    const res = await send().expect(401);
    expect(res.body).toEqual({ error: 'invalid_client', error_description: expect.any(String) });
  });
});

describe('other grants', () => {
  const post = (body: Record<string, unknown>) =>
    request(app)
      .post('/oauth/token')
      .send({ ...credentials(), ...body });

  test('client_credentials: a token of the app; default read; never admin', async () => {
    const res = await post({ grant_type: 'client_credentials' }).expect(200);
    expect(res.body.scope).toBe('read');
    const stored = await base.ctx.db.accessTokens.findOne({ tokenHash: hashSecret(res.body.access_token) });
    expect(stored).toMatchObject({ userId: null, accountId: null });
    expect(
      (await post({ grant_type: 'client_credentials', scope: 'write push admin:read' })).body.scope,
    ).toBe('write push');
    expect((await post({ grant_type: 'client_credentials', scope: 'read:statuses' })).body.scope).toBe(
      'read:statuses',
    );
  });

  test.each([
    [
      'a scope beyond the registration',
      { grant_type: 'client_credentials', scope: 'admin:write' },
      'invalid_scope',
    ],
    ['an unknown scope', { grant_type: 'client_credentials', scope: 'root' }, 'invalid_scope'],
    ['no grant_type', {}, 'invalid_request'],
    [
      'password outside test mode',
      { grant_type: 'password', username: 'alice', password },
      'unsupported_grant_type',
    ],
    ['refresh_token', { grant_type: 'refresh_token', refresh_token: 'x' }, 'unsupported_grant_type'],
    ['implicit', { grant_type: 'implicit' }, 'unsupported_grant_type'],
    ['an object', { grant_type: { a: 1 } }, 'unsupported_grant_type'],
  ])('%s', async (_name, body, error) => {
    const res = await post(body).expect(400);
    expect(res.body).toEqual({ error, error_description: expect.any(String) });
  });

  test('password works in test mode', async () => {
    const lab = await startBase({ url: 'http://localhost:3000', testMode: true });
    const labApp = oauthApp(lab.ctx);
    await personOf(lab.ctx, { username: 'bob', password });
    const mine = await register(labApp);
    const body = {
      grant_type: 'password',
      client_id: mine.client_id,
      client_secret: mine.client_secret,
      scope: 'read write',
    };
    for (const username of ['bob', '@Bob', 'BOB@mail.example', 'bob@localhost:3000']) {
      const res = await request(labApp)
        .post('/oauth/token')
        .send({ ...body, username, password })
        .expect(200);
      expect(res.body.scope).toBe('read write');
    }
    for (const wrong of [
      { username: 'bob', password: 'x' },
      { username: 'nobody', password },
      { username: 'bob', password: '' },
    ]) {
      const res = await request(labApp)
        .post('/oauth/token')
        .send({ ...body, ...wrong })
        .expect(400);
      expect(res.body.error).toBe('invalid_grant');
    }
    expect((await request(labApp).post('/oauth/token').send(body).expect(400)).body.error).toBe(
      'invalid_request',
    );
    await lab.close();
  });
});

describe('POST /oauth/revoke', () => {
  const revoke = (token: unknown, by: Record<string, unknown> = credentials()) =>
    request(app)
      .post('/oauth/revoke')
      .send({ ...by, token });

  test('ends a token; again and for unknown ones it is content as well', async () => {
    const { body } = await exchange(await newCode()).expect(200);
    await revoke(body.access_token).expect(200, {});
    expect(await isAlive(body.access_token)).toBe(false);
    await revoke(body.access_token).expect(200, {});
    await revoke('unknown').expect(200, {});
    await revoke(undefined).expect(200, {});
  });

  test('not by another client, and not without a secret', async () => {
    const other = await register(app);
    const { body } = await exchange(await newCode()).expect(200);
    for (const by of [
      { client_id: other.client_id, client_secret: other.client_secret },
      { client_id: client.client_id },
      {},
    ]) {
      const res = await revoke(body.access_token, by).expect(403);
      expect(res.body).toEqual({ error: 'unauthorized_client', error_description: expect.any(String) });
    }
    expect(await isAlive(body.access_token)).toBe(true);
  });
});

describe('/oauth/userinfo', () => {
  test('for tokens with profile, by GET and POST', async () => {
    const { body } = await exchange(await newCode({ scope: 'profile' })).expect(200);
    const wanted = {
      iss: 'http://localhost:3000',
      sub: 'http://localhost:3000/users/alice',
      name: 'alice',
      preferred_username: 'alice',
      profile: 'http://localhost:3000/@alice',
    };
    await request(app)
      .get('/oauth/userinfo')
      .set('Authorization', `Bearer ${body.access_token}`)
      .expect(200, wanted);
    await request(app)
      .post('/oauth/userinfo')
      .type('form')
      .send({ access_token: body.access_token })
      .expect(200, wanted);
  });

  test('401 without, 403 without the scope, 422 for an app', async () => {
    await request(app).get('/oauth/userinfo').expect(401);
    const { body } = await exchange(await newCode({ scope: 'read' })).expect(200);
    await request(app).get('/oauth/userinfo').set('Authorization', `Bearer ${body.access_token}`).expect(403);
    const own = await request(app)
      .post('/oauth/token')
      .send({ ...credentials(), grant_type: 'client_credentials', scope: 'profile' })
      .expect(200);
    await request(app)
      .get('/oauth/userinfo')
      .set('Authorization', `Bearer ${own.body.access_token}`)
      .expect(422);
  });
});

test('no listing of apps or tokens is there', async () => {
  for (const path of ['/oauth/applications', '/oauth/token/info', '/oauth/token'])
    await request(app).get(path).expect(404);
});

test('no secret reaches the log', async () => {
  const code = await newCode();
  const { body } = await exchange(code).expect(200);
  await exchange(code);
  await request(app).get(`/api/v1/none?access_token=${body.access_token}&code=${code}`);
  const lines = JSON.stringify(base.logged);
  for (const secret of [code, body.access_token, client.client_secret, password])
    expect(lines).not.toContain(secret);
});
