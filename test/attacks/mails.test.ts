import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { password, register, type RegisteredClient } from '../oauth/support.js';
import { freshAddress, openDoor, type Door } from './door-kit.js';
import { raw, type Answer } from './kit.js';

let door: Door;
/** What DNS says of mail servers, and of which domains it was asked. */
let exchangers = async (_domain: string): Promise<string[]> => [];
const asked: string[] = [];
let client: RegisteredClient;
let appToken: string;
beforeAll(async () => {
  door = await openDoor({
    registrations: 'open',
    mailExchangers: async (domain) => {
      asked.push(domain);
      return exchangers(domain);
    },
  });
  client = await register(door.us.app as never);
  const { client_id, client_secret } = client;
  const form = { grant_type: 'client_credentials', client_id, client_secret, scope: 'read write' };
  appToken = (JSON.parse((await post('/oauth/token', form)).body) as { access_token: string }).access_token;
});
afterAll(() => door?.close());
// Each test finds the counters as good as new.
beforeEach(() => door.clock.advance({ hours: 2 }));

const post = (path: string, body: object, from = freshAddress(), token?: string): Promise<Answer> =>
  raw(door, {
    path,
    lines: [
      ['Content-Type', 'application/json'],
      ['X-Forwarded-For', from],
      ...(token === undefined ? [] : [['Authorization', `Bearer ${token}`] as [string, string]]),
    ],
    body: JSON.stringify(body),
  });

const signUp = (input: object, from?: string): Promise<Answer> =>
  post('/api/v1/accounts', { password, agreement: true, ...input }, from, appToken);
const ask = async (path: string, email: string, lines: Record<string, string> = {}) => {
  const agent = door.browser();
  const { text } = await agent.get(path);
  const csrf = /name="csrf" value="([^"]*)"/.exec(text)?.[1];
  return agent.post(path).set(lines).type('form').send({ csrf, email });
};
const { stringify } = JSON;
const users = async () => stringify(await door.us.ctx.db.users.find({}).sort({ _id: 1 }).toArray());
const subjectsTo = (pattern: RegExp) => door.smtp.mails.filter((m) => m.to.some((to) => pattern.test(to)));

test('#262 RESET_TOKEN', async () => {
  const { user } = await door.person('rene');
  await door.person('other');
  const { db } = door.us.ctx;
  const email = 'rene@mail.example';
  const fresh = async (address = email, lines = {}): Promise<string> => {
    expect((await ask('/auth/password', address, lines)).status).toBe(200);
    await door.us.idle();
    return door.linksTo(address).at(-1) ?? '';
  };
  const use = async (link: string, chosen: string): Promise<number> => {
    const { pathname, search, searchParams } = new URL(link);
    const agent = door.browser();
    const page = await agent.get(pathname + search);
    expect(page.headers['referrer-policy']).toBe('same-origin');
    const { text } = await agent.get('/auth/password');
    const csrf = /name="csrf" value="([^"]*)"/.exec(text)?.[1];
    const form = { csrf, token: searchParams.get('token'), password: chosen };
    return (await agent.post(pathname).type('form').send(form)).status;
  };
  // The link leads here, whatever the request said.
  for (const lines of [{ Host: 'evil.example' }, { 'X-Forwarded-Host': 'evil.example' }]) {
    const link = await fresh(email, lines);
    expect(new URL(link).origin).toBe(door.us.url);
  }
  const link = await fresh();
  const token = new URL(link).searchParams.get('token') ?? '';
  expect(token.length).toBeGreaterThan(40);
  expect(stringify(await db.mailTokens.find({}).toArray())).not.toContain(token);
  expect(stringify(await db.jobs.find({}).toArray())).not.toContain(token);
  const before = await users();
  for (const bad of [`${token}x`, token.slice(0, -1), '', 'x'.repeat(43)])
    expect(await use(link.replace(token, bad), 'a password of mine')).toBe(400);
  // Confirmation links are no reset links.
  await db.mailTokens.updateMany({ userId: user._id }, { $set: { purpose: 'confirmation' } });
  expect(await use(link, 'a password of mine')).toBe(400);
  await db.mailTokens.updateMany({ userId: user._id }, { $set: { purpose: 'password-reset' } });
  // Nor once the address is another.
  await db.users.updateOne({ _id: user._id }, { $set: { email: 'new@mail.example' } });
  expect(await use(link, 'a password of mine')).toBe(400);
  await db.users.updateOne({ _id: user._id }, { $set: { email } });
  expect(await users()).toBe(before);
  const at = await Promise.all([use(link, 'the first of two passwords'), use(link, 'the second of them')]);
  expect(at.sort()).toEqual([200, 400]);
  expect(await use(link, 'a third password')).toBe(400);
  door.clock.advance({ hours: 2 });
  const late = await fresh();
  door.clock.advance({ hours: 1, seconds: 1 });
  expect(await use(late, 'a password of mine')).toBe(400);
  // A link to confirm lives for two days.
  await signUp({ username: 'conny', email: 'conny@mail.example' });
  await door.us.idle();
  const confirm = new URL(door.linksTo('conny@mail.example').at(-1) ?? '');
  door.clock.advance({ days: 2, seconds: 1 });
  expect((await door.browser().get(confirm.pathname + confirm.search)).status).toBe(400);
});

