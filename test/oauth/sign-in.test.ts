import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { endAllAccess, findSession } from '../../src/domain/sessions.js';
import { createSignInGuard } from '../../src/domain/sign-in-guard.js';
import { personOf, startBase, tokenOf, type Base } from '../http/support.js';
import {
  authorizeUrl,
  formOf,
  oauthApp,
  password,
  register,
  request,
  submitSignIn,
  type Agent,
} from './support.js';

let base: Base;
let app: Express;
let agent: Agent;

beforeAll(async () => {
  base = await startBase({ url: 'http://localhost:3000' });
  app = oauthApp(base.ctx);
  await personOf(base.ctx, { username: 'alice', password });
});
afterAll(() => base.close());
beforeEach(() => {
  agent = request.agent(app);
  // Each test finds the counters of addresses as good as new.
  base.pass(2 * 3_600_000);
});

const cookiesOf = (res: { headers: Record<string, unknown> }): string[] =>
  (res.headers['set-cookie'] as string[] | undefined) ?? [];
const page = async () => (await agent.get('/auth/sign_in').expect(200)).text;
const attempt = async (username: string, given = password) =>
  submitSignIn(agent, await page(), { username, password: given });

describe('signing in', () => {
  test.each(['alice', 'ALICE', '@alice', 'alice@localhost:3000', 'Alice@Mail.example', '  alice '])(
    'as %j',
    async (name) => {
      expect((await attempt(name)).status).toBe(302);
      expect(await page()).toContain('You are signed in');
    },
  );

  test('a wrong name and a wrong password look the same', async () => {
    const texts = [await attempt('nobody'), await attempt('alice', 'wrong')].map((res) => {
      expect(res.status).toBe(401);
      expect(cookiesOf(res).join()).not.toMatch(/landfall=\w/);
      return res.text.replaceAll(/value="[^"]*"/g, '');
    });
    expect(texts[0]).toBe(texts[1]);
  });

  test('an unknown name costs a hash as well', async () => {
    const { passwords } = base.ctx;
    const verified: string[] = [];
    const original = passwords.verify;
    passwords.verify = async (hash, given) => {
      verified.push(hash);
      return original(hash, given);
    };
    await attempt('nobody');
    passwords.verify = original;
    expect(verified).toHaveLength(1);
    expect(verified[0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test('empty, endless and odd passwords are wrong ones', async () => {
    for (const given of ['', 'x'.repeat(5000), '\u0000'])
      expect((await attempt('alice', given)).status).toBe(401);
    const { action, fields } = formOf(await page());
    await agent
      .post(action)
      .send({ ...fields, username: { a: 1 }, password: ['x'] })
      .expect(401);
  });

  test('somebody without a password cannot', async () => {
    await personOf(base.ctx, { username: 'bare' });
    expect((await attempt('bare', '')).status).toBe(401);
    expect((await attempt('bare', 'undefined')).status).toBe(401);
  });

  test.each([
    ['disabledAt', '2029-01-01T00:00:00.000Z', 'disabled'],
    ['confirmedAt', null, 'confirmed'],
    ['approvedAt', null, 'approval'],
  ])('%s bars after the right password, and ends a session', async (field, value, word) => {
    const username = field.slice(0, 3);
    const { user } = await personOf(base.ctx, { username, password });
    expect((await attempt(username)).status).toBe(302);
    await base.ctx.db.users.updateOne({ _id: user._id }, { $set: { [field]: value } });
    expect(await page()).toContain('name="password"');
    const right = await attempt(username);
    expect(right.status).toBe(403);
    expect(right.text).toContain(word);
    const wrong = await attempt(username, 'wrong');
    expect(wrong.status).toBe(401);
    expect(wrong.text).not.toContain(word);
  });
});

describe('the session', () => {
  test('is new each time, and the one before is over', async () => {
    const sessions = () => base.ctx.db.webSessions.countDocuments({});
    const before = await sessions();
    const first = cookiesOf(await attempt('alice')).find((c) => c.startsWith('landfall='));
    const again = await agent.get(authorizeUrl({ ...(await registered()), force_login: 'true' }));
    const second = cookiesOf(await submitSignIn(agent, again.text, { username: 'alice' })).find((c) =>
      c.startsWith('landfall='),
    );
    expect(first).toMatch(/^landfall=[\w-]{43}; .*HttpOnly; SameSite=Lax$/i);
    expect(second).not.toBe(first);
    expect(await sessions()).toBe(before + 1);
    const secret = /^landfall=([\w-]+)/.exec(first!)![1]!;
    expect(await findSession(base.ctx, secret)).toBeNull();
    expect(JSON.stringify(await base.ctx.db.webSessions.find({}).toArray())).not.toContain(
      /^landfall=([\w-]+)/.exec(second!)![1],
    );
  });

  test('a planted one is not taken over', async () => {
    const planted = 'a'.repeat(43);
    const { action, fields } = formOf(await page());
    const form = cookiesOf(await request(app).get('/auth/sign_in'));
    expect(form.length).toBe(1);
    const res = await agent
      .post(action)
      .set('Cookie', `landfall=${planted}`)
      .type('form')
      .send({ ...fields, username: 'alice', password });
    expect(res.status).toBe(302);
    expect(cookiesOf(res).join()).not.toContain(planted);
    expect(await findSession(base.ctx, planted)).toBeNull();
  });

  test('ends by signing out, with a token, by POST alone', async () => {
    await attempt('alice');
    await agent.get('/auth/sign_out').expect(404);
    const { action, fields } = formOf(await page());
    await agent.post(action).type('form').send({ csrf: 'x' }).expect(403);
    expect(await page()).toContain('You are signed in');
    await agent.post(action).type('form').send(fields).expect(302);
    expect(await page()).toContain('name="password"');
  });

  test('ends after two weeks', async () => {
    await attempt('alice');
    base.pass(13 * 86_400_000);
    expect(await page()).toContain('You are signed in');
    base.pass(86_400_001);
    expect(await page()).toContain('name="password"');
  });

  test('ends with everything else when access is taken away', async () => {
    const { user } = await personOf(base.ctx, { username: 'carol', password });
    await attempt('carol');
    const token = await tokenOf(base.ctx, user, ['read']);
    const verify = () =>
      request(app).get('/api/v1/apps/verify_credentials').set('Authorization', `Bearer ${token}`);
    await verify().expect(200);
    await endAllAccess(base.ctx, user._id);
    expect(await page()).toContain('name="password"');
    await verify().expect(401);
  });

  test('with https the cookies are Secure and bound to the host', async () => {
    const secure = await startBase();
    const other = oauthApp(secure.ctx);
    await personOf(secure.ctx, { username: 'alice', password });
    const first = await request(other).get('/auth/sign_in');
    const [formCookie] = cookiesOf(first);
    expect(formCookie).toMatch(/^__Host-landfall-form=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const { action, fields } = formOf(first.text);
    const res = await request(other)
      .post(action)
      .set('Cookie', formCookie!.split(';')[0]!)
      .type('form')
      .send({ ...fields, username: 'alice', password });
    expect(cookiesOf(res)).toEqual([
      expect.stringMatching(
        /^__Host-landfall=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    await secure.close();
  });
});

describe('forms from elsewhere', () => {
  test.each([
    ['no token', { csrf: undefined }, {}],
    ['a wrong token', { csrf: 'x'.repeat(32) }, {}],
    ['a foreign origin', {}, { Origin: 'https://evil.example' }],
  ])('%s', async (_name, change, headers) => {
    const { action, fields } = formOf(await page());
    const res = await agent
      .post(action)
      .set(headers)
      .type('form')
      .send({ ...fields, username: 'alice', password, ...change });
    expect(res.status).toBe(403);
    expect(cookiesOf(res).join()).not.toContain('landfall=');
  });

  test('a token without its cookie', async () => {
    const { action, fields } = formOf(await page());
    await request(app)
      .post(action)
      .type('form')
      .send({ ...fields, username: 'alice', password })
      .expect(403);
  });

  test('it never leads away from this server', async () => {
    for (const aim of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'redirect_uri=https://evil.example',
      'x=1#@evil.example',
    ]) {
      const fresh = request.agent(app);
      const { action, fields } = formOf((await fresh.get('/auth/sign_in')).text);
      const res = await fresh
        .post(action)
        .type('form')
        .send({ ...fields, continue: aim, username: 'alice', password })
        .expect(302);
      expect(res.headers['location']).toMatch(/^\/(auth\/sign_in|oauth\/authorize\?.*)$/);
    }
  });
});

describe('guessing', () => {
  test('one address and one account back off; the right password does not help meanwhile, time does', async () => {
    await personOf(base.ctx, { username: 'target', password });
    const from = async (address: string, given: string) => {
      const { action, fields } = formOf(await page());
      return agent
        .post(action)
        .set('X-Forwarded-For', address)
        .type('form')
        .send({ ...fields, username: 'target', password: given });
    };
    for (let i = 0; i < 6; i++) expect((await from('203.0.113.1', `guess ${i}`)).status).toBe(401);
    const refused = await from('203.0.113.1', password);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('2');
    expect(refused.text).toContain('Too many attempts');
    expect((await from('203.0.113.2', 'wrong')).status).toBe(401);
    base.pass(2001);
    expect((await from('203.0.113.1', 'wrong')).status).toBe(401);
    expect((await from('203.0.113.1', password)).headers['retry-after']).toBe('4');
    base.pass(4001);
    expect((await from('203.0.113.1', password)).status).toBe(302);
  });

  test('many addresses at one account, many accounts from one address', async () => {
    await personOf(base.ctx, { username: 'target2', password });
    const post = async (username: string, address: string) => {
      const fresh = request.agent(app);
      const { action, fields } = formOf((await fresh.get('/auth/sign_in')).text);
      return (
        await fresh
          .post(action)
          .set('X-Forwarded-For', address)
          .type('form')
          .send({ ...fields, username, password: 'wrong' })
      ).status;
    };
    for (let i = 0; i < 25; i++) expect(await post('target2', `198.51.100.${i}`)).toBe(401);
    expect(await post('target2', '198.51.100.99')).toBe(429);
    for (let i = 0; i < 25; i++) expect(await post(`name${i}`, `2001:db8:7:7::${i}`)).toBe(401);
    expect(await post('name99', '2001:db8:7:7:1::9')).toBe(429);
    base.pass(5 * 60_000);
    expect(await post('name99', '2001:db8:7:7::1')).toBe(401);
  });

  test('how much of it is a setting', async () => {
    const given = { signInTries: 1, signInWaitSeconds: 3, signInsPerAddress: 4, signInsPerAccount: 3 };
    const settings = { ...base.ctx.settings, ...given };
    const guard = createSignInGuard({ ...base.ctx, settings });
    const tries = async (names: string[], address: string): Promise<number[]> => {
      const waits: number[] = [];
      for (const name of names) waits.push(await guard.begin(name, address));
      return waits;
    };
    expect(await tries(['one', 'one', 'one'], '203.0.113.40')).toEqual([0, 0, 2]);
    base.pass(2001);
    expect(await tries(['one', 'one'], '203.0.113.40')).toEqual([0, 3]);
    expect(await tries(['two', 'three'], '203.0.113.40')).toEqual([0, 298]);
    expect(await tries(['one'], '203.0.113.41')).toEqual([3598]);
  });

  test('all processes count together, and what is counted is kept as a hash', async () => {
    await personOf(base.ctx, { username: 'target4', password });
    const processes = [app, oauthApp(base.ctx), oauthApp(base.ctx)];
    const from = async (on: Express, username: string) => {
      const fresh = request.agent(on);
      const { action, fields } = formOf((await fresh.get('/auth/sign_in')).text);
      const form = fresh.post(action).set('X-Forwarded-For', '192.0.2.44').type('form');
      return (await form.send({ ...fields, username, password: 'wrong' })).status;
    };
    const statuses: number[] = [];
    for (let i = 0; i < 9; i++) statuses.push(await from(processes[i % 3]!, 'target4'));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429]);
    const stored = JSON.stringify(await base.ctx.db.attempts.find({}).toArray());
    expect(stored).not.toMatch(/192\.0\.2\.44|target4/);
  });

  test('an e-mail address does not tell whose it is by the wait', async () => {
    await personOf(base.ctx, { username: 'target5', password });
    for (let i = 0; i < 7; i++) await attempt('target5', 'wrong');
    expect((await attempt('@Target5', 'wrong')).status).toBe(429);
    expect((await attempt('target5@mail.example', 'wrong')).status).toBe(401);
    expect((await attempt('nobody5@mail.example', 'wrong')).status).toBe(401);
  });

  test('a hash of weaker parameters is renewed by the right password, once', async () => {
    const { user } = await personOf(base.ctx, { username: 'old', password });
    const weak = await hash(password, { memoryCost: 8192, timeCost: 1, parallelism: 1 });
    await base.ctx.db.users.updateOne({ _id: user._id }, { $set: { passwordHash: weak } });
    const hashOf = async () => (await base.ctx.db.users.findOne({ _id: user._id }))?.passwordHash;
    await attempt('old', 'wrong');
    expect(await hashOf()).toBe(weak);
    expect((await attempt('old')).status).toBe(302);
    const renewed = await hashOf();
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await attempt('old')).status).toBe(302);
    expect(await hashOf()).toBe(renewed);
  });

  test('attempts at the same time are all counted', async () => {
    await personOf(base.ctx, { username: 'target3', password });
    const { action, fields } = formOf(await page());
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        agent
          .post(action)
          .set('X-Forwarded-For', '192.0.2.77')
          .type('form')
          .send({ ...fields, username: 'target3', password: `guess ${i}` }),
      ),
    );
    expect(all.filter((res) => res.status === 401)).toHaveLength(6);
    expect(all.filter((res) => res.status === 429)).toHaveLength(14);
  });
});

async function registered(): Promise<{ client_id: string; scope: string }> {
  const { client_id } = await register(app);
  return { client_id, scope: 'read' };
}
