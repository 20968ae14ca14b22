import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { addCanonicalEmailBlock } from '../../src/domain/canonical-emails.js';
import { confirmEmail } from '../../src/domain/confirmation.js';
import { deleteAccount } from '../../src/domain/deletion.js';
import { addEmailBlock } from '../../src/domain/email-blocks.js';
import { countSubscribers } from '../../src/domain/email-subscriptions/offer.js';
import { setEmailSubscriptions } from '../../src/domain/email-subscriptions/switch.js';
import { requestMail } from '../../src/domain/mail/request.js';
import { setRole, suspendAccount } from '../../src/domain/staff.js';
import { sweepOnce } from '../../src/jobs/sweep.js';
import { clientOf, ok } from '../api/support.js';
import type { TestUser } from '../support/instance.js';
import { linkIn, openPost, type Post } from './subscribers-kit.js';

let post: Post;
let alice: TestUser;
beforeAll(async () => {
  post = await openPost({ subscribersPerAccount: 20 });
  alice = await post.author('alice');
});
afterAll(() => post.close());

const web = () => request(post.instance.url);
const known = (email: string) => post.instance.ctx.db.emailSubscriptions.find({ email }).toArray();
const shown = (who: TestUser) =>
  ok<{ email_subscriptions?: boolean }>(
    clientOf(post.instance).get(`/api/v1/accounts/${who.account._id}`),
  ).then((account) => account.email_subscriptions);

describe('asking for posts by mail', () => {
  test('sends a link; who follows it is a subscriber, also when it is followed twice', async () => {
    await post.subscribe(alice, '  Reader@Mail.Example ').expect(200, {});
    await post.instance.idle();
    const [mail, ...others] = post.mailsTo('reader@mail.example');
    expect(others).toEqual([]);
    expect(mail?.headers['subject']).toBe('Posts of @alice@localhost by mail?'.replace('localhost', host()));
    expect(await known('reader@mail.example')).toMatchObject([{ confirmedAt: null }]);
    const link = linkIn(mail, 'confirmation');
    for (let i = 0; i < 2; i++)
      expect((await web().get(link).expect(200)).text).toContain('Your subscription is confirmed');
    expect(await known('reader@mail.example')).toMatchObject([
      { accountId: alice.account._id, confirmedAt: expect.any(String), expiresAt: null },
    ]);
    expect(await countSubscribers(post.instance.ctx, alice.account._id)).toBe(1);
  });

  const host = (): string => post.instance.ctx.names.handleDomain;

  test('keeps no secret of a link in the store', async () => {
    await post.subscribe(alice, 'secret@mail.example').expect(200);
    await post.instance.idle();
    const mail = post.mailsTo('secret@mail.example').at(-1);
    const secrets = (['confirmation', 'unsubscribe'] as const).map(
      (page) => linkIn(mail, page).split('token=')[1],
    );
    const { db } = post.instance.ctx;
    for (const collection of [db.jobs, db.emailSubscriptions] as const) {
      const stored = JSON.stringify(await collection.find({}).toArray());
      for (const secret of secrets) expect(stored).not.toContain(secret);
    }
  });

  test('answers the same for an address that is new, asked, confirmed, or the author’s own', async () => {
    const addresses = [
      'new@mail.example',
      'secret@mail.example',
      'reader@mail.example',
      'alice@mail.example',
    ];
    const before = post.smtp.mails.length;
    const answers = [];
    for (const email of addresses) {
      const { status, body, headers } = await post.subscribe(alice, email);
      answers.push({ status, body: body as object, headers: Object.keys(headers).sort() });
    }
    for (const answer of answers) expect(answer).toEqual({ ...answers[0], status: 200, body: {} });
    await post.instance.idle();
    expect(post.smtp.mails.slice(before).map((m) => m.to)).toEqual([
      ['new@mail.example'],
      ['alice@mail.example'],
    ]);
  });

  test.each([
    ['', 'ERR_BLANK', "Validation failed: Email can't be blank"],
    ['nobody', 'ERR_INVALID', 'Validation failed: Email is not a valid e-mail address'],
    ['a,b@mail.example', 'ERR_INVALID', 'Validation failed: Email is not a valid e-mail address'],
    [
      'a@b.example\r\nBcc: c@d.example',
      'ERR_INVALID',
      'Validation failed: Email is not a valid e-mail address',
    ],
  ])('refuses %j', async (email, error, text) => {
    const { body } = await post.subscribe(alice, email).expect(422);
    expect(body).toEqual({ error: text, details: { email: [{ error, description: expect.any(String) }] } });
  });

  test('takes it as a form and as a query, and refuses what is missing', async () => {
    const path = `/api/v1/accounts/${alice.account._id}/email_subscriptions`;
    await web().post(path).type('form').send({ email: 'form@mail.example' }).expect(200, {});
    await web().post(path).query({ email: 'query@mail.example' }).expect(200, {});
    await web().post(path).expect(422);
    await post.instance.idle();
    expect([...(await known('form@mail.example')), ...(await known('query@mail.example'))]).toHaveLength(2);
  });

  test('is no way around blocks: of providers, told; of mailboxes, not told', async () => {
    const { ctx } = post.instance;
    await addEmailBlock(ctx, 'test', { domain: 'throwaway.example', allowWithApproval: false });
    await addCanonicalEmailBlock(ctx, 'test', { email: 'banned@mail.example' });
    const { body } = await post.subscribe(alice, 'x@sub.throwaway.example').expect(422);
    expect(body).toMatchObject({ details: { email: [{ error: 'ERR_BLOCKED' }] } });
    await post.subscribe(alice, 'ban.ned+1@mail.example').expect(200, {});
    await post.instance.idle();
    expect(post.mailsTo('ban.ned+1@mail.example')).toEqual([]);
    expect(await known('ban.ned+1@mail.example')).toEqual([]);
  });
});

