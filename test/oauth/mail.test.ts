import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance } from '../support/instance.js';
import { parseMail, startSmtp, type SmtpDouble } from '../support/smtp.js';
import { formOf, password, request, submitSignIn, type Agent } from './support.js';

const clock = createTestClock();
let smtp: SmtpDouble;
let instance: Instance;

beforeAll(async () => {
  smtp = await startSmtp();
  instance = await startInstance({
    testMode: false,
    registrations: 'open',
    smtpUrl: smtp.url,
    mailFrom: 'Landfall <post@server.example>',
    clock,
  });
});
afterAll(async () => {
  await instance.close();
  await smtp.close();
});

const browser = (at: Instance = instance): Agent => request.agent(at.url) as unknown as Agent;

async function submit(agent: Agent, path: string, fields: Record<string, string>) {
  const page = await agent.get(path);
  const form = formOf(page.text);
  return agent
    .post(form.action)
    .type('form')
    .send({ ...form.fields, ...fields });
}

/** The client credentials token of a fresh app, and the tokens of who signs up with it. */
async function appToken(at: Instance): Promise<string> {
  const app = await request(at.url)
    .post('/api/v1/apps')
    .send({ client_name: 'App', redirect_uris: 'urn:ietf:wg:oauth:2.0:oob', scopes: 'read write' });
  const { client_id, client_secret } = app.body as Record<string, string>;
  const res = await request(at.url)
    .post('/oauth/token')
    .send({ grant_type: 'client_credentials', client_id, client_secret, scope: 'read write' });
  return (res.body as { access_token: string }).access_token;
}

async function signUpAs(username: string, at: Instance = instance): Promise<string> {
  const token = await appToken(at);
  const res = await request(at.url)
    .post('/api/v1/accounts')
    .set('Authorization', `Bearer ${token}`)
    .send({
      username,
      email: `${username}@mail.example`,
      password,
      agreement: true,
      reason: 'Because',
    })
    .expect(200);
  await at.idle();
  return (res.body as { access_token: string }).access_token;
}

const verify = (token: string, at: Instance = instance) =>
  request(at.url).get('/api/v1/accounts/verify_credentials').set('Authorization', `Bearer ${token}`);
const mailsTo = (username: string) =>
  smtp.mails.filter((mail) => mail.to.includes(`${username}@mail.example`));
const linkIn = (text: string): string => {
  const url = /^http\S+\?token=\S+$/m.exec(text)?.[0];
  if (url === undefined) throw new Error(`no link in: ${text}`);
  return url.slice(new URL(url).origin.length);
};
const lastLink = (username: string): string => linkIn(mailsTo(username).at(-1)?.text ?? '');

