import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generate } from 'otplib';
import { readQrCode } from '../support/qr-code.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance } from '../support/instance.js';
import {
  authorizeUrl,
  callback,
  decide,
  formOf,
  password,
  register,
  request,
  submitSignIn,
  type Agent,
} from './support.js';

const clock = createTestClock();
let instance: Instance;

beforeAll(async () => {
  instance = await startInstance({ testMode: false, clock });
});
afterAll(() => instance.close());
// Each test finds the counters of addresses as good as new.
beforeEach(() => clock.advance({ minutes: 10 }));

const browser = (): Agent => request.agent(instance.url) as unknown as Agent;
const codeOf = (secret: string) => generate({ secret, epoch: Math.floor(clock.now().getTime() / 1000) });

async function send(agent: Agent, html: string, fields: Record<string, string>) {
  const form = formOf(html);
  return agent
    .post(form.action)
    .type('form')
    .send({ ...form.fields, ...fields });
}

async function signedIn(username: string): Promise<Agent> {
  const agent = browser();
  await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username });
  return agent;
}

/** Somebody with a second factor, and what they wrote down. */
async function enrolled(username: string) {
  const { user } = await instance.createUser(username, { password });
  const agent = await signedIn(username);
  const page = await agent.get('/auth/settings/second_factor').expect(200);
  const secret = (/<code class="code">([A-Z2-7 ]+)<\/code>/.exec(page.text)?.[1] ?? '').replaceAll(' ', '');
  const done = await send(agent, page.text, { code: await codeOf(secret), password });
  const recovery = [...done.text.matchAll(/<code class="code">([a-z0-9-]+)<\/code>/g)].map((m) => m[1] ?? '');
  clock.advance({ seconds: 60 });
  return { agent, secret, recovery, user, page: page.text };
}

/** The page that asks for a code, in a new browser. */
async function asked(username: string): Promise<{ agent: Agent; text: string }> {
  const agent = browser();
  const { text } = await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username });
  expect(text).toContain('One more step');
  return { agent, text };
}

describe('turning codes on', () => {
  test('takes a code and the password, and gives ten recovery codes', async () => {
    await instance.createUser('alice', { password });
    const agent = await signedIn('alice');
    const { text } = await agent.get('/auth/settings/second_factor');
    expect(text).toMatch(/href="otpauth:\/\/totp\/localhost[^"]*secret=[A-Z2-7]+[^"]*"/);
    const secret = /secret=([A-Z2-7]+)/.exec(text)?.[1] ?? '';
    const svg = /<svg[\s\S]*<\/svg>/.exec(text)?.[0] ?? '';
    expect(await readQrCode(svg)).toMatch(new RegExp(`^otpauth://totp/localhost.*[?&]secret=${secret}(&|$)`));
    expect(svg).not.toMatch(/style|script|href/);
    const refusals = [
      { code: '000000', password },
      { code: await codeOf(secret), password: 'wrong' },
      { code: '', password },
    ];
    for (const fields of refusals) {
      const res = await send(agent, text, fields);
      expect(res.status).toBe(422);
      expect(res.text).toContain(secret.slice(0, 4));
    }
    const done = await send(agent, text, { code: await codeOf(secret), password });
    expect(done.text.match(/<code class="code">[a-z0-9]{4}(-[a-z0-9]{4}){3}</g)).toHaveLength(10);
    await instance.idle();
    expect((await agent.get('/auth/settings')).text).toContain('10 recovery codes are left');
    const mails = await instance.ctx.db.jobs.find({ kind: 'mail' }).toArray();
    expect(mails).toEqual([]);
  });

  test('keeps nothing readable', async () => {
    const { secret, recovery, user } = await enrolled('bella');
    const stored = await instance.ctx.db.secondFactors.findOne({ userId: user._id });
    const text = JSON.stringify(stored);
    expect(text).not.toContain(secret);
    for (const code of recovery) expect(text).not.toContain(code.replaceAll('-', ''));
    expect(await instance.ctx.seals.open('second-factor:1', stored!.sealedSecret)).toBeNull();
  });

  test('is for people who are signed in, with forms of their own', async () => {
    await browser()
      .get('/auth/settings/second_factor')
      .expect(302)
      .expect('Location', '/auth/sign_in?continue=%2Fauth%2Fsettings');
    const { agent } = await enrolled('clara');
    for (const path of ['', '/off', '/recovery_codes'])
      await agent
        .post(`/auth/settings/second_factor${path}`)
        .type('form')
        .send({ password, code: '000000' })
        .expect(403);
  });
});

