import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { linkIn, openPost, type Post } from '../domain/subscribers-kit.js';
import type { TestUser } from '../support/instance.js';
import { formOf, password, request, submitSignIn, type Agent } from './support.js';

let post: Post;
let alice: TestUser;
beforeAll(async () => {
  post = await openPost();
  alice = await post.author('alice');
});
afterAll(() => post.close());

const browser = (): Agent => request.agent(post.instance.url) as unknown as Agent;
const web = () => request(post.instance.url);
const count = (email: string) => post.instance.ctx.db.emailSubscriptions.countDocuments({ email });

describe('the link that ends a subscription', () => {
  const linkOf = async (email: string): Promise<string> => {
    await post.subscribed(alice, email);
    return linkIn(post.mailsTo(email).at(-1), 'unsubscribe');
  };

  test('shows a button; following it changes nothing, pressing the button does', async () => {
    const link = await linkOf('reader@mail.example');
    const page = await browser().get(link).expect(200);
    expect(page.text).toContain('alice');
    expect(page.text).not.toContain('reader@');
    expect(page.headers['cache-control']).toContain('no-store');
    expect(page.headers['referrer-policy']).toBe('same-origin');
    expect(await count('reader@mail.example')).toBe(1);
    await web().head(link).expect(200);
    expect(await count('reader@mail.example')).toBe(1);
    const form = formOf(page.text);
    const done = await web().post(form.action).type('form').send(form.fields).expect(200);
    expect(done.text).toContain('Your subscription is over');
    expect(await count('reader@mail.example')).toBe(0);
    for (const again of [web().get(link), web().post(link)])
      expect((await again.expect(200)).text).toContain('Your subscription is over');
  });

  test('takes what mail programs send (RFC 8058): no cookie, no form token, another origin', async () => {
    const link = await linkOf('program@mail.example');
    const sent = web().post(link).set('Origin', 'https://mail.example').type('form');
    await sent.send('List-Unsubscribe=One-Click').expect(200);
    expect(await count('program@mail.example')).toBe(0);
    const other = await linkOf('multi@mail.example');
    await web().post(other).field('List-Unsubscribe', 'One-Click').expect(200);
    expect(await count('multi@mail.example')).toBe(0);
  });

  test('is refused when it is made up, or sealed for something else', async () => {
    const link = await linkOf('keeps@mail.example');
    const id =
      (await post.instance.ctx.db.emailSubscriptions.findOne({ email: 'keeps@mail.example' }))?._id ?? '';
    const foreign = await post.instance.ctx.seals.seal('something else', id);
    for (const token of ['', 'x', id, foreign, link.slice(link.indexOf('=') + 1, -3), 'y'.repeat(5000)]) {
      const path = `/auth/email_subscriptions/unsubscribe?token=${token}`;
      await web().get(path).expect(400);
      await web().post(path).expect(400);
    }
    await web().post('/auth/email_subscriptions/unsubscribe?token[]=x').expect(400);
    await web().get('/auth/email_subscriptions/confirmation?token[]=x').expect(400);
    expect(await count('keeps@mail.example')).toBe(1);
  });

  test('ends one subscription and no other', async () => {
    const bob = await post.author('bob');
    await post.subscribed(bob, 'both@mail.example');
    await web()
      .post(await linkOf('both@mail.example'))
      .expect(200);
    expect(
      await post.instance.ctx.db.emailSubscriptions.find({ email: 'both@mail.example' }).toArray(),
    ).toMatchObject([{ accountId: bob.account._id }]);
  });
});

describe('asking for it with a browser', () => {
  const path = (who: TestUser) => `/auth/email_subscriptions?account=${who.account._id}`;
  const submit = async (agent: Agent, email: string) => {
    const form = formOf((await agent.get(path(alice)).expect(200)).text);
    return agent
      .post(form.action)
      .type('form')
      .send({ ...form.fields, email });
  };

  test('begins at the profile, and says the same to everybody', async () => {
    const profile = await web().get('/@alice').set('Accept', 'text/html').expect(200);
    expect(profile.text).toContain(`href="${path(alice)}"`);
    const wrong = await submit(browser(), 'nonsense');
    expect([wrong.status, wrong.text.includes('Email is not a valid e-mail address')]).toEqual([422, true]);
    const first = await submit(browser(), 'web@mail.example');
    await post.instance.idle();
    expect(post.mailsTo('web@mail.example')).toHaveLength(1);
    await web()
      .get(linkIn(post.mailsTo('web@mail.example')[0], 'confirmation'))
      .expect(200);
    expect((await submit(browser(), 'web@mail.example')).text).toBe(first.text);
    await post.instance.idle();
    expect(post.mailsTo('web@mail.example')).toHaveLength(1);
  });

  test('is not offered where it is not wanted, and not taken from other sites', async () => {
    const shy = await post.instance.createUser('shy');
    expect((await web().get('/@shy').set('Accept', 'text/html').expect(200)).text).not.toContain('by mail');
    await web().get(path(shy)).expect(404);
    await web()
      .post('/auth/email_subscriptions')
      .type('form')
      .send({ account: alice.account._id, email: 'forged@mail.example' })
      .expect(403);
  });
});

describe('one’s own settings', () => {
  test('turn it on and off, and tell how many', async () => {
    const carla = await post.instance.createUser('carla', { password });
    const agent = browser();
    await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username: 'carla' });
    expect((await agent.get('/auth/settings')).text).toContain('/auth/settings/email_subscriptions');
    const path = '/auth/settings/email_subscriptions';
    const press = async () => {
      const form = formOf((await agent.get(path)).text);
      await agent.post(form.action).type('form').send(form.fields).expect(302);
    };
    await post.subscribe(carla, 'fan@mail.example').expect(404);
    await press();
    await post.subscribed(carla, 'fan@mail.example');
    const page = (await agent.get(path)).text;
    expect(page).toContain('Subscribers: 1');
    expect(page).not.toContain('fan@');
    await press();
    await post.subscribe(carla, 'other@mail.example').expect(404);
    await agent.post(path).type('form').send({ wanted: '1' }).expect(403);
    await web().get(path).expect(302);
  });

  test('are not there where nobody may', async () => {
    const off = await openPost({ emailSubscriptions: 'staff' });
    await off.instance.createUser('member', { password });
    const agent = request.agent(off.instance.url) as unknown as Agent;
    await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username: 'member' });
    expect((await agent.get('/auth/settings')).text).not.toContain('email_subscriptions');
    expect((await agent.get('/auth/settings/email_subscriptions')).text).toContain(
      'does not offer this to you',
    );
    await off.close();
  });
});