describe('a mailbox is not flooded', () => {
  test('it is asked again after hours only, and the last link is the one that works', async () => {
    for (let i = 0; i < 3; i++) await post.subscribe(alice, 'again@mail.example').expect(200, {});
    await post.instance.idle();
    expect(post.mailsTo('again@mail.example')).toHaveLength(1);
    await post.pass({ hours: 7 });
    await post.subscribe(alice, 'again@mail.example').expect(200, {});
    await post.instance.idle();
    const [first, second, ...others] = post.mailsTo('again@mail.example');
    expect(others).toEqual([]);
    await web().get(linkIn(first, 'confirmation')).expect(400);
    await web().get(linkIn(second, 'confirmation')).expect(200);
  });

  test('of many requests at once one is answered', async () => {
    await Promise.all(
      Array.from({ length: 8 }, () => post.subscribe(alice, 'twice@mail.example').expect(200)),
    );
    await post.instance.idle();
    expect(post.mailsTo('twice@mail.example')).toHaveLength(1);
    expect(await known('twice@mail.example')).toHaveLength(1);
  });

  test('about all accounts together it is asked five times a day, however it is spelt', async () => {
    const authors = [];
    for (let i = 0; i < 7; i++) authors.push(await post.author(`writer${i}`));
    for (const [i, author] of authors.entries())
      await post.subscribe(author, `p.oor+${i}@mail.example`).expect(200, {});
    await post.instance.idle();
    const toPoor = () => post.smtp.mails.filter((m) => m.to.some((to) => to.startsWith('p.oor')));
    expect(toPoor()).toHaveLength(5);
    await post.pass({ hours: 25 });
    await post.subscribe(authors[6] as TestUser, 'p.oor+6@mail.example').expect(200, {});
    await post.instance.idle();
    expect(toPoor()).toHaveLength(6);
  });

  test('an account takes so many and no more', async () => {
    const full = await post.author('full');
    for (let i = 0; i < 22; i++) await post.subscribe(full, `crowd${i}@mail.example`).expect(200, {});
    await post.instance.idle();
    const { db } = post.instance.ctx;
    const count = await db.emailSubscriptions.countDocuments({ accountId: full.account._id });
    // Those at the same moment may be a few too many.
    expect(count).toBeGreaterThanOrEqual(20);
    await post.subscribe(full, 'late@mail.example').expect(200, {});
    await post.instance.idle();
    expect(await known('late@mail.example')).toEqual([]);
  });

  test('one client address asks ten times in half an hour', async () => {
    const strict = await openPost({ rateLimits: true });
    const writer = await strict.author('writer');
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await strict.subscribe(writer, `r${i}@mail.example`)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    await strict.close();
  });
});

