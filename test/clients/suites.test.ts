import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createOAuthAPIClient,
  createRestAPIClient,
  createStreamingAPIClient,
  MastoHttpError,
  type mastodon,
} from 'masto';
import { WebSocket } from 'ws';
import { provision } from '../../src/cli/provision/apply.js';
import { parseProvisionFile } from '../../src/cli/provision/file.js';
import { startInstance, type Instance } from '../support/instance.js';
import { until } from '../support/until.js';
import { recordCalls, run, tell, type Recorder } from './kit.js';

/**
 * What the test suites of clients do with a server, after `landfall provision suites.json` in test mode: the flows of
 * masto.js', Mastodon.py's and toot's that lean on more than the API.
 */

const python = '/usr/bin/python3';
const hasMastodonPy = existsSync('/usr/lib/python3/dist-packages/mastodon/__init__.py');
const scope = 'read write follow push admin:read admin:write';
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let instance: Instance;
let recorder: Recorder;

beforeAll(async () => {
  instance = await startInstance();
  const text = await readFile(new URL('suites.json', import.meta.url), 'utf8');
  const made = await provision(instance.ctx, parseProvisionFile(text), {
    instanceKey: randomBytes(32),
    record: () => Promise.resolve(),
  });
  expect(made.tokens).toHaveLength(3);
  recorder = recordCalls(instance);
});
afterAll(async () => {
  tell(recorder.summary('suites'));
  await instance.close();
  recorder.stop();
});