test('#263 EMAIL_FORMAT', async () => {
  const before = [await users(), door.smtp.mails.length];
  const addresses = [
    'a%evil.example@us.example',
    '"a@evil"@us.example',
    'a,b@us.example',
    'a@us.example,b@evil.example',
    'a@us.example\r\nBcc:y@evil.example',
    'a@us.example\nBcc:y@evil.example',
    'a\u0000@us.example',
    'evil.example!a@us.example',
    '@evil.example:a@us.example',
    'a <a@evil.example>@us.example',
    `a@${'x'.repeat(60)}.${'y'.repeat(255)}.example`,
    `${'a'.repeat(65)}@us.example`,
    'a@us.ex\u0430mple',
    'a@\u217ais.example',
    'a@[127.0.0.1]',
    'a@localhost',
    'a b@us.example',
    'a@@us.example',
    'a',
  ];
  for (const [i, email] of addresses.entries()) {
    const answer = await signUp({ username: `odd${i}`, email });
    expect([email, answer.status]).toEqual([email, 422]);
  }
  // The same rules where somebody corrects it.
  const made = await signUp({ username: 'fine', email: 'fine@us.example' });
  const { access_token } = JSON.parse(made.body) as { access_token: string };
  await door.us.idle();
  const mails = door.smtp.mails.length;
  for (const email of addresses) {
    const answer = await post('/api/v1/emails/confirmations', { email }, freshAddress(), access_token);
    expect([email, answer.status]).toEqual([email, 422]);
  }
  await door.us.idle();
  expect(door.smtp.mails.length).toBe(mails);
  expect(mails).toBe((before[1] as number) + 1);
  expect(await door.us.ctx.db.accounts.countDocuments({ domain: null })).toBe(
    JSON.parse(before[0] as string).length + 2,
  );
});

test('#264 EMAIL_FLOOD', async () => {
  await door.person('flood');
  await door.us.createUser('flood2', { email: 'waiting@mail.example', confirmed: false });
  const spellings = (name: string): string[] => [
    `${name}@mail.example`,
    `${name.toUpperCase()}@mail.example`,
    ` ${name}@Mail.Example `,
    `${name}@mail.example.`,
    `${name.slice(0, 2)}.${name.slice(2)}@mail.example`,
    `${name}+x@mail.example`,
  ];
  for (let i = 0; i < 17; i++) {
    for (const email of spellings('flood')) await ask('/auth/password', email);
  }
  for (let i = 0; i < 3; i++) {
    for (const email of spellings('waiting')) await ask('/auth/confirmation', email);
  }
  await door.us.idle();
  expect(subjectsTo(/^flood/i)).toHaveLength(3);
  expect(subjectsTo(/^waiting/i)).toHaveLength(3);
  // Others who sign up with the same mailbox, spelt anew each time.
  for (let i = 0; i < 12; i++) await signUp({ username: `bomb${i}`, email: `vic.tim+${i}@mail.example` });
  await door.us.idle();
  expect(subjectsTo(/^vic\.?tim/i)).toHaveLength(5);
  // One address that asks for many.
  const from = freshAddress();
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const agent = door.browser(from);
    const { text } = await agent.get('/auth/password');
    const form = { email: `somebody${i}@mail.example` };
    statuses.push((await door.send(agent, text, form)).status);
  }
  expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
  for (const path of ['/auth/password.json', '/auth/password/', '/AUTH/password', '//auth/password'])
    expect([404, 429]).toContain((await post(path, { email: 'x@mail.example' }, from)).status);
});