describe('it can be had', () => {
  test('where the account wants it, and not before', async () => {
    const shy = await post.instance.createUser('shy');
    expect(await shown(shy)).toBe(false);
    await post.subscribe(shy, 'fan@mail.example').expect(404, { error: 'Record not found' });
    await setEmailSubscriptions(post.instance.ctx, shy, true);
    expect(await shown(shy)).toBe(true);
    await post.subscribe(shy, 'fan@mail.example').expect(200);
    await setEmailSubscriptions(post.instance.ctx, shy, false);
    expect(await shown(shy)).toBe(false);
    await post.subscribe(shy, 'fan@mail.example').expect(404);
    await post.instance.idle();
    expect(post.mailsTo('fan@mail.example')).toEqual([]);
  });

  test('of nobody unknown, limited or suspended', async () => {
    await web()
      .post('/api/v1/accounts/123/email_subscriptions')
      .send({ email: 'a@mail.example' })
      .expect(404);
    await web()
      .post('/api/v1/accounts/x[]/email_subscriptions')
      .send({ email: 'a@mail.example' })
      .expect(404);
    for (const field of ['silencedAt', 'suspendedAt'] as const) {
      const bad = await post.author(field.toLowerCase());
      const { db } = post.instance.ctx;
      await db.accounts.updateOne(
        { _id: bad.account._id },
        { $set: { [field]: '2025-01-01T00:00:00.000Z' } },
      );
      await post.subscribe(bad, 'a@mail.example').expect(404);
      expect(await shown(bad)).toBe(false);
    }
  });

  test('where the instance does not say otherwise: of nobody, or of staff', async () => {
    const off = await openPost({ emailSubscriptions: 'nobody' });
    const quiet = await off.instance.createUser('quiet');
    const at = '2025-01-01T00:00:00.000Z';
    await off.instance.ctx.db.accounts.updateOne(
      { _id: quiet.account._id },
      { $set: { emailSubscriptionsAt: at } },
    );
    await off.subscribe(quiet, 'a@mail.example').expect(404);
    const entity = await ok<object>(clientOf(off.instance, quiet).get('/api/v1/accounts/verify_credentials'));
    expect(entity).not.toHaveProperty('email_subscriptions');
    await expect(setEmailSubscriptions(off.instance.ctx, quiet, true)).rejects.toMatchObject({ status: 403 });
    await off.close();

    const staff = await openPost({ emailSubscriptions: 'staff' });
    const { ctx } = staff.instance;
    const editor = await staff.instance.createUser('editor', { role: 'moderator' });
    const member = await staff.instance.createUser('member');
    await setEmailSubscriptions(ctx, editor, true);
    await expect(setEmailSubscriptions(ctx, member, true)).rejects.toMatchObject({ status: 403 });
    await staff.subscribe(editor, 'a@mail.example').expect(200);
    const own = clientOf(staff.instance, editor).get('/api/v1/accounts/verify_credentials');
    const { role } = await ok<{ role: { permissions: string } }>(own);
    expect(BigInt(role.permissions) & (1n << 22n)).toBe(1n << 22n);
    await setRole(ctx, 'test', { account: editor.account, role: 'user' });
    await staff.subscribe(editor, 'b@mail.example').expect(404);
    await staff.close();
  });

  test('of nobody where federation is limited', async () => {
    const members = await openPost({ limitedFederation: true });
    const writer = await members.instance.createUser('writer');
    await expect(setEmailSubscriptions(members.instance.ctx, writer, true)).rejects.toMatchObject({
      status: 403,
    });
    await members.close();
  });
});

describe('it goes', () => {
  test('after seven days without confirmation', async () => {
    const writer = await post.author('patient');
    await post.subscribe(writer, 'slow@mail.example').expect(200);
    await post.subscribed(writer, 'quick@mail.example');
    const link = linkIn(post.mailsTo('slow@mail.example').at(-1), 'confirmation');
    await post.pass({ days: 6, hours: 23 });
    await sweepOnce(post.instance.ctx);
    expect(await known('slow@mail.example')).toHaveLength(1);
    await post.pass({ hours: 2 });
    await web().get(link).expect(400);
    await sweepOnce(post.instance.ctx);
    expect(await known('slow@mail.example')).toEqual([]);
    expect(await known('quick@mail.example')).toHaveLength(1);
  });

  test('with the account, when it is deleted or suspended', async () => {
    const { ctx } = post.instance;
    const [gone, shut] = [await post.author('gone'), await post.author('shut')];
    await post.subscribed(gone, 'g@mail.example');
    await post.subscribed(shut, 's@mail.example');
    await deleteAccount(ctx, gone.account);
    await suspendAccount(ctx, 'test', shut.account);
    await post.instance.idle();
    expect([...(await known('g@mail.example')), ...(await known('s@mail.example'))]).toEqual([]);
  });
});

test('who signs up with the address follows instead, once it is confirmed to be theirs', async () => {
  const { ctx } = post.instance;
  const writer = await post.author('followed');
  await post.subscribed(writer, 'joiner@mail.example');
  await post.subscribe(alice, 'joiner@mail.example').expect(200);
  await post.instance.idle();
  const joiner = await post.instance.createUser('joiner', { confirmed: false });
  await requestMail(ctx, { mail: 'confirmation', userId: joiner.user._id });
  await post.instance.idle();
  expect(await ctx.db.follows.countDocuments({ accountId: joiner.account._id })).toBe(0);
  const secret = /\?token=(\S+)/.exec(post.mailsTo('joiner@mail.example').at(-1)?.text ?? '')?.[1] ?? '';
  expect(await confirmEmail(ctx, secret)).toBe('confirmed');
  await post.instance.idle();
  expect(await ctx.db.follows.find({ accountId: joiner.account._id }).toArray()).toMatchObject([
    { targetId: writer.account._id, state: 'accepted' },
  ]);
  expect(await known('joiner@mail.example')).toMatchObject([
    { accountId: alice.account._id, confirmedAt: null },
  ]);
});