describe('signing in with codes', () => {
  test('asks for one after the password, and goes on where it was', async () => {
    const { secret } = await enrolled('dina');
    const agent = browser();
    const { client_id } = await register(instance.app as never);
    const first = await agent.get(authorizeUrl({ client_id, scope: 'read' }));
    const step = await submitSignIn(agent, first.text, { username: 'dina' });
    expect(step.headers['set-cookie'] ?? '').not.toMatch(/landfall=/);
    expect((await agent.get('/auth/sign_in')).text).toContain('name="password"');
    const done = await send(agent, step.text, { code: await codeOf(secret) });
    expect(done.status).toBe(302);
    const consent = await agent.get(String(done.headers['location'])).expect(200);
    const answer = await decide(agent, consent.text, 'allow');
    expect(answer.headers['location']).toMatch(new RegExp(`^${callback}\\?code=`));
  });

  test('a code works once, also for two who come at the same moment', async () => {
    const { secret } = await enrolled('emma');
    const pages = await Promise.all([asked('emma'), asked('emma'), asked('emma')]);
    const code = await codeOf(secret);
    const all = await Promise.all(pages.map(({ agent, text }) => send(agent, text, { code })));
    expect(all.map((res) => res.status).sort()).toEqual([302, 401, 401]);
  });

  test('codes of the steps beside now are taken, older ones are not', async () => {
    const { secret } = await enrolled('flora');
    clock.advance({ minutes: 5 });
    const code = await codeOf(secret);
    clock.advance({ seconds: 90 });
    const late = await asked('flora');
    expect((await send(late.agent, late.text, { code })).status).toBe(401);
    const next = await codeOf(secret);
    clock.advance({ seconds: 30 });
    expect((await send(late.agent, late.text, { code: `${next.slice(0, 3)} ${next.slice(3)}` })).status).toBe(
      302,
    );
  });

  test('a recovery code works once, however it is typed', async () => {
    const { recovery } = await enrolled('greta');
    const code = (recovery[0] ?? '').toUpperCase().replaceAll('-', ' ');
    const first = await asked('greta');
    expect((await send(first.agent, first.text, { code })).status).toBe(302);
    expect((await first.agent.get('/auth/settings')).text).toContain('9 recovery codes are left');
    const second = await asked('greta');
    expect((await send(second.agent, second.text, { code })).status).toBe(401);
  });

  test('the step belongs to one browser, one password, ten minutes', async () => {
    const { secret, user } = await enrolled('hilda');
    const sessions = () => instance.ctx.db.webSessions.countDocuments({ userId: user._id });
    const before = await sessions();
    const { agent, text } = await asked('hilda');
    const { fields } = formOf(text);
    const other = browser();
    const own = formOf((await other.get('/auth/sign_in')).text).fields;
    const stolen = await other
      .post('/auth/second_factor')
      .type('form')
      .send({ ...fields, csrf: own['csrf'], code: await codeOf(secret) });
    expect(stolen.headers['location']).toBe('/auth/sign_in');
    for (const challenge of ['', 'x.y.z', 'a'.repeat(5000)])
      expect((await send(agent, text, { challenge, code: '000000' })).headers['location']).toBe(
        '/auth/sign_in',
      );
    clock.advance({ minutes: 11 });
    expect((await send(agent, text, { code: await codeOf(secret) })).headers['location']).toBe(
      '/auth/sign_in',
    );
    const again = await asked('hilda');
    await instance.ctx.db.users.updateOne({ _id: user._id }, { $set: { passwordHash: 'another' } });
    const late = await send(again.agent, again.text, { code: await codeOf(secret) });
    expect(late.headers['location']).toBe('/auth/sign_in');
    // Whoever succeeds is sent there as well, where no other page was asked for.
    expect(await sessions()).toBe(before);
  });

  test('guessing backs off, and the right password does not help', async () => {
    const { secret } = await enrolled('irma');
    for (let i = 0; i < 6; i++) {
      const { agent, text } = await asked('irma');
      expect((await send(agent, text, { code: '000000' })).status).toBe(401);
    }
    const { agent, text } = await asked('irma');
    const refused = await send(agent, text, { code: await codeOf(secret) });
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('2');
    clock.advance({ seconds: 3 });
    expect((await send(agent, text, { code: await codeOf(secret) })).status).toBe(302);
  });
});