describe('signing up', () => {
  test('sends a link that confirms the address, also when it is followed twice', async () => {
    const token = await signUpAs('anna');
    await verify(token).expect(403, { error: 'Your login is missing a confirmed e-mail address' });
    const [mail, ...others] = mailsTo('anna');
    expect(others).toEqual([]);
    expect(mail?.from).toBe('post@server.example');
    expect(mail?.headers).toMatchObject({
      from: 'Landfall <post@server.example>',
      to: 'anna@mail.example',
      'auto-submitted': 'auto-generated',
      subject: expect.stringMatching(/^Confirm your address/),
    });
    for (const text of ['Your address is confirmed', 'Your address is confirmed'])
      expect((await browser().get(lastLink('anna')).expect(200)).text).toContain(text);
    await verify(token).expect(200);
  });

  test('keeps no secret of a link in the store', async () => {
    await signUpAs('berta');
    const secret = lastLink('berta').split('token=')[1] ?? '';
    const { db } = instance.ctx;
    for (const collection of [db.jobs, db.mailTokens, db.users] as const)
      expect(JSON.stringify(await collection.find({}).toArray())).not.toContain(secret);
  });

  test('refuses links that are made up, of another kind, or too old', async () => {
    const token = await signUpAs('carla');
    const link = lastLink('carla');
    await browser().get('/auth/confirmation?token=abc').expect(400);
    await browser().get('/auth/confirmation?token[]=abc').expect(400);
    await browser().get(link.replace('/auth/confirmation', '/auth/password/edit')).expect(400);
    clock.advance({ days: 8 });
    expect((await browser().get(link).expect(400)).text).toContain('This link does not work');
    await verify(token).expect(403);
  });

  test('tells the staff once the address is known to be right', async () => {
    const owner = await instance.createUser('owner', { role: 'owner' });
    await signUpAs('dora');
    const told = () =>
      request(instance.url)
        .get('/api/v1/notifications')
        .query({ types: ['admin.sign_up'] })
        .set('Authorization', `Bearer ${owner.token}`);
    expect((await told()).body).toEqual([]);
    await browser().get(lastLink('dora')).expect(200);
    await instance.idle();
    expect((await told()).body).toMatchObject([{ type: 'admin.sign_up', account: { username: 'dora' } }]);
  });

  test('works with a browser too', async () => {
    const fields = { username: 'emil', email: 'emil@mail.example' };
    const short = await submit(browser(), '/auth/sign_up', { ...fields, password: 'short' });
    expect(short.status).toBe(422);
    expect(short.text).toContain('too short');
    expect(formOf(short.text).fields).toMatchObject({ username: 'emil', password: '' });
    const done = await submit(browser(), '/auth/sign_up', { ...fields, password });
    expect(done.status).toBe(200);
    await instance.idle();
    await browser().get(lastLink('emil')).expect(200);
    const agent = browser();
    const res = await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username: 'emil' });
    expect(res.status).toBe(302);
  });
});

describe('asking for the mail again', () => {
  const again = (token: string, body: object = {}) =>
    request(instance.url)
      .post('/api/v1/emails/confirmations')
      .set('Authorization', `Bearer ${token}`)
      .send(body);

  test('over the API, to another address: the first link is worth nothing then', async () => {
    const token = await signUpAs('frida');
    const first = lastLink('frida');
    await again(token, { email: 'nonsense' }).expect(422);
    await again(token, { email: 'anna@mail.example' }).expect(422);
    await again(token, { email: 'frida2@mail.example' }).expect(200, {});
    await instance.idle();
    await browser().get(first).expect(400);
    const check = () =>
      request(instance.url).get('/api/v1/emails/check_confirmation').set('Authorization', `Bearer ${token}`);
    expect((await check().expect(200)).body).toBe(false);
    await browser().get(lastLink('frida2')).expect(200);
    expect((await check().expect(200)).body).toBe(true);
    await again(token).expect(403);
  });

  test('is for the app that signed them up', async () => {
    const other = await instance.createUser('gerda', { confirmed: false });
    await again(other.token).expect(403, {
      error: 'This method is only available to the application the user originally signed-up with',
    });
  });

  test('with a browser; three within an hour are enough; unknown addresses get nothing', async () => {
    await signUpAs('hanna');
    for (let i = 0; i < 5; i++)
      expect((await submit(browser(), '/auth/confirmation', { email: 'hanna@mail.example' })).status).toBe(
        200,
      );
    expect((await submit(browser(), '/auth/confirmation', { email: 'nobody@mail.example' })).status).toBe(
      200,
    );
    await instance.idle();
    expect(mailsTo('hanna')).toHaveLength(3);
    expect(mailsTo('nobody')).toEqual([]);
  });
});

