import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { registerApp } from '../../src/domain/apps.js';
import { revokeTokens } from '../../src/domain/tokens.js';
import { hashSecret } from '../../src/domain/secrets.js';
import {
  maybeViewer,
  optionalUser,
  requireToken,
  requireUser,
  signedIn,
  viewerIdOf,
} from '../../src/http/auth.js';
import type { User } from '../../src/model/account.js';
import { appWith, personOf, request, startBase, tokenOf, type Base } from './support.js';

let base: Base;
let app: Express;
let alice: Awaited<ReturnType<typeof personOf>>;

beforeAll(async () => {
  base = await startBase();
  alice = await personOf(base.ctx, { username: 'alice' });
  app = appWith(base.ctx, (router) => {
    router.all('/api/v1/user', requireUser('write', 'write:statuses'), (req, res) => {
      const { account, user, viewer } = signedIn(req);
      res.json({
        account: account._id,
        user: user._id,
        app: viewer.app.name,
        scopes: viewer.scopes,
        id: viewerIdOf(req),
      });
    });
    router.get(
      '/api/v1/token',
      requireToken('read'),
      (req, res) => void res.json({ app: maybeViewer(req)?.app.name }),
    );
    router.get('/api/v1/any-token', requireToken(), (_req, res) => void res.json({}));
    router.get(
      '/api/v1/optional',
      optionalUser('read:statuses'),
      (req, res) => void res.json({ id: viewerIdOf(req) }),
    );
    router.get(
      '/api/v1/unguarded',
      (req, res) => void res.json({ id: viewerIdOf(req), viewer: maybeViewer(req) }),
    );
    router.get('/api/v1/forgotten', (req, res) => void res.json(signedIn(req)));
  });
});
afterAll(() => base.close());

const get = (path: string, token?: string) => {
  const req = request(app).get(`/api/v1/${path}`);
  return token === undefined ? req : req.set('Authorization', `Bearer ${token}`);
};
const tokenFor = (user: User | null, ...scopes: string[]) => tokenOf(base.ctx, user, scopes);

