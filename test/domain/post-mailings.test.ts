import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { applyEffects } from '../../src/domain/effects.js';
import { addToMailing } from '../../src/domain/email-subscriptions/mailings.js';
import { turnSubscriptionsIntoFollows } from '../../src/domain/email-subscriptions/become-follows.js';
import { countSubscribers } from '../../src/domain/email-subscriptions/offer.js';
import { removeSubscribers } from '../../src/domain/email-subscriptions/remove.js';
import { setEmailSubscriptions } from '../../src/domain/email-subscriptions/switch.js';
import { postsMailJob } from '../../src/domain/mail/request.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { runJob } from '../../src/jobs/handlers/jobs.js';
import { mailPosts } from '../../src/jobs/handlers/mail-posts.js';
import { toJob } from '../../src/jobs/intents.js';
import { sweepOnce } from '../../src/jobs/sweep.js';
import type { Logger } from '../../src/log.js';
import type { Job } from '../../src/model/work.js';
import { clientOf, ok, post as publish, type StatusJson } from '../api/support.js';
import { countQueries } from '../support/count-queries.js';
import { findScans } from '../support/expect-indexed.js';
import { recordQueries } from '../support/record-queries.js';
import type { InstanceOverrides, TestUser } from '../support/instance.js';
import { linkIn, openPost, type Post } from './subscribers-kit.js';

let post: Post;
const logged: string[] = [];
const log = Object.fromEntries(
  (['debug', 'info', 'warn', 'error'] as const).map((level) => [
    level,
    (fields: object, message: string) =>
      void logged.push(
        JSON.stringify(fields, (_key, v: unknown) => (v instanceof Error ? { ...v, text: String(v) } : v)) +
          message,
      ),
  ]),
) as unknown as Logger;
beforeAll(async () => {
  post = await openPost({ log });
});
afterAll(() => post.close());

const web = () => request(post.instance.url);
/** Posts, and waits for what follows from it. */
async function say(who: TestUser, body: object | string, at = post): Promise<StatusJson> {
  const status = await publish(clientOf(at.instance, who), body);
  await at.instance.idle();
  return status;
}
const jobsOf = (kind: string) => post.instance.ctx.db.jobs.find({ kind }).toArray();

