import { createAuthenticator, type Authenticator, type Bent } from '../support/authenticator.js';
import type { Instance, TestUser } from '../support/instance.js';
import { formOf, password, request, submitSignIn, type Agent } from './support.js';

type Answer = Awaited<ReturnType<typeof submitSignIn>>;

export interface Added {
  name?: string;
  bent?: Bent;
  /** Instead of what an authenticator made. */
  passkey?: string;
  /** Instead of the right password. */
  given?: string;
}

export interface PasskeyKit {
  signedIn(username: string): Promise<Agent>;
  /** The page that asks for a second factor, in a new browser. */
  asked(username: string): Promise<{ agent: Agent; text: string; headers: Record<string, unknown> }>;
  /** Sends the first form of a page with these values. */
  send(agent: Agent, page: string, fields: Record<string, string>): Promise<Answer>;
  add(agent: Agent, key: Authenticator | null, how?: Added): Promise<Answer>;
  /** Somebody with a passkey. */
  enrolled(username: string): Promise<TestUser & { agent: Agent; key: Authenticator; recovery: string[] }>;
}

/** Browsers of people with passkeys, against one instance. */
export function passkeyKit(instance: Instance): PasskeyKit {
  const browser = (): Agent => request.agent(instance.url) as unknown as Agent;
  const signIn = async (username: string) => {
    const agent = browser();
    const answer = await submitSignIn(agent, (await agent.get('/auth/sign_in')).text, { username });
    return { agent, answer };
  };
  const kit: PasskeyKit = {
    async signedIn(username) {
      const { agent, answer } = await signIn(username);
      if (answer.status !== 302) throw new Error(`not signed in: ${answer.status} ${answer.text}`);
      return agent;
    },
    async asked(username) {
      const { agent, answer } = await signIn(username);
      if (!answer.text.includes('One more step')) throw new Error(`not asked: ${answer.status}`);
      return { agent, text: answer.text, headers: answer.headers as Record<string, unknown> };
    },
    async send(agent, page, fields) {
      const form = formOf(page);
      return agent
        .post(form.action)
        .type('form')
        .send({ ...form.fields, ...fields });
    },
    async add(agent, key, { name = 'Mine', bent = {}, passkey, given = password } = {}) {
      const { text } = await agent.get('/auth/settings/passkeys');
      const made = passkey ?? key?.create(optionsOf(text, 'create'), bent) ?? '';
      return kit.send(agent, text, { passkey: made, password: given, name });
    },
    async enrolled(username) {
      const made = await instance.createUser(username, { password });
      const agent = await kit.signedIn(username);
      const key = createAuthenticator(instance.url);
      const { text } = await kit.add(agent, key);
      const recovery = [...text.matchAll(/<code class="code">([a-z0-9-]+)<\/code>/g)].map((m) => m[1] ?? '');
      return { ...made, agent, key, recovery };
    },
  };
  return kit;
}

const plain = (text: string): string => text.replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** The options that a page gives to the browser. */
export function optionsOf(page: string, act: 'create' | 'get'): string {
  const found = new RegExp(`data-passkey="${act}"\\s+data-options="([^"]*)"`).exec(page)?.[1];
  if (found === undefined) throw new Error(`no options to ${act} in: ${page}`);
  return plain(found);
}

export function attributeOf(page: string, tag: string, name: string): string {
  return plain(new RegExp(`<${tag}\\s[^>]*${name}="([^"]*)"`).exec(page)?.[1] ?? '');
}