describe('turning codes off', () => {
  test('takes the password and a code; then the password is enough', async () => {
    const { agent, secret } = await enrolled('julia');
    const { text } = await agent.get('/auth/settings/second_factor');
    expect((await send(agent, text, { code: '000000', password })).status).toBe(422);
    expect((await send(agent, text, { code: await codeOf(secret), password: 'wrong' })).status).toBe(422);
    expect((await send(agent, text, { code: await codeOf(secret), password })).status).toBe(302);
    expect((await (await signedIn('julia')).get('/auth/sign_in')).text).toContain('You are signed in');
  });

  test('new recovery codes end the old ones', async () => {
    const { agent, secret, recovery } = await enrolled('karin');
    const { text } = await agent.get('/auth/settings/second_factor');
    const { fields } = formOf(text);
    const renewed = await agent
      .post('/auth/settings/second_factor/recovery_codes')
      .type('form')
      .send({ ...fields, code: await codeOf(secret), password })
      .expect(200);
    expect(renewed.text.match(/<code class="code">/g)).toHaveLength(10);
    const next = await asked('karin');
    expect((await send(next.agent, next.text, { code: recovery[0] ?? '' })).status).toBe(401);
  });
});

describe('looking after sessions and apps', () => {
  test('another browser is signed out, but only by its owner', async () => {
    await instance.createUser('lara', { password });
    const other = await signedIn('lara');
    const agent = await signedIn('lara');
    await agent.get('/auth/settings').set('User-Agent', 'mine').expect(200);
    const { text } = await agent.get('/auth/settings');
    const ids = [...text.matchAll(/name="session" value="(\d+)"/g)].map((m) => m[1] ?? '');
    expect(ids).toHaveLength(1);
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    await instance.createUser('mara', { password });
    const stranger = await signedIn('mara');
    const strangers =
      /name="csrf" value="([^"]+)"/.exec((await stranger.get('/auth/settings')).text)?.[1] ?? '';
    const revoke = (who: Agent, token: string) =>
      who.post('/auth/settings/sessions/revoke').type('form').send({ csrf: token, session: ids[0] });
    expect((await revoke(stranger, csrf)).status).toBe(403);
    expect((await revoke(stranger, strangers)).status).toBe(302);
    await other.get('/auth/settings').expect(200);
    expect((await revoke(agent, csrf)).status).toBe(302);
    await other.get('/auth/settings').expect(302);
    await agent.get('/auth/settings').expect(200);
  });

  test('an app loses its access to one account, and no other', async () => {
    const nina = await instance.createUser('nina', { password });
    const olga = await instance.createUser('olga', { password });
    await instance.ctx.db.apps.updateMany({}, { $set: { name: '<b>App</b>' } });
    const verify = (token: string) =>
      request(instance.url)
        .get('/api/v1/accounts/verify_credentials')
        .set('Authorization', `Bearer ${token}`);
    const agent = await signedIn('nina');
    const { text } = await agent.get('/oauth/authorized_applications').expect(200);
    expect(text).toContain('&lt;b&gt;App&lt;/b&gt;');
    expect(text).toContain('See everything in your account');
    const { fields } = formOf(text);
    await agent
      .post('/oauth/authorized_applications/revoke')
      .type('form')
      .send({ app: fields['app'] })
      .expect(403);
    await verify(nina.token).expect(200);
    await send(agent, text, {});
    await verify(nina.token).expect(401);
    await verify(olga.token).expect(200);
    expect((await agent.get('/oauth/authorized_applications')).text).toContain('No app may use your account');
  });

  test('are behind signing in, which leads back to them', async () => {
    await instance.createUser('paula', { password });
    const agent = browser();
    const res = await agent.get('/oauth/authorized_applications').expect(302);
    const page = await agent.get(String(res.headers['location']));
    const done = await submitSignIn(agent, page.text, { username: 'paula' });
    expect(done.headers['location']).toBe('/auth/settings');
  });
});

test('the password grant of test mode does not go around it', async () => {
  const open = await startInstance({ clock });
  const { user } = await open.createUser('quinn', { password });
  const { client_id, client_secret } = await register(open.app as never);
  const grant = () =>
    request(open.url)
      .post('/oauth/token')
      .send({ grant_type: 'password', client_id, client_secret, username: 'quinn', password, scope: 'read' });
  await grant().expect(200);
  await open.ctx.db.secondFactors.insertOne({
    _id: open.ctx.ids.next(),
    userId: user._id,
    sealedSecret: '',
    enabledAt: clock.now().toISOString(),
    lastStep: 0,
    recoveryHashes: [],
    createdAt: clock.now().toISOString(),
  });
  await grant().expect(400);
  await open.close();
});
