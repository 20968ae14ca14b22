import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { findSession } from '../../src/domain/sessions.js';
import { authorizeUrl, password, register } from '../oauth/support.js';
import { freshAddress, openDoor, type Door, type PageAnswer } from './door-kit.js';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  await door.person('bob');
});
afterAll(() => door?.close());
// Each test finds the counters as good as new.
beforeEach(() => door.clock.advance({ hours: 2 }));

const settings = '/auth/settings';
const cookiesOf = (answer: PageAnswer): string[] =>
  (answer.headers['set-cookie'] as unknown as string[]) ?? [];
const sessions = (userId: string) => door.us.ctx.db.webSessions.countDocuments({ userId });

test('#251 LOGIN_BRUTE', async () => {
  const { user } = await door.person('target');
  const owner = await door.signedIn('target');
  const from = (address: string, name: string) => door.attempt(door.browser(address), name, 'a wrong guess');
  const oneAddress = freshAddress();
  const many: number[] = [];
  for (let i = 0; i < 30; i++) many.push((await from(oneAddress, `name${i}`)).status);
  expect(many).toEqual([...Array<number>(25).fill(401), ...Array<number>(5).fill(429)]);
  const spread: number[] = [];
  for (let i = 0; i < 30; i++) spread.push((await from(freshAddress(), 'target')).status);
  expect(spread).toEqual([...Array<number>(25).fill(401), ...Array<number>(5).fill(429)]);
  const right = await door.attempt(door.browser(), 'target');
  expect(right.status).toBe(429);
  expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
  expect(await sessions(user._id)).toBe(1);
  expect((await owner.get(settings)).status).toBe(200);
  door.clock.advance({ hours: 1 });
  expect((await door.attempt(door.browser(), 'target')).status).toBe(302);
});

test('#252 LOGIN_ENUM', async () => {
  await door.us.createUser('unconfirmed', { password, confirmed: false });
  const { passwords, db } = door.us.ctx;
  const hashed: string[] = [];
  const { verify } = passwords;
  passwords.verify = (hash, given) => {
    hashed.push(hash);
    return verify(hash, given);
  };
  /** Everything that may be compared: what differs by request is left out. */
  const shape = ({ status, headers, text }: PageAnswer, typed: string) => ({
    status,
    names: Object.keys(headers).sort(),
    text: text.replaceAll(typed, 'typed').replace(/name="csrf" value="[^"]*"/, ''),
  });
  const signIn = async (name: string) => {
    hashed.length = 0;
    const answer = await door.attempt(door.browser(), name, 'a wrong guess');
    return { ...shape(answer, name), hashes: hashed.length };
  };
  const known = await signIn('bob');
  expect(known).toMatchObject({ status: 401, hashes: 1 });
  for (const name of ['bob@mail.example', 'unconfirmed', 'nobody', 'nobody@mail.example'])
    expect(await signIn(name)).toEqual(known);
  passwords.verify = verify;
  for (const path of ['/auth/password', '/auth/confirmation']) {
    const asked: unknown[] = [];
    for (const email of ['bob@mail.example', 'unconfirmed@mail.example', 'nobody@mail.example']) {
      const agent = door.browser();
      const answer = await door.send(agent, (await agent.get(path)).text, { email });
      asked.push(shape(answer, email));
    }
    expect(new Set(asked.map((a) => JSON.stringify(a))).size).toBe(1);
    expect(asked[0]).toMatchObject({ status: 200 });
  }
  await door.us.idle();
  expect(door.smtp.mails.filter((m) => m.to.includes('nobody@mail.example'))).toEqual([]);
  expect(await db.mailTokens.countDocuments({ email: 'nobody@mail.example' })).toBe(0);
});

