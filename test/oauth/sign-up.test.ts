import { afterAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import type { Settings } from '../../src/config/settings.js';
import { startBase, type Base } from '../http/support.js';
import { oauthApp, password, register, request } from './support.js';

const bases: Base[] = [];
afterAll(() => Promise.all(bases.map((base) => base.close())));

interface Setup {
  base: Base;
  app: Express;
  token: string;
}

async function start(overrides: Partial<Settings>): Promise<Setup> {
  const base = await startBase(overrides);
  bases.push(base);
  const app = oauthApp(base.ctx);
  const { client_id, client_secret } = await register(app);
  const res = await request(app)
    .post('/oauth/token')
    .send({ grant_type: 'client_credentials', client_id, client_secret, scope: 'read write' });
  return { base, app, token: res.body.access_token as string };
}

const good = { username: 'alice', email: 'alice@mail.example', password, agreement: true, locale: 'de' };
const signUp = ({ app, token }: Setup, body: object) =>
  request(app).post('/api/v1/accounts').set('Authorization', `Bearer ${token}`).send(body);

describe('open', () => {
  test("answers a token of the new person with the app's scopes, usable once the address is confirmed", async () => {
    const setup = await start({ registrations: 'open' });
    const res = await signUp(setup, good).expect(200);
    expect(res.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      scope: 'read write',
      created_at: expect.any(Number),
    });
    const account = await setup.base.ctx.db.accounts.findOne({ acctKey: 'alice' });
    const user = await setup.base.ctx.db.users.findOne({ accountId: account!._id });
    expect(user).toMatchObject({ email: 'alice@mail.example', role: 'user', locale: 'de', disabledAt: null });
    expect(user?.approvedAt).not.toBeNull();
    expect(user?.passwordHash).toMatch(/^\$argon2id\$/);
    expect(setup.base.enqueued).toEqual([
      { kind: 'mail', payload: { id: expect.any(String), mail: 'confirmation', userId: user!._id } },
    ]);
    const verify = () =>
      request(setup.app)
        .get('/api/v1/apps/verify_credentials')
        .set('Authorization', `Bearer ${res.body.access_token}`);
    await verify().expect(403, { error: 'Your login is missing a confirmed e-mail address' });
    await setup.base.ctx.db.users.updateOne({ _id: user!._id }, { $set: { confirmedAt: user!.createdAt } });
    await verify().expect(200);
  });

  test('form texts; nothing else can be set', async () => {
    const setup = await start({ registrations: 'open' });
    const body = {
      ...good,
      agreement: 'true',
      role: 'owner',
      confirmed: '1',
      domain: 'evil.example',
      id: '1',
      'user[role]': 'admin',
    };
    await request(setup.app)
      .post('/api/v1/accounts')
      .set('Authorization', `Bearer ${setup.token}`)
      .type('form')
      .send(body)
      .expect(200);
    const account = await setup.base.ctx.db.accounts.findOne({ acctKey: 'alice' });
    expect(account?.domain).toBeNull();
    expect((await setup.base.ctx.db.users.findOne({ accountId: account!._id }))?.role).toBe('user');
  });

  const cases: [name: string, change: object, field: string, error: string][] = [
    ['no username', { username: '' }, 'username', 'ERR_BLANK'],
    ['a bad username', { username: 'a b' }, 'username', 'ERR_INVALID'],
    ['a reserved username', { username: 'Admin' }, 'username', 'ERR_RESERVED'],
    ['a Cyrillic twin', { username: 'аlice' }, 'username', 'ERR_INVALID'],
    ['no e-mail', { email: undefined }, 'email', 'ERR_BLANK'],
    ['e-mail routing', { email: 'a%evil.example@us' }, 'email', 'ERR_INVALID'],
    ['e-mail quoting', { email: '"a@evil"@us.example' }, 'email', 'ERR_INVALID'],
    ['two e-mails', { email: 'a@x.example,b@x.example' }, 'email', 'ERR_INVALID'],
    ['header injection', { email: 'a@x.example\r\nBcc: y@x.example' }, 'email', 'ERR_INVALID'],
    ['an endless e-mail', { email: `${'a'.repeat(64)}@${'b.'.repeat(200)}example` }, 'email', 'ERR_INVALID'],
    ['a short password', { password: '1234567' }, 'password', 'ERR_TOO_SHORT'],
    ['an endless password', { password: 'x'.repeat(300) }, 'password', 'ERR_TOO_LONG'],
    ['no agreement', { agreement: false }, 'agreement', 'ERR_ACCEPTED'],
    ['agreement left out', { agreement: undefined }, 'agreement', 'ERR_ACCEPTED'],
  ];
  test('refuses with details per field and stores nothing', async () => {
    const setup = await start({ registrations: 'open' });
    for (const [, change, field, error] of cases) {
      const res = await signUp(setup, { ...good, ...change }).expect(422);
      expect(res.body).toEqual({
        error: expect.stringMatching(/^Validation failed: /),
        details: { [field]: [{ error, description: expect.any(String) }] },
      });
    }
    expect(await setup.base.ctx.db.accounts.countDocuments({ actorType: 'Person' })).toBe(0);
    expect(await setup.base.ctx.db.users.countDocuments({})).toBe(0);
  });

  test('all problems at once', async () => {
    const setup = await start({ registrations: 'open' });
    const res = await signUp(setup, {}).expect(422);
    expect(Object.keys(res.body.details).sort()).toEqual(['agreement', 'email', 'password', 'username']);
  });

  test('names and addresses are taken once, also at the same time', async () => {
    const setup = await start({ registrations: 'open' });
    const all = await Promise.all(
      Array.from({ length: 5 }, (_, i) => signUp(setup, { ...good, email: `a${i}@mail.example` })),
    );
    expect(all.map((res) => res.status).sort()).toEqual([200, 422, 422, 422, 422]);
    const taken = await signUp(setup, { ...good, username: 'ALICE', email: 'new@mail.example' }).expect(422);
    expect(taken.body.details.username[0].error).toBe('ERR_TAKEN');
    const winner = await setup.base.ctx.db.users.findOne({ role: 'user' });
    const mail = await signUp(setup, { ...good, username: 'other', email: winner!.email }).expect(422);
    expect(mail.body.details.email[0].error).toBe('ERR_TAKEN');
  });
});

