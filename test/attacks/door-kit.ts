import { generate } from 'otplib';
import { createAuthenticator, type Authenticator } from '../support/authenticator.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { startInstance, type Instance, type InstanceOverrides, type TestUser } from '../support/instance.js';
import { startSmtp, type SmtpDouble } from '../support/smtp.js';
import { optionsOf } from '../oauth/passkey-kit.js';
import { formOf, password, request, submitSignIn, type Agent } from '../oauth/support.js';

export type PageAnswer = Awaited<ReturnType<typeof submitSignIn>>;

/** Our server as the public meets it: limits on, no test mode, mails to a double, a clock that tests move. */
export interface Door {
  us: Instance;
  clock: TestClock;
  smtp: SmtpDouble;
  /** A browser at an address of its own, or at this one. */
  browser(address?: string): Agent;
  /** The answer to a name and a password. */
  attempt(agent: Agent, username: string, given?: string): Promise<PageAnswer>;
  signedIn(username: string): Promise<Agent>;
  /** Sends the first form of a page with these values. */
  send(agent: Agent, page: string, fields: Record<string, string | undefined>): Promise<PageAnswer>;
  person(username: string): Promise<TestUser>;
  withCodes(username: string): Promise<Enrolled>;
  withPasskey(username: string): Promise<TestUser & { agent: Agent; key: Authenticator; recovery: string[] }>;
  /** The code that an app shows now. */
  codeOf(secret: string): Promise<string>;
  /** The links in the mails to an address, the latest last. */
  linksTo(address: string): string[];
  close(): Promise<void>;
}

export interface Enrolled extends TestUser {
  agent: Agent;
  secret: string;
  recovery: string[];
  /** With which it was turned on. */
  firstCode: string;
}

let serial = 0;
/** An address from which nobody came yet. */
export const freshAddress = (): string => {
  serial += 1;
  return `198.18.${serial >> 8}.${serial & 255}`;
};

const codesIn = (text: string): string[] =>
  [...text.matchAll(/<code class="code">([a-z0-9-]+)<\/code>/g)].map((m) => m[1] ?? '');

export async function openDoor(overrides: InstanceOverrides = {}): Promise<Door> {
  const clock = createTestClock();
  const smtp = await startSmtp();
  const settings = { testMode: false, rateLimits: true, smtpUrl: smtp.url, clock } as const;
  const us = await startInstance({ ...settings, ...overrides });
  const door: Door = {
    us,
    clock,
    smtp,
    browser: (address = freshAddress()) =>
      (request.agent(us.url.startsWith('https:') ? us.app : us.url) as unknown as Agent).set(
        'X-Forwarded-For',
        address,
      ) as unknown as Agent,
    attempt: async (agent, username, given = password) =>
      submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username, password: given }),
    async signedIn(username) {
      const agent = door.browser();
      const answer = await door.attempt(agent, username);
      if (answer.status !== 302) throw new Error(`not signed in: ${answer.status}`);
      return agent;
    },
    async send(agent, page, fields) {
      const form = formOf(page);
      return agent
        .post(form.action)
        .type('form')
        .send({ ...form.fields, ...fields });
    },
    person: (username) => us.createUser(username, { password }),
    async withCodes(username) {
      const made = await door.person(username);
      const agent = await door.signedIn(username);
      const { text } = await agent.get('/auth/settings/second_factor');
      const secret = (/<code class="code">([A-Z2-7 ]+)<\/code>/.exec(text)?.[1] ?? '').replaceAll(' ', '');
      const firstCode = await door.codeOf(secret);
      const done = await door.send(agent, text, { code: firstCode, password });
      return { ...made, agent, secret, firstCode, recovery: codesIn(done.text) };
    },
    async withPasskey(username) {
      const made = await door.person(username);
      const agent = await door.signedIn(username);
      const key = createAuthenticator(us.url);
      const { text } = await agent.get('/auth/settings/passkeys');
      const passkey = key.create(optionsOf(text, 'create'));
      const done = await door.send(agent, text, { passkey, password, name: 'Key' });
      return { ...made, agent, key, recovery: codesIn(done.text) };
    },
    codeOf: (secret) => generate({ secret, epoch: Math.floor(clock.now().getTime() / 1000) }),
    linksTo: (address) =>
      smtp.mails
        .filter((mail) => mail.to.includes(address))
        .flatMap((mail) => mail.text.match(/^https?:\/\/\S+\?token=\S+$/gm) ?? []),
    close: async () => {
      await us.close();
      await smtp.close();
    },
  };
  return door;
}
