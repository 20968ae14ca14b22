import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { approveAccount } from '../../src/domain/admin-account-acts.js';
import { createInvite, findInvite, revokeInvite } from '../../src/domain/invites.js';
import type { Settings } from '../../src/config/settings.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { formOf, password, request, submitSignIn, type Agent } from './support.js';

const clock = createTestClock();
const open: Instance[] = [];
let closed: Instance;
let alice: TestUser, mod: TestUser;

async function start(settings: Partial<Settings>): Promise<Instance> {
  const instance = await startInstance({ testMode: false, rateLimits: false, clock, ...settings });
  open.push(instance);
  return instance;
}

beforeAll(async () => {
  closed = await start({ registrations: 'closed' });
  alice = await closed.createUser('alice', { password });
  mod = await closed.createUser('mod', { role: 'moderator', password });
});
afterAll(() => Promise.all(open.map((instance) => instance.close())));

const plain = { maxUses: null, lifetimeMs: null, autofollow: false };

/** The API's way; the app's token is that of the person who lends it. */
const signUp = (at: Instance, lender: TestUser, body: { username: string; [member: string]: unknown }) =>
  request(at.url)
    .post('/api/v1/accounts')
    .set('Authorization', `Bearer ${lender.token}`)
    .send({ email: `${body.username}@new.example`, password, agreement: true, ...body });

const userOf = async (at: Instance, username: string) => {
  const account = await at.ctx.db.accounts.findOne({ acctKey: username });
  return at.ctx.db.users.findOne({ accountId: account?._id ?? '' });
};