describe('who decides', () => {
  test('closed: 403, nothing stored', async () => {
    const setup = await start({ registrations: 'closed' });
    await signUp(setup, good).expect(403, { error: 'This action is not allowed' });
    expect(await setup.base.ctx.db.accounts.countDocuments({ actorType: 'Person' })).toBe(0);
  });

  test('approval: a reason is asked for, the token works only later', async () => {
    const setup = await start({ registrations: 'approval' });
    const res = await signUp(setup, good).expect(422);
    expect(res.body.details).toEqual({ reason: [{ error: 'ERR_BLANK', description: "can't be blank" }] });
    const made = await signUp(setup, { ...good, reason: 'I know Bob' }).expect(200);
    const user = await setup.base.ctx.db.users.findOne({ email: good.email });
    expect(user).toMatchObject({ approvedAt: null, signUpReason: 'I know Bob' });
    await setup.base.ctx.db.users.updateOne({ _id: user!._id }, { $set: { confirmedAt: user!.createdAt } });
    await request(setup.app)
      .get('/api/v1/apps/verify_credentials')
      .set('Authorization', `Bearer ${made.body.access_token}`)
      .expect(403, { error: 'Your login is currently pending approval' });
  });

  test('test mode is open', async () => {
    const setup = await start({ url: 'http://localhost:3000', testMode: true, registrations: 'closed' });
    await signUp(setup, good).expect(200);
  });
});

test('a token with write is needed, and five in half an hour are enough', async () => {
  const setup = await start({ registrations: 'open', rateLimits: true });
  await request(setup.app).post('/api/v1/accounts').send(good).expect(401);
  const { client_id, client_secret } = await register(setup.app);
  const res = await request(setup.app)
    .post('/oauth/token')
    .send({ grant_type: 'client_credentials', client_id, client_secret, scope: 'read' });
  await signUp({ ...setup, token: res.body.access_token as string }, good).expect(403);
  for (let i = 0; i < 5; i++)
    await signUp(setup, { ...good, username: `u${i}`, email: `u${i}@mail.example` }).expect(200);
  await signUp(setup, { ...good, username: 'u9', email: 'u9@mail.example' }).expect(429);
});