describe('a lost password', () => {
  const ask = async (email: string) => {
    const res = await submit(browser(), '/auth/password', { email });
    await instance.idle();
    return res;
  };

  test('is replaced by a link that works once and signs everything out', async () => {
    const { token } = await instance.createUser('ines', { password });
    const agent = browser();
    await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username: 'ines' });
    expect((await agent.get('/auth/sign_in')).text).toContain('You are signed in');
    await ask('  INES@mail.example ');
    const link = lastLink('ines');
    expect((await submit(browser(), link, { password: 'short' })).status).toBe(422);
    const done = await submit(browser(), link, { password: 'quite another one' });
    expect(done.text).toContain('Your password is changed');
    await browser().get(link).expect(400);
    await verify(token).expect(401);
    expect((await agent.get('/auth/sign_in')).text).toContain('name="password"');
    const attempt = async (given: string) => {
      const fresh = browser();
      const { text } = await fresh.get('/auth/sign_in');
      return (await submitSignIn(fresh, text, { username: 'ines', password: given })).status;
    };
    expect(await attempt(password)).toBe(401);
    expect(await attempt('quite another one')).toBe(302);
    await instance.idle();
    expect(mailsTo('ines').at(-1)?.headers['subject']).toMatch(/was changed$/);
  });

  test('two who use the link at once: one wins', async () => {
    await instance.createUser('jana', { password });
    await ask('jana@mail.example');
    const all = await Promise.all(
      Array.from({ length: 4 }, (_, i) => submit(browser(), lastLink('jana'), { password: `password ${i}` })),
    );
    expect(all.map((res) => res.status).sort()).toEqual([200, 400, 400, 400]);
  });

  test('says the same whether somebody has the address or not, and the link dies after an hour', async () => {
    await instance.createUser('karl', { password });
    const [known, unknown] = [await ask('karl@mail.example'), await ask('nobody@mail.example')];
    expect(known.text).toBe(unknown.text);
    expect(mailsTo('nobody')).toEqual([]);
    clock.advance({ minutes: 61 });
    await browser().get(lastLink('karl')).expect(400);
  });

  test('forms from elsewhere are refused', async () => {
    for (const path of ['/auth/password', '/auth/password/edit', '/auth/confirmation', '/auth/sign_up'])
      await request(instance.url).post(path).type('form').send({ email: 'karl@mail.example' }).expect(403);
  });
});

describe('the mail server', () => {
  test('is tried again when it is busy, and not when it refuses for good', async () => {
    smtp.answers.push('451 Later');
    await signUpAs('lena');
    expect(mailsTo('lena')).toEqual([]);
    expect(await instance.ctx.db.jobs.find({ kind: 'mail' }).toArray()).toMatchObject([
      { state: 'ready', attempts: 1, lastError: expect.stringContaining('451') },
    ]);
    clock.advance({ seconds: 10 });
    instance.ctx.jobs.nudge('jobs');
    await instance.idle();
    expect(mailsTo('lena')).toHaveLength(1);
    await browser().get(lastLink('lena')).expect(200);
    smtp.answers.push('550 Nobody here');
    await signUpAs('mona');
    expect(await instance.ctx.db.jobs.find({ kind: 'mail' }).toArray()).toMatchObject([
      { state: 'dead', lastError: expect.stringContaining('550') },
    ]);
  });

  test('gets nothing from a server that another copy has replaced', async () => {
    await instance.ctx.db.instance.updateOne({}, { $inc: { generation: 1 } });
    await signUpAs('nora');
    expect(mailsTo('nora')).toEqual([]);
    await instance.ctx.db.instance.updateOne({}, { $inc: { generation: -1 } });
    clock.advance({ minutes: 11 });
    instance.ctx.jobs.nudge('jobs');
    await instance.idle();
    expect(mailsTo('nora')).toHaveLength(1);
  });
});

test('without a mail server, mails are files; where staff decides, the link leads to waiting', async () => {
  const alone = await startInstance({ testMode: false, registrations: 'approval' });
  const token = await signUpAs('olga', alone);
  const folder = join(alone.settings.data, 'mail');
  const files = await readdir(folder);
  expect(files).toEqual([expect.stringMatching(/^mail-\d+\.eml$/)]);
  const mail = parseMail(await readFile(join(folder, files[0] ?? ''), 'utf8'));
  expect(mail.headers).toMatchObject({ to: 'olga@mail.example', from: 'no-reply@localhost' });
  expect((await browser(alone).get(linkIn(mail.text)).expect(200)).text).toContain(
    'The staff of this server',
  );
  await verify(token, alone).expect(403, { error: 'Your login is currently pending approval' });
  await alone.close();
});

test('test mode asks for no confirmation', async () => {
  const open = await startInstance();
  await verify(await signUpAs('paula', open), open).expect(200);
  await open.close();
});