test('#255 TOTP_BRUTE', async () => {
  const { user, secret } = await door.withCodes('tina');
  door.clock.advance({ minutes: 2 });
  const agent = door.browser();
  const { text } = await door.attempt(agent, 'tina');
  const right = await door.codeOf(secret);
  const statuses: number[] = [];
  for (let i = 0; i < 20; i++) {
    const guess = String((Number(right) + 1 + i) % 1_000_000).padStart(6, '0');
    statuses.push((await door.send(agent, text, { code: guess })).status);
  }
  expect(statuses).toEqual([...Array<number>(6).fill(401), ...Array<number>(14).fill(429)]);
  // Beginning anew, elsewhere and at the same moment does not help.
  const again = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const other = door.browser();
      const page = await door.attempt(other, 'tina');
      return (await door.send(other, page.text, { code: '000000' })).status;
    }),
  );
  expect(again.filter((status) => status === 401).length).toBeLessThanOrEqual(25 - 6);
  expect(again.filter((status) => status === 302)).toEqual([]);
  expect((await door.send(agent, text, { code: right })).status).toBe(429);
  expect(await sessions(user._id)).toBe(1);
  await door.us.idle();
  const warnings = door.smtp.mails.filter((m) => m.headers['subject']?.startsWith('Somebody knows'));
  expect(warnings.map((m) => m.to)).toEqual([['tina@mail.example']]);
});

test('#256 TOTP_REUSE', async () => {
  const { secret, firstCode, user } = await door.withCodes('rosa');
  const step = async (code: string) => {
    const agent = door.browser();
    return (await door.send(agent, (await door.attempt(agent, 'rosa')).text, { code })).status;
  };
  expect(await step(firstCode)).toBe(401);
  door.clock.advance({ minutes: 1 });
  const code = await door.codeOf(secret);
  const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
  const parallel = await Promise.all([step(code), step(spaced), step(code)]);
  expect(parallel.sort()).toEqual([302, 401, 401]);
  expect(await step(spaced)).toBe(401);
  expect(await step(`${code}\u00a0`)).toBe(401);
  expect(await sessions(user._id)).toBe(2);
});

test('#257 RECOVERY_CODES', async () => {
  const { recovery, user, agent } = await door.withCodes('rita');
  expect(new Set(recovery).size).toBe(10);
  const stored = JSON.stringify(await door.us.ctx.db.secondFactors.findOne({ userId: user._id }));
  for (const code of recovery) expect(stored).not.toContain(code.replaceAll('-', ''));
  const step = async (code: string) => {
    const other = door.browser();
    return (await door.send(other, (await door.attempt(other, 'rita')).text, { code })).status;
  };
  const [first = '', second = '', third = ''] = recovery;
  expect((await Promise.all([step(first), step(first.toUpperCase())])).sort()).toEqual([302, 401]);
  expect(await step(first)).toBe(401);
  const form = (await agent.get('/auth/settings/second_factor')).text.split('<h2>')[1] ?? '';
  const renewed = await door.send(agent, form, { code: second, password });
  const fresh = [...renewed.text.matchAll(/<code class="code">([a-z0-9-]+)</g)].map((m) => m[1] ?? '');
  expect(fresh).toHaveLength(10);
  expect(await step(third)).toBe(401);
  expect(await step(fresh[0] ?? '')).toBe(302);
});