describe('posts go to subscribers', () => {
  test('those of five minutes in one mail, to each who confirmed', async () => {
    const alice = await post.author('alice');
    for (const email of ['one@mail.example', 'two@mail.example']) await post.subscribed(alice, email);
    await post.subscribe(alice, 'pending@mail.example').expect(200);
    await post.instance.idle();
    const before = post.smtp.mails.length;
    await say(alice, 'The first <b>post</b> & more');
    await post.pass({ minutes: 4 });
    const second = await say(alice, 'The second');
    expect(post.smtp.mails.slice(before)).toEqual([]);
    await post.pass({ minutes: 2 });
    const sent = post.smtp.mails.slice(before);
    expect(sent.map((m) => m.to[0]).sort()).toEqual(['one@mail.example', 'two@mail.example']);
    for (const { headers, text } of sent) {
      expect(headers['subject']).toBe('2 new posts of alice');
      expect(text.indexOf('The first <b>post</b> & more')).toBeGreaterThan(0);
      expect(text.indexOf(String(second['url']))).toBeGreaterThan(text.indexOf('The first'));
    }
    await post.pass({ hours: 1 });
    expect(post.smtp.mails.slice(before)).toHaveLength(2);
    await say(alice, 'The third');
    await post.pass({ minutes: 6 });
    const third = post.smtp.mails.slice(before + 2);
    expect(third.map((m) => m.headers['subject'])).toEqual(['alice: The third', 'alice: The third']);
    expect(third[0]?.text).not.toContain('The second');
  });

  test('with a link in each that ends it, also for the mail program (RFC 8058)', async () => {
    const anna = await post.author('anna');
    await post.subscribed(anna, 'head@mail.example');
    await say(anna, 'Hello');
    await post.pass({ minutes: 6 });
    const mail = post.mailsTo('head@mail.example').at(-1);
    const url = post.instance.url + linkIn(mail, 'unsubscribe');
    expect(mail?.headers).toMatchObject({
      'list-unsubscribe': `<${url}>`,
      'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
      'list-id': `<anna.localhost>`,
      'auto-submitted': 'auto-generated',
    });
    const invitation = post.mailsTo('head@mail.example').at(0);
    expect(invitation?.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
  });

  test('only public ones that answer nobody else', async () => {
    const [bert, other] = [await post.author('bert'), await post.instance.createUser('other')];
    await post.subscribed(bert, 'strict@mail.example');
    const theirs = await say(other, 'A question');
    for (const visibility of ['unlisted', 'private', 'direct'])
      await say(bert, { status: `No ${visibility}`, visibility });
    await say(bert, { status: 'No answer', in_reply_to_id: theirs.id });
    await ok(clientOf(post.instance, bert).post(`/api/v1/statuses/${theirs.id}/reblog`));
    const gone = await say(bert, 'No, deleted');
    await ok(clientOf(post.instance, bert).delete(`/api/v1/statuses/${gone.id}`));
    await post.pass({ minutes: 6 });
    expect(post.mailsTo('strict@mail.example')).toHaveLength(1);
    const first = await say(bert, 'A thread');
    await say(bert, { status: 'goes on', in_reply_to_id: first.id });
    await post.pass({ minutes: 6 });
    const mail = post.mailsTo('strict@mail.example').at(-1);
    expect(mail?.text).toMatch(/A thread[\s\S]*goes on/);
    expect(mail?.text).not.toMatch(/No[, ]+(unlisted|private|direct|answer|deleted)/);
  });

  test('none that are older than a day; an edit is sent as it is by then', async () => {
    const carl = await post.author('carl');
    await post.subscribed(carl, 'dated@mail.example');
    const createdAt = new Date(post.clock.now().getTime() - 2 * 86_400_000);
    await publishStatus(post.instance.ctx, await fresh(carl), { text: 'From the archive', createdAt });
    const draft = await say(carl, 'Mispelt');
    await ok(clientOf(post.instance, carl).put(`/api/v1/statuses/${draft.id}`, { status: 'Spelt' }));
    await post.pass({ minutes: 6 });
    const mails = post.mailsTo('dated@mail.example').slice(1);
    expect(mails.map((m) => m.headers['subject'])).toEqual(['carl: Spelt']);
    expect(mails[0]?.text).not.toMatch(/archive|Mispelt/);
  });

  test('behind a warning there is only the link; options and descriptions are told', async () => {
    const dana = await post.author('dana');
    await post.subscribed(dana, 'careful@mail.example');
    const warned = await say(dana, { status: 'The murderer is the gardener', spoiler_text: 'Who did it' });
    await say(dana, { status: 'Choose', poll: { options: ['Tea', 'Coffee'], expires_in: 3600 } });
    await post.pass({ minutes: 6 });
    const text = post.mailsTo('careful@mail.example').at(-1)?.text ?? '';
    expect(text).toContain(`Content warning: Who did it\n\n${String(warned['url'])}`);
    expect(text).not.toContain('gardener');
    expect(text).toContain('( ) Tea\n( ) Coffee');
  });

  test('names cannot add header fields', async () => {
    const evil = await post.author('evil');
    await post.subscribed(evil, 'safe@mail.example');
    const displayName = 'E\r\nBcc: x@mail.example\u202e';
    await post.instance.ctx.db.accounts.updateOne({ _id: evil.account._id }, { $set: { displayName } });
    await say(evil, 'Hi');
    await post.pass({ minutes: 6 });
    const mail = post.mailsTo('safe@mail.example').at(-1);
    expect(mail?.headers['subject']).toBe('E Bcc: x@mail.example: Hi');
    expect(mail?.headers).not.toHaveProperty('bcc');
    expect(post.mailsTo('x@mail.example')).toEqual([]);
  });
});

const fresh = async ({ account }: TestUser) =>
  (await post.instance.ctx.db.accounts.findOne({ _id: account._id })) ?? account;

describe('nothing is sent any more', () => {
  test.each(['turned off', 'limited', 'suspended', 'unsubscribed', 'demanded by nobody'])(
    '%s',
    async (how) => {
      const name = how.replaceAll(' ', '_');
      const who = await post.author(name);
      const email = `${name}@mail.example`;
      await post.subscribed(who, email);
      await say(who, 'Nobody reads this');
      await post.instance.idle();
      const { db } = post.instance.ctx;
      const set = (field: string) =>
        db.accounts.updateOne({ _id: who.account._id }, { $set: { [field]: '2025-01-01T00:00:00.000Z' } });
      if (how === 'turned off') await setEmailSubscriptions(post.instance.ctx, who, false);
      if (how === 'limited') await set('silencedAt');
      if (how === 'suspended') await set('suspendedAt');
      if (how === 'unsubscribed')
        await web()
          .post(linkIn(post.mailsTo(email).at(-1), 'unsubscribe'))
          .expect(200);
      if (how === 'demanded by nobody') await db.emailSubscriptions.deleteMany({ email });
      await post.pass({ minutes: 6 });
      expect(post.mailsTo(email)).toHaveLength(1);
    },
  );

  test('by those who lost what they wanted to say while the mail waited for its server', async () => {
    const ella = await post.author('ella');
    await post.subscribed(ella, 'late@mail.example');
    const { id } = await say(ella, 'Regretted');
    post.smtp.answers.push('451 Later');
    await post.pass({ minutes: 6 });
    await ok(clientOf(post.instance, ella).delete(`/api/v1/statuses/${id}`));
    await post.pass({ minutes: 1 });
    expect(post.mailsTo('late@mail.example')).toHaveLength(1);
  });
});

describe('each post is sent to each subscriber once', () => {
  async function prepared(name: string) {
    const who = await post.author(name);
    const emails = ['a', 'b', 'c'].map((letter) => `${name}-${letter}@mail.example`);
    for (const email of emails) await post.subscribed(who, email);
    const counts = () => emails.map((email) => post.mailsTo(email).length - 1);
    return { who, counts };
  }

  test('when the event is applied again, at once and later', async () => {
    const { who, counts } = await prepared('repeat');
    const { id: statusId } = await say(who, 'Once');
    await post.instance.idle();
    const event = { type: 'status.published', statusId, quiet: false, mailed: true } as const;
    const { ctx } = post.instance;
    await Promise.all([applyEffects(ctx, event), applyEffects(ctx, event)]);
    expect(await ctx.db.postMailings.countDocuments({ statusIds: statusId })).toBe(1);
    await post.pass({ minutes: 6 });
    await applyEffects(ctx, event);
    await post.pass({ minutes: 6 });
    expect(counts()).toEqual([1, 1, 1]);
  });

  test('when many are published at once, all in one mailing', async () => {
    const { who, counts } = await prepared('burst');
    await Promise.all(Array.from({ length: 6 }, (_, i) => say(who, `Post ${i}`)));
    await post.pass({ minutes: 6 });
    expect(counts()).toEqual([1, 1, 1]);
    const text = post.mailsTo('burst-a@mail.example').at(-1)?.text ?? '';
    for (let i = 0; i < 6; i++) expect(text).toContain(`Post ${i}`);
  });

  test('when the fan-out was killed half way, when it begins again later, and when two do it at once', async () => {
    const { who, counts } = await prepared('killed');
    const { id: statusId } = await say(who, 'Half way');
    await post.instance.idle();
    const { ctx } = post.instance;
    const mailing = await ctx.db.postMailings.findOne({ statusIds: statusId });
    const mailingId = mailing?._id ?? '';
    await ctx.db.jobs.deleteMany({ kind: 'mail-posts' });
    // As a process leaves it that dies after the first of the jobs, which another one has run since.
    const { accountId } = (await ctx.db.postMailings.findOne({ _id: mailingId })) ?? { accountId: '' };
    const first = await ctx.db.emailSubscriptions.findOne({ accountId });
    const payload = postsMailJob(mailingId, first?._id ?? '');
    await ctx.db.jobs.insertOne({
      ...toJob(ctx, { kind: 'mail', payload: { ...payload } }),
      _id: payload.id,
    });
    await post.pass({ minutes: 6 });
    expect(counts().sort()).toEqual([0, 0, 1]);
    await Promise.allSettled([mailPosts(ctx, mailingId), mailPosts(ctx, mailingId)]);
    await mailPosts(ctx, mailingId);
    await post.pass({ minutes: 1 });
    expect(counts()).toEqual([1, 1, 1]);
    await mailPosts(ctx, mailingId);
    await post.pass({ minutes: 1 });
    expect(counts()).toEqual([1, 1, 1]);
  });

  test('when a process died after the job and before the mailing was written', async () => {
    const { who, counts } = await prepared('early');
    const { ctx } = post.instance;
    const stray: Partial<Job> = { kind: 'mail-posts', payload: { mailingId: ctx.ids.next() } };
    expect(await runJob(ctx, stray as Job, 1)).toEqual({ next: 'finish' });
    const { id } = await say(who, 'Late');
    await post.instance.idle();
    const status = await ctx.db.statuses.findOne({ _id: id });
    if (status) await addToMailing(ctx, status);
    await post.pass({ minutes: 6 });
    expect(counts()).toEqual([1, 1, 1]);
  });

  test('one who cannot be reached holds up nobody; what is done is forgotten after a day', async () => {
    const { who, counts } = await prepared('busy');
    post.smtp.answers.push('451 Later', '250 OK', '250 OK');
    await say(who, 'For all');
    await post.pass({ minutes: 6 });
    expect(counts().sort()).toEqual([0, 1, 1]);
    await post.pass({ minutes: 1 });
    expect(counts()).toEqual([1, 1, 1]);
    expect((await jobsOf('mail')).length).toBeGreaterThan(2);
    await post.pass({ days: 2 });
    await sweepOnce(post.instance.ctx);
    expect(await jobsOf('mail')).toEqual([]);
    await post.pass({ days: 20 });
    await sweepOnce(post.instance.ctx);
    expect(await post.instance.ctx.db.postMailings.countDocuments({})).toBe(0);
  });
});

test('no address of a subscriber gets into the log, or what is kept of a mail that was refused', async () => {
  const greta = await post.author('greta');
  await post.subscribed(greta, 'private@mail.example');
  await say(greta, 'To one who moved away');
  post.smtp.answers.push('451 <private@mail.example> later', '550 5.1.1 <private@mail.example> unknown');
  await post.pass({ minutes: 6 });
  await post.pass({ minutes: 1 });
  const dead = (await jobsOf('mail')).filter((job) => job.state === 'dead');
  expect(dead).toMatchObject([{ lastError: expect.stringContaining('550') }]);
  expect(JSON.stringify(dead.map((job) => job.lastError))).not.toContain('private@');
  expect(logged.some((line) => line.includes('refused a mail'))).toBe(true);
  expect(logged.filter((line) => line.includes('@mail.example'))).toEqual([]);
});

test('a mailbox that refuses five mails in a row gets no more; one that took one in between does', async () => {
  const fritz = await post.author('fritz');
  await post.subscribed(fritz, 'gone@mail.example');
  const { db } = post.instance.ctx;
  const left = () => db.emailSubscriptions.countDocuments({ email: 'gone@mail.example' });
  const answered = async (...answers: string[]) => {
    for (const answer of answers) {
      post.smtp.answers.push(answer);
      await say(fritz, 'Still there?');
      await post.pass({ minutes: 6 });
    }
    return left();
  };
  const no = '550 Nobody here';
  expect(await answered(no, no, no, no, '250 OK', no, no, no, no)).toBe(1);
  expect(await answered(no)).toBe(0);
});

test('nothing of it is told to other servers or clients', async () => {
  const ida = await post.author('ida');
  await post.subscribed(ida, 'hidden@mail.example');
  await say(ida, 'Hello');
  await post.pass({ minutes: 6 });
  const path = `/users/${ida.account.username}`;
  for (const [url, accept] of [
    [path, 'application/activity+json'],
    [`${path}/followers`, 'application/activity+json'],
    [`/api/v1/accounts/${ida.account._id}`, 'application/json'],
    [`/api/v1/accounts/${ida.account._id}/statuses`, 'application/json'],
    [`/@${ida.account.username}`, 'text/html'],
  ] as const) {
    const { text } = await web().get(url).set('Accept', accept).expect(200);
    expect(text).not.toContain('hidden@');
    if (accept === 'application/activity+json') expect(text).not.toMatch(/emailSubscri|email_subscri/i);
  }
});

test('every question about it is answered by an index', async () => {
  const place = await openPost();
  const writer = await place.author('writer');
  const asked = recordQueries(place.instance.ctx);
  await place.subscribed(writer, 'asked@mail.example');
  await say(writer, 'Hello', place);
  await place.pass({ minutes: 6 });
  const joiner = await place.instance.createUser('asked');
  await turnSubscriptionsIntoFollows(place.instance.ctx, joiner.account._id);
  await removeSubscribers(place.instance.ctx, writer.account._id);
  await countSubscribers(place.instance.ctx, writer.account._id);
  await sweepOnce(place.instance.ctx);
  const ours = asked.filter(({ collection }) => /^(emailSubscriptions|postMailings)$/.test(collection));
  expect(ours.length).toBeGreaterThan(15);
  expect(await findScans(place.instance.ctx.store, ours)).toEqual([]);
  await place.close();
});

test('publishing asks the database nothing more where the author wants no subscribers', async () => {
  const asked = async (overrides: InstanceOverrides): Promise<string[]> => {
    const place = await openPost(overrides);
    const plain = await place.instance.createUser('plain');
    // Keys are made in the background.
    await place.instance.ctx.keys.publicKeys(plain.account._id);
    await say(plain, 'Warm', place);
    await place.instance.idle();
    const queries = countQueries(place.instance.ctx);
    await say(plain, 'Hello', place);
    await place.instance.idle();
    // Homes are trimmed now and then; queues look by themselves.
    const list = queries.list().filter((name) => !/^(jobs\.|homeEntries\.find$)/.test(name));
    await place.close();
    return list;
  };
  const off = await asked({ emailSubscriptions: 'nobody' });
  expect(off.length).toBeGreaterThan(5);
  expect(off.filter((name) => /^(emailSubscriptions|postMailings)/.test(name))).toEqual([]);
  expect(await asked({})).toEqual(off);
});