describe('as masto.js’ end-to-end suite', () => {
  let app: mastodon.v1.Client;
  let admin: mastodon.rest.Client;
  interface Session {
    id: string;
    acct: string;
    rest: mastodon.rest.Client;
    ws: mastodon.streaming.Client;
  }
  const open: mastodon.streaming.Client[] = [];

  const tokenOf = (username: string, password: string): Promise<mastodon.v1.Token> =>
    createOAuthAPIClient({ url: instance.url }).token.create({
      grantType: 'password',
      clientId: app.clientId ?? '',
      clientSecret: app.clientSecret ?? '',
      username,
      password,
      scope,
      redirectUri: 'urn:ietf:wg:oauth:2.0:oob',
    } as never);

  /** Somebody new, as `tootctl accounts create` makes them, signed in with a password. */
  async function session(): Promise<Session> {
    const name = `s${randomBytes(6).toString('hex')}`;
    await instance.createUser(name, { email: `${name}@example.com`, password: 'of the day' });
    const { accessToken } = await tokenOf(`${name}@example.com`, 'of the day');
    const rest = createRestAPIClient({ url: instance.url, accessToken });
    const site = await rest.v2.instance.fetch();
    const ws = createStreamingAPIClient({
      streamingApiUrl: site.configuration.urls.streaming,
      accessToken,
      implementation: WebSocket,
    });
    open.push(ws);
    const me = await rest.v1.accounts.verifyCredentials();
    return { id: me.id, acct: me.acct, rest, ws };
  }

  beforeAll(async () => {
    const anonymous = createRestAPIClient({ url: instance.url });
    app = await anonymous.v1.apps.create({
      clientName: 'Masto.js',
      redirectUris: 'urn:ietf:wg:oauth:2.0:oob',
      scopes: scope,
    });
    const { accessToken } = await tokenOf('admin@localhost', 'mastodonadmin');
    admin = createRestAPIClient({ url: instance.url, accessToken });
  });
  afterAll(() => open.forEach((ws) => ws.close()));

  test('issues and revokes tokens', async () => {
    const token = await tokenOf('admin@localhost', 'mastodonadmin');
    expect(token.scope).toBe(scope);
    await createOAuthAPIClient({ url: instance.url }).revoke({
      clientId: app.clientId ?? '',
      clientSecret: app.clientSecret ?? '',
      token: token.accessToken,
    });
    expect((await admin.v1.admin.accounts.list()).length).toBeGreaterThan(2);
  });

  test('signs people up with the token of a person, and has the mail sent again', async () => {
    const username = randomBytes(8).toString('hex');
    const token = await admin.v1.accounts.create({
      username,
      email: `${username}@example.com`,
      password: 'password',
      agreement: true,
      locale: 'en',
    });
    const newcomer = createRestAPIClient({ url: instance.url, accessToken: token.accessToken });
    await newcomer.v1.emails.confirmations.create({ email: `${username}@example2.com` });
    await newcomer.v1.statuses.create({ status: 'Here at once' });
  });

  test('is told everything that is wrong with a sign-up', async () => {
    const sent = { username: '', email: '', password: '', agreement: false, locale: 'hello' };
    const error: unknown = await admin.v1.accounts.create(sent).catch((e: unknown) => e);
    if (!(error instanceof MastoHttpError)) throw new Error('it was taken');
    const blank = [{ error: 'ERR_BLANK', description: "can't be blank" }];
    expect(error.statusCode).toBe(422);
    expect(error.details).toEqual({
      username: blank,
      email: blank,
      password: blank,
      agreement: [{ error: 'ERR_ACCEPTED', description: 'must be accepted' }],
      locale: [{ error: 'ERR_INCLUSION', description: 'is not included in the list' }],
    });
  });

  test('mutes for a second', async () => {
    const [alice, bob] = [await session(), await session()];
    // Long enough to be in force when it is answered, on any machine.
    expect((await alice.rest.v1.accounts.$select(bob.id).mute({ duration: 4 })).muting).toBe(true);
    await until(async () => {
      const [now] = await alice.rest.v1.accounts.relationships.fetch({ id: [bob.id] });
      return now?.muting === false;
    }, 'the mute is over');
  });

  test('accepts and dismisses requests without naming any', async () => {
    const alice = await session();
    await alice.rest.v1.notifications.requests.accept({} as never);
    await alice.rest.v1.notifications.requests.dismiss({} as never);
    expect((await alice.rest.v1.notifications.requests.merged.fetch()).merged).toBe(true);
  });

  /** Keeps what a subscription brings. */
  function ear(subscription: mastodon.streaming.Subscription): mastodon.streaming.Event[] {
    const events: mastodon.streaming.Event[] = [];
    void (async () => {
      for await (const event of subscription) events.push(event);
    })();
    return events;
  }

  /**
   * The library says nothing when it is subscribed: what is heard proves it. Then the ears are emptied. All have heard the
   * last that was said for this, so nothing of it is on its way any more.
   */
  async function listening(
    ears: mastodon.streaming.Event[][],
    poke: () => Promise<{ id: string }>,
  ): Promise<void> {
    await until(async () => {
      const { id } = await poke();
      await instance.idle();
      await wait(100);
      const tellsOf = (event: mastodon.streaming.Event) => JSON.stringify(event.payload).includes(`"${id}"`);
      return ears.every((events) => events.some(tellsOf));
    }, 'all hear');
    for (const events of ears) events.splice(0);
  }

  test('hears a post come, change and go on a hashtag', async () => {
    const alice = await session();
    const tag = `tag_${randomBytes(4).toString('hex')}`;
    const events = ear(alice.ws.hashtag.local.subscribe({ tag }));
    await listening([events], () => alice.rest.v1.statuses.create({ status: `warm up #${tag}` }));
    const { id } = await alice.rest.v1.statuses.create({ status: `test1 #${tag}` });
    await instance.idle();
    await alice.rest.v1.statuses.$select(id).update({ status: `test2 #${tag}` });
    await instance.idle();
    await alice.rest.v1.statuses.$select(id).remove();
    await until(() => events.length >= 3);
    expect(events.map((e) => e.event)).toEqual(['update', 'status.update', 'delete']);
    expect(events[2]?.payload).toBe(id);
  });

  test('uploads a picture as a data: URL, and hears of it on the media streams', async () => {
    const alice = await session();
    const ears = [ear(alice.ws.public.media.subscribe()), ear(alice.ws.public.local.media.subscribe())];
    const send = async () => {
      const media = await alice.rest.v2.media.create({ file: `data:image/jpeg;base64,${png}` as never });
      return alice.rest.v1.statuses.create({ status: 'Seen', mediaIds: [media.id], visibility: 'public' });
    };
    await listening(ears, send);
    const made = await send();
    expect(made.mediaAttachments[0]?.url).toMatch(/\.png$/);
    await until(() => ears.every((events) => events.length > 0));
    for (const [event] of ears) expect(event?.payload).toMatchObject({ id: made.id });
  });

  test('hears of followers each time, and of conversations', async () => {
    const [alice, bob] = [await session(), await session()];
    const [notes, direct] = [ear(alice.ws.user.notification.subscribe()), ear(alice.ws.direct.subscribe())];
    const say = (text: string) =>
      bob.rest.v1.statuses.create({ status: `@${alice.acct} ${text}`, visibility: 'direct' });
    await alice.rest.v2.notifications.policy.update({ forPrivateMentions: 'accept' });
    await listening([notes, direct], () => say('Are you there?'));
    for (let i = 0; i < 2; i += 1) {
      await bob.rest.v1.accounts.$select(alice.id).follow();
      await instance.idle();
      await bob.rest.v1.accounts.$select(alice.id).unfollow();
      await instance.idle();
    }
    await until(() => notes.length >= 2);
    expect(notes.map((e) => (e.payload as { type: string }).type)).toEqual(['follow', 'follow']);
    const sent = await say('Hello there');
    await until(() => direct.length > 0);
    expect(direct[0]?.payload).toMatchObject({ lastStatus: { id: sent.id } });
  });

  test('is refused a hashtag without a name', async () => {
    const alice = await session();
    const nothing = alice.ws.hashtag.subscribe({ tag: '' });
    const first = async (): Promise<void> => {
      for await (const event of nothing) throw new Error(`heard ${event.event}`);
    };
    await expect(first()).rejects.toThrow(/Unknown|Missing/i);
  });

  test('subscribes to pushes with the policy outside of the data', async () => {
    const alice = await session();
    const made = await alice.rest.v1.push.subscription.create({
      subscription: {
        endpoint: 'https://example.com',
        keys: {
          p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
          auth: 'tBHItJI5svbpez7KI4CCXg',
        },
      },
      policy: 'followed',
      data: { alerts: { follow: true } },
    } as never);
    expect(made).toMatchObject({ policy: 'followed', alerts: { follow: true } });
  });
});

(hasMastodonPy ? describe : describe.skip)('as Mastodon.py’s suite', () => {
  test('its clients, tokens and people are there', async () => {
    const script = fileURLToPath(new URL('suites_py.py', import.meta.url));
    const ran = await run(python, ['-W', 'ignore', script], { env: { LANDFALL_URL: instance.url } });
    expect(ran).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' });
  });
});

test('the server failed at none of it', () => {
  expect(recorder.failures()).toEqual([]);
});