test('#259 TWOFA_SKIP', async () => {
  const { user, secret, agent: owner } = await door.withCodes('skip');
  door.clock.advance({ minutes: 2 });
  const client = await register(door.us.app as never, {});
  const agent = door.browser();
  const { text } = await door.attempt(agent, 'skip');
  expect(text).toContain('One more step');
  for (const path of [settings, '/auth/settings/second_factor', '/auth/settings/passkeys'])
    expect((await agent.get(path)).headers['location']).toMatch(/^\/auth\/sign_in/);
  for (const path of ['/auth/settings/second_factor/off', '/auth/settings/password'])
    expect((await agent.post(path).type('form').send({ password })).headers['location']).toMatch(
      /^\/auth\/sign_in/,
    );
  const consent = await agent.get(authorizeUrl({ client_id: client.client_id, scope: 'read' }));
  expect(consent.text).toContain('name="password"');
  expect((await agent.get('/api/v1/accounts/verify_credentials')).status).toBe(401);
  // The half-way mark is for one browser, and for the password that was given.
  const thief = door.browser();
  await thief.get('/auth/sign_in');
  const challenge = /name="challenge" value="([^"]*)"/.exec(text)?.[1];
  const own = /name="csrf" value="([^"]*)"/.exec((await thief.get('/auth/sign_in')).text)?.[1];
  const stolen = { csrf: own, challenge, code: await door.codeOf(secret) };
  const taken = await thief.post('/auth/second_factor').type('form').send(stolen);
  expect(taken.headers['location']).toBe('/auth/sign_in');
  // So it is after a success without a page to go to, too.
  expect((await thief.get(settings)).headers['location']).toMatch(/^\/auth\/sign_in/);
  // Turning it off takes both.
  const page = (await owner.get('/auth/settings/second_factor')).text;
  for (const fields of [{ password }, { password, code: '000000' }, { code: await door.codeOf(secret) }])
    expect((await door.send(owner, page, { code: '', password: '', ...fields })).status).toBe(422);
  // A new password does not turn it off.
  const forgot = door.browser();
  const email = 'skip@mail.example';
  await door.send(forgot, (await forgot.get('/auth/password')).text, { email });
  await door.us.idle();
  const link = new URL(door.linksTo(email).at(-1) ?? '');
  const edit = (await forgot.get(link.pathname + link.search)).text;
  await door.send(forgot, edit, { password: 'another good password' });
  expect((await door.attempt(forgot, 'skip', 'another good password')).text).toContain('One more step');
  // What was half-way with the old password is over.
  const late = await door.send(agent, text, { code: await door.codeOf(secret) });
  expect(late.headers['location']).toBe('/auth/sign_in');
  expect(await sessions(user._id)).toBe(0);
});

test('#260 SESS_FIX', async () => {
  const { user } = await door.person('fix');
  const planted = 'p'.repeat(43);
  const agent = door.browser();
  const first = await agent.get('/auth/sign_in').set('Cookie', `landfall=${planted}`);
  const answer = await door.send(agent, first.text, { username: 'fix', password });
  const secretOf = (res: PageAnswer): string =>
    /^landfall=([\w-]{43});/.exec(cookiesOf(res).find((c) => c.startsWith('landfall=')) ?? '')?.[1] ?? '';
  const secret = secretOf(answer);
  expect(secret).not.toBe('');
  expect(secret).not.toBe(planted);
  expect(await findSession(door.us.ctx, planted)).toBeNull();
  // A new password begins a new one, and ends those of other browsers.
  const elsewhere = await door.signedIn('fix');
  expect((await elsewhere.get(settings)).status).toBe(200);
  const form = (await agent.get('/auth/settings/password')).text;
  const changed = await door.send(agent, form, { password, new_password: 'another good password' });
  expect(changed.status).toBe(200);
  const next = secretOf(changed);
  expect([next === '', next === secret, await findSession(door.us.ctx, secret)]).toEqual([
    false,
    false,
    null,
  ]);
  expect((await elsewhere.get(settings)).headers['location']).toMatch(/^\/auth\/sign_in/);
  const out = await door.send(agent, (await agent.get(settings)).text, {});
  expect(out.headers['location']).toBe('/auth/sign_in');
  expect(cookiesOf(out).join()).toContain('landfall=; Max-Age=0');
  expect(await findSession(door.us.ctx, next)).toBeNull();
  expect(await sessions(user._id)).toBe(0);
  expect(cookiesOf(answer).join()).toMatch(/HttpOnly; SameSite=Lax/);
  // Over https, with the prefix that keeps subdomains from setting it.
  const secure = await openDoor({ url: 'https://social.example', federateLoopback: false });
  try {
    await secure.person('fix');
    const page = await secure.browser().get('/auth/sign_in');
    const [form1] = cookiesOf(page);
    const res = await secure
      .browser()
      .post('/auth/sign_in')
      .set('Cookie', form1?.split(';')[0] ?? '')
      .type('form')
      .send({ csrf: /name="csrf" value="([^"]*)"/.exec(page.text)?.[1], username: 'fix', password });
    for (const cookie of [...cookiesOf(page), ...cookiesOf(res)])
      expect(cookie).toMatch(/^__Host-landfall(-form)?=[\w-]+;.* Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(cookiesOf(res)).toHaveLength(1);
  } finally {
    await secure.close();
  }
});
