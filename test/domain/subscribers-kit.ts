import { expect } from '@jest/globals';
import request from 'supertest';
import { setEmailSubscriptions } from '../../src/domain/email-subscriptions/switch.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { startInstance, type Instance, type InstanceOverrides, type TestUser } from '../support/instance.js';
import { startSmtp, type ReceivedMail, type SmtpDouble } from '../support/smtp.js';

/** An instance on which people may have subscribers by mail, with a mail server that keeps what it gets. */
export interface Post {
  instance: Instance;
  smtp: SmtpDouble;
  clock: TestClock;
  /** Somebody who wants subscribers. */
  author(name: string): Promise<TestUser>;
  subscribe(who: TestUser, email: string): request.Test;
  /** Asks, and follows the link in the mail. */
  subscribed(who: TestUser, email: string): Promise<void>;
  mailsTo(email: string): ReceivedMail[];
  /** Lets time pass, and what is due be done. */
  pass(by: Parameters<TestClock['advance']>[0]): Promise<void>;
  close(): Promise<void>;
}

export async function openPost(overrides: InstanceOverrides = {}): Promise<Post> {
  const smtp = await startSmtp();
  const clock = createTestClock();
  const instance = await startInstance({
    testMode: false,
    emailSubscriptions: 'everyone',
    smtpUrl: smtp.url,
    clock,
    ...overrides,
  });
  const mailsTo = (email: string) => smtp.mails.filter((mail) => mail.to.includes(email));
  const subscribe = (who: TestUser, email: string) =>
    request(instance.url).post(`/api/v1/accounts/${who.account._id}/email_subscriptions`).send({ email });
  return {
    instance,
    smtp,
    clock,
    author: async (name) => {
      const made = await instance.createUser(name);
      await setEmailSubscriptions(instance.ctx, made, true);
      return made;
    },
    subscribe,
    subscribed: async (who, email) => {
      await subscribe(who, email).expect(200, {});
      await instance.idle();
      await request(instance.url)
        .get(linkIn(mailsTo(email).at(-1), 'confirmation'))
        .expect(200);
    },
    mailsTo,
    pass: async (by) => {
      clock.advance(by);
      instance.ctx.jobs.nudge('jobs');
      await instance.idle();
    },
    close: async () => {
      await instance.close();
      await smtp.close();
    },
  };
}

/** The path of the first link in a mail that leads to such a page. */
export function linkIn(mail: ReceivedMail | undefined, page: 'confirmation' | 'unsubscribe'): string {
  const url = new RegExp(`https?://\\S+/auth/email_subscriptions/${page}\\?token=\\S+`).exec(
    mail?.text ?? '',
  );
  expect(url).not.toBeNull();
  const { pathname, search } = new URL(url?.[0] ?? '');
  return pathname + search;
}