describe('closed registrations', () => {
  test('an invite lets in, until it is used up', async () => {
    const { code } = await createInvite(closed.ctx, alice, { ...plain, maxUses: 1 });
    await signUp(closed, alice, { username: 'nobody1' }).expect(403);
    await signUp(closed, alice, { username: 'nobody1', invite_code: 'wrong' }).expect(403);
    await signUp(closed, alice, { username: 'bad name', invite_code: code }).expect(422);
    await signUp(closed, alice, { username: 'first', invite_code: code }).expect(200);
    expect(await userOf(closed, 'first')).toMatchObject({
      approvedAt: expect.any(String),
      invite: { byId: alice.account._id },
    });
    await signUp(closed, alice, { username: 'second', invite_code: code }).expect(403);
    expect(await userOf(closed, 'second')).toBeNull();
  });

  test('however many come at once, no more get in than may', async () => {
    const { code, _id } = await createInvite(closed.ctx, alice, { ...plain, maxUses: 2 });
    const names = ['race1', 'race2', 'race3', 'race4', 'race5'];
    const answers = await Promise.all(
      names.map((username) => signUp(closed, alice, { username, invite_code: code })),
    );
    expect(answers.map((res) => res.status).sort()).toEqual([200, 200, 403, 403, 403]);
    expect(await closed.ctx.db.invites.findOne({ _id })).toMatchObject({ uses: 2 });
  });

  test('one that expired, was revoked, or is of somebody who was shut out is none', async () => {
    const [short, ended, theirs] = await Promise.all([
      createInvite(closed.ctx, alice, { ...plain, lifetimeMs: 60_000 }),
      createInvite(closed.ctx, alice, plain),
      createInvite(closed.ctx, await closed.createUser('mallory'), plain),
    ]);
    const isGood = async (code: string): Promise<boolean> => (await findInvite(closed.ctx, code)) !== null;
    expect(await Promise.all([short, ended, theirs].map((i) => isGood(i.code)))).toEqual([true, true, true]);
    clock.advance({ minutes: 1 });
    await expect(revokeInvite(closed.ctx, mod, ended.code)).rejects.toMatchObject({ status: 404 });
    await revokeInvite(closed.ctx, alice, ended.code);
    await closed.ctx.db.accounts.updateOne(
      { acctKey: 'mallory' },
      { $set: { suspendedAt: clock.now().toISOString() } },
    );
    expect(await Promise.all([short, ended, theirs].map((i) => isGood(i.code)))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('links lead browsers to the form and tell apps where to sign up', async () => {
    const { code } = await createInvite(closed.ctx, alice, plain);
    const agent = request.agent(closed.url) as unknown as Agent;
    const led = await agent.get(`/invite/${code}`).set('Accept', 'text/html').expect(302);
    const page = await agent.get(String(led.headers['location'])).expect(200);
    expect(page.text).toContain('You are invited.');
    const { action, fields } = formOf(page.text);
    await agent
      .post(action)
      .type('form')
      .send({ ...fields, username: 'browser', email: 'browser@new.example', password })
      .expect(200);
    expect(await userOf(closed, 'browser')).toMatchObject({ invite: { byId: alice.account._id } });
    const told = { invite_code: code, instance_api_url: `${closed.url}/api/v2/instance` };
    await agent.get(`/invite/${code}`).set('Accept', 'application/json').expect(200, told);
    await agent.get(`/api/v1/invites/${code}`).expect(200, told);
    await agent.get('/api/v1/invites/nothing').expect(401, { error: 'Invite is not valid' });
    expect((await agent.get('/auth/sign_up?invite_code=nothing')).text).toContain('not good any more');
  });
});

test('where staff decides, whoever is invited need not say why, and is let in', async () => {
  const instance = await start({ registrations: 'approval' });
  const bob = await instance.createUser('bob');
  const { code } = await createInvite(instance.ctx, bob, { ...plain, autofollow: true });
  await signUp(instance, bob, { username: 'asks' }).expect(422);
  await signUp(instance, bob, { username: 'asks', reason: 'Why not' }).expect(200);
  await signUp(instance, bob, { username: 'comes', invite_code: code }).expect(200);
  expect(await userOf(instance, 'asks')).toMatchObject({ approvedAt: null });
  expect(await userOf(instance, 'comes')).toMatchObject({ approvedAt: expect.any(String) });
  const v2 = await request(instance.url).get('/api/v2/instance');
  expect(v2.body).toMatchObject({ registrations: { enabled: true, approval_required: true } });
});

test('whoever comes follows the inviter once they may act, also when staff had to look first', async () => {
  const instance = await start({ registrations: 'open', testMode: true });
  const bob = await instance.createUser('bob');
  const staff = await instance.createUser('admin1', { role: 'admin' });
  const { code } = await createInvite(instance.ctx, bob, { ...plain, autofollow: true });
  const follows = async (username: string) => {
    const account = await instance.ctx.db.accounts.findOne({ acctKey: username });
    return instance.ctx.db.follows.countDocuments({ accountId: account!._id, targetId: bob.account._id });
  };
  await signUp(instance, bob, { username: 'eager', invite_code: code }).expect(200);
  await instance.ctx.db.emailDomainBlocks.insertOne({
    _id: instance.ctx.ids.next(),
    domain: 'doubtful.example',
    allowWithApproval: true,
    createdAt: clock.now().toISOString(),
  });
  const email = 'x@doubtful.example';
  await signUp(instance, bob, { username: 'doubtful', invite_code: code, email }).expect(200);
  await instance.idle();
  expect([await follows('eager'), await follows('doubtful')]).toEqual([1, 0]);
  const doubtful = await instance.ctx.db.accounts.findOne({ acctKey: 'doubtful' });
  await approveAccount(instance.ctx, { account: staff.account, role: 'admin' }, doubtful!);
  expect(await follows('doubtful')).toBe(1);
  const shown = await request(instance.url).get('/api/v1/instance');
  expect(shown.body).toMatchObject({ invites_enabled: true });
});

describe('who may invite', () => {
  test.each([
    ['everyone', true, true],
    ['staff', false, true],
    ['nobody', false, false],
  ] as const)('%s', async (invites, member, staff) => {
    const ctx = { ...closed.ctx, settings: { ...closed.ctx.settings, invites } };
    const may = async (who: TestUser) =>
      createInvite(ctx, who, plain).then(
        () => true,
        () => false,
      );
    expect([await may(alice), await may(mod)]).toEqual([member, staff]);
    const made = await createInvite(closed.ctx, alice, plain);
    expect((await findInvite(ctx, made.code)) !== null).toBe(member);
    const console = await createInvite(ctx, { console: 'console:test' }, plain);
    expect(await findInvite(ctx, console.code)).not.toBeNull();
  });

  test('what staff does is on record, what members do is not', async () => {
    const count = () => closed.ctx.db.audit.countDocuments({});
    const before = await count();
    const theirs = await createInvite(closed.ctx, alice, plain);
    await revokeInvite(closed.ctx, alice, theirs.code);
    expect(await count()).toBe(before);
    const { code, _id } = await createInvite(closed.ctx, mod, plain);
    await revokeInvite(closed.ctx, mod, code);
    const acts = await closed.ctx.db.audit.find({ target: `invite ${_id}` }).toArray();
    expect(acts.map((a) => [a.actor, a.action])).toEqual([
      ['mod', 'invite.create'],
      ['mod', 'invite.revoke'],
    ]);
    expect(JSON.stringify(acts)).not.toContain(code);
  });

  test('numbers out of range are refused, and a hundred open ones are enough', async () => {
    for (const input of [{ maxUses: 0 }, { maxUses: 1.5 }, { lifetimeMs: 0 }, { lifetimeMs: Number.NaN }])
      await expect(createInvite(closed.ctx, alice, { ...plain, ...input })).rejects.toMatchObject({
        status: 422,
      });
    const busy = await closed.createUser('busy');
    for (let i = 0; i < 100; i += 1) await createInvite(closed.ctx, busy, plain);
    await expect(createInvite(closed.ctx, busy, plain)).rejects.toMatchObject({ status: 422 });
  });
});

test('the page in the settings makes links and ends them', async () => {
  const agent = request.agent(closed.url) as unknown as Agent;
  await closed.createUser('carol', { password });
  await agent
    .get('/auth/settings/invites')
    .expect(302)
    .expect('Location', /^\/auth\/sign_in/);
  await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username: 'carol' });
  const { action, fields } = formOf((await agent.get('/auth/settings/invites')).text);
  const make = (body: object) =>
    agent
      .post(action)
      .type('form')
      .send({ ...fields, ...body });
  await make({ max_uses: '5', expires_in: '3600', autofollow: '1' }).expect(302);
  await make({ max_uses: 'many' }).expect(422);
  await agent.post(action).type('form').send({ max_uses: '5' }).expect(403);
  const page = await agent.get('/auth/settings/invites');
  const code = /\/invite\/(\w{12})</.exec(page.text)?.[1] ?? '';
  expect(await findInvite(closed.ctx, code)).toMatchObject({ maxUses: 5, autofollow: true });
  await agent
    .post('/auth/settings/invites/revoke')
    .type('form')
    .send({ csrf: fields['csrf'], code })
    .expect(302);
  expect(await findInvite(closed.ctx, code)).toBeNull();
  expect((await agent.get('/auth/settings/invites')).text).toMatch(/Over\.\s+Used 0 of 5\s+times/);
});