describe('where a token may be', () => {
  test('header, query, JSON body, form', async () => {
    const token = await tokenFor(alice.user, 'write');
    const wanted = {
      account: alice.account._id,
      user: alice.user._id,
      app: 'Testing client',
      scopes: ['write'],
      id: alice.account._id,
    };
    await get('user', token).expect(200, wanted);
    await request(app).get('/api/v1/user').set('authorization', `bearer   ${token}`).expect(200, wanted);
    await get(`user?access_token=${token}`).expect(200, wanted);
    await request(app).post('/api/v1/user').send({ access_token: token }).expect(200, wanted);
    await request(app).post('/api/v1/user').type('form').send({ access_token: token }).expect(200, wanted);
  });

  test('the header wins', async () => {
    const token = await tokenFor(alice.user, 'write');
    await get(`user?access_token=${token}`, 'wrong').expect(401);
  });

  test.each(['', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', `Bearer ${'x'.repeat(5000)}`])(
    '%j is none',
    async (header) => {
      await request(app)
        .get('/api/v1/user')
        .set('Authorization', header)
        .expect(401, { error: 'The access token is invalid' });
    },
  );

  test('only a hash of it is stored', async () => {
    const token = await tokenFor(alice.user, 'write');
    const stored = await base.ctx.db.accessTokens.findOne({ tokenHash: hashSecret(token) });
    expect(stored).not.toBeNull();
    expect(JSON.stringify(stored)).not.toContain(token);
  });
});

describe('who may pass', () => {
  test('no token, unknown token: 401', async () => {
    await get('user').expect(401, { error: 'The access token is invalid' });
    await get('user', 'unknown').expect(401, { error: 'The access token is invalid' });
    await get('token').expect(401);
  });

  test('outside the scopes: 403, before anything else', async () => {
    const outside = { error: 'This action is outside the authorized scopes' };
    await get('user', await tokenFor(alice.user, 'read')).expect(403, outside);
    await get('user', await tokenFor(alice.user, 'write:accounts', 'push', 'profile')).expect(403, outside);
    await get('user', await tokenFor(null, 'read')).expect(403, outside);
    await get('token', await tokenFor(null, 'write')).expect(403, outside);
  });

  test('a part of a scope is enough where it is named, the whole covers its parts', async () => {
    await get('user', await tokenFor(alice.user, 'write:statuses')).expect(200);
    await get('optional', await tokenFor(alice.user, 'read')).expect(200, { id: alice.account._id });
    await get('token', await tokenFor(alice.user, 'read:statuses')).expect(403);
  });

  test("an app's own token: 422 on a person's method, fine elsewhere", async () => {
    const token = await tokenFor(null, 'read', 'write');
    await get('user', token).expect(422, { error: 'This method requires an authenticated user' });
    await get('token', token).expect(200, { app: 'Testing client' });
    await get('optional', token).expect(200, { id: null });
    await get('any-token', await tokenFor(null)).expect(200);
  });

  test.each([
    ['disabledAt', { disabledAt: '2029-01-01T00:00:00.000Z' }, 'Your login is currently disabled'],
    ['confirmedAt', { confirmedAt: null }, 'Your login is missing a confirmed e-mail address'],
    ['approvedAt', { approvedAt: null }, 'Your login is currently pending approval'],
  ])('%s bars with its own text', async (name, change, error) => {
    const { user } = await personOf(base.ctx, { username: `barred_${name}` });
    const token = await tokenFor(user, 'read', 'write');
    await get('user', token).expect(200);
    await base.ctx.db.users.updateOne({ _id: user._id }, { $set: change });
    await get('user', token).expect(403, { error });
    await get('optional', token).expect(403, { error });
  });

  test('suspended accounts are barred, deleted ones have no token any more', async () => {
    const { user, account } = await personOf(base.ctx, { username: 'gone' });
    const token = await tokenFor(user, 'write');
    const at = '2029-01-01T00:00:00.000Z';
    await base.ctx.db.accounts.updateOne({ _id: account._id }, { $set: { suspendedAt: at } });
    await get('user', token).expect(403, { error: 'Your login is currently disabled' });
    await base.ctx.db.accounts.updateOne({ _id: account._id }, { $set: { deletedAt: at } });
    await get('user', token).expect(401);
  });

  test('a token whose app is gone is none', async () => {
    const { app: client } = await registerApp(base.ctx, { name: 'x', redirectUris: ['a:b'], scopes: [] });
    const token = await tokenFor(alice.user, 'write');
    const stored = await base.ctx.db.accessTokens.findOne({ tokenHash: hashSecret(token) });
    await base.ctx.db.accessTokens.updateOne({ _id: stored!._id }, { $set: { appId: client._id } });
    await get('user', token).expect(200);
    await base.ctx.db.apps.deleteOne({ _id: client._id });
    await get('user', token).expect(401);
  });

  test('a revoked token is dead at once, and its streams are told', async () => {
    const token = await tokenFor(alice.user, 'write');
    const stored = await base.ctx.db.accessTokens.findOne({ tokenHash: hashSecret(token) });
    await get('user', token).expect(200);
    base.published.length = 0;
    await revokeTokens(base.ctx, { tokenId: stored!._id });
    await get('user', token).expect(401);
    expect(base.published).toEqual([
      { channels: [`access-token:${stored!._id}`], event: 'kill', payload: {} },
    ]);
  });
});

describe('routes for everybody', () => {
  test('anonymous and unknown tokens are nobody', async () => {
    await get('optional').expect(200, { id: null });
    await get('optional', 'unknown').expect(200, { id: null });
  });

  test('a known token must have the scope', async () => {
    await get('optional', await tokenFor(alice.user, 'profile')).expect(403);
  });

  test('without a guard nobody is signed in, whatever token came', async () => {
    const token = await tokenFor(alice.user, 'read', 'write');
    await get('unguarded', token).expect(200, { id: null, viewer: null });
    await get('forgotten', token).expect(401);
  });
});

test('the last use is noted, at most once an hour', async () => {
  const token = await tokenFor(alice.user, 'write');
  const used = async () =>
    (await base.ctx.db.accessTokens.findOne({ tokenHash: hashSecret(token) }))?.lastUsedAt;
  await get('user', token).expect(200);
  const first = await used();
  expect(first).toBe(base.ctx.clock.now().toISOString());
  base.pass(60_000);
  await get('user', token).expect(200);
  expect(await used()).toBe(first);
  base.pass(3_600_000);
  await get('user', token).expect(200);
  expect(await used()).toBe(base.ctx.clock.now().toISOString());
});