test('#272 SIGNUP', async () => {
  const { db } = door.us.ctx;
  const input = (i: number | string) => ({ username: `new${i}`, email: `new${i}@mail${i}.example` });
  const from = freshAddress();
  const api: number[] = [];
  for (let i = 0; i < 8; i++) api.push((await signUp(input(i), from)).status);
  expect(api).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  const page: number[] = [];
  const agent = door.browser(freshAddress());
  const { text } = await agent.get('/auth/sign_up');
  for (let i = 0; i < 30; i++)
    page.push((await door.send(agent, text, { ...input(`page${i}`), password })).status);
  expect([page.filter((s) => s === 200).length, page.filter((s) => s === 429).length]).toEqual([25, 5]);

  const same = await Promise.all(
    ['twin', 'TWIN', 'Twin'].map((username, i) => signUp({ username, email: `twin${i}@mail.example` })),
  );
  expect(same.map((a) => a.status).sort()).toEqual([200, 422, 422]);
  const oneMailbox = await Promise.all(
    ['first', 'second'].map((username) => signUp({ username, email: 'one@mail.example' })),
  );
  expect(oneMailbox.map((a) => a.status).sort()).toEqual([200, 422]);
  // Whoever was refused left nothing behind.
  const users = await db.users.find({}).toArray();
  const people = await db.accounts.find({ domain: null, actorType: 'Person' }).toArray();
  expect(people.map((a) => a._id).sort()).toEqual(users.map((u) => u.accountId).sort());

  for (const username of [
    'Admin',
    'ADMINISTRATOR',
    'moderator',
    'inbox',
    '.well-known',
    'tw\u0456n',
    'new1 ',
    'a/b',
    'x'.repeat(31),
    '',
    'new1@evil.example',
  ]) {
    const answer = await signUp({ username, email: `${freshAddress()}@mail.example` });
    expect([username, answer.status]).toEqual([username, 422]);
  }

  const owner = await door.us.createUser('owner', { role: 'owner', scopes: ['admin:write', 'admin:read'] });
  const block = { domain: 'throwaway.example' };
  expect((await post('/api/v1/admin/email_domain_blocks', block, freshAddress(), owner.token)).status).toBe(
    200,
  );
  for (const domain of ['throwaway.example', 'mail.throwaway.example', 'THROWAWAY.example'])
    expect((await signUp({ username: 'spam', email: `spam@${domain}` })).status).toBe(422);
  // While nothing was blocked nobody was asked, nor for those who are refused by name.
  expect(asked).toEqual([]);
  // The domains that the provider serves under other names.
  const served: Record<string, string[]> = {
    'vanity.example': ['mx1.throwaway.example'],
    'second.example': ['mx.honest.example', 'in.mail.THROWAWAY.example'.toLowerCase()],
    'honest.example': ['mx.honest.example', 'throwaway.example.org', 'notthrowaway.example'],
  };
  exchangers = async (domain) => served[domain] ?? [];
  const known = await db.users.countDocuments({});
  for (const domain of ['vanity.example', 'VANITY.example', 'second.example']) {
    const answer = await signUp({ username: 'spam', email: `spam@${domain}` });
    expect([domain, answer.status, answer.body.includes('ERR_BLOCKED')]).toEqual([domain, 422, true]);
  }
  expect(await db.users.countDocuments({})).toBe(known);
  expect((await signUp({ username: 'honest', email: 'h@honest.example' })).status).toBe(200);
  expect(asked).toEqual(['vanity.example', 'vanity.example', 'second.example', 'honest.example']);
  // Who corrects the address is asked the same.
  const corrected = JSON.parse((await signUp({ username: 'fixer', email: 'f@typo.example' })).body) as {
    access_token: string;
  };
  const path = '/api/v1/emails/confirmations';
  const change = { email: 'f@vanity.example' };
  expect((await post(path, change, freshAddress(), corrected.access_token)).status).toBe(422);
  // DNS in trouble does not close the door.
  exchangers = async () => {
    throw new Error('no answer');
  };
  expect((await signUp({ username: 'unlucky', email: 'u@vanity.example' })).status).toBe(200);
  exchangers = async () => [];

  const closed = await openDoor({ registrations: 'closed' });
  try {
    const other = await register(closed.us.app as never);
    const { client_id, client_secret } = other;
    const lines: [string, string][] = [['Content-Type', 'application/json']];
    const grant = { grant_type: 'client_credentials', client_id, client_secret, scope: 'read write' };
    const token = await raw(closed, { path: '/oauth/token', lines, body: stringify(grant) });
    const { access_token } = JSON.parse(token.body) as { access_token: string };
    const answer = await raw(closed, {
      path: '/api/v1/accounts',
      lines: [...lines, ['Authorization', `Bearer ${access_token}`]],
      body: stringify({ ...input('shut'), password, agreement: true }),
    });
    expect(answer.status).toBe(403);
    expect(await closed.us.ctx.db.users.countDocuments({})).toBe(0);
  } finally {
    await closed.close();
  }
});
