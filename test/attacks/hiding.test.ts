import { createECDH } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { JsonObject } from '../../federation/ports.js';
import { setDomainRule } from '../../src/domain/domains.js';
import { createTestClock } from '../support/clock.js';
import { until } from '../support/until.js';
import {
  createOf,
  deliver,
  findRemote,
  noteOf,
  raw,
  startHost,
  startScene,
  type Answer,
  type Host,
  type Person,
  type Scene,
  type Status,
} from './kit.js';

const clock = createTestClock();
let s: Scene;
/** Of accounts that may not act. */
let tokens: Record<string, string>;
beforeAll(async () => {
  s = await startScene({ clock });
  tokens = await outsiders();
});
afterAll(() => s?.close());

const ask = (method: string, path: string, token?: string): Promise<Answer> =>
  raw(s, { method, path, lines: token === undefined ? [] : [['Authorization', `Bearer ${token}`]] });
const say = (who: Person, body: object): Promise<Status> => who.client.post<Status>('/api/v1/statuses', body);

/** What a person's streams say from now on. */
async function listen(who: Person, streams: string[]): Promise<{ heard: string[]; end(): void }> {
  const heard: string[] = [];
  const sockets = await Promise.all(
    streams.map(
      (stream) =>
        new Promise<WebSocket>((resolve, reject) => {
          const url = `${s.us.url.replace('http', 'ws')}/api/v1/streaming?stream=${stream}&access_token=${who.token}`;
          const socket = new WebSocket(url);
          socket.on('message', (data: Buffer) => heard.push(data.toString()));
          socket.once('open', () => resolve(socket));
          socket.once('error', reject);
        }),
    ),
  );
  return { heard, end: () => sockets.forEach((socket) => socket.terminate()) };
}

/** Resolves when the streams have told of this post, and so of everything before it. */
async function heardOf(heard: string[], id: string): Promise<void> {
  await until(() => heard.some((m) => m.includes(id)), `${id} is heard of`);
}

/** The words of those whom bob blocks in what he was answered, but for what a client keeps closed. */
function words(json: unknown): string[] {
  if (typeof json === 'string') return json.match(/quokka(?:remote|local|reply)/g) ?? [];
  if (typeof json !== 'object' || json === null) return [];
  if ('state' in json && json.state === 'blocked_account') return [];
  return Object.values(json).flatMap(words);
}

test('#177 VIS_BOOST_BLOCK', async () => {
  await s.bob.client.post(`/api/v1/accounts/${s.carol.account._id}/follow`);
  await s.carol.client.post(`/api/v1/follow_requests/${s.bob.account._id}/authorize`);
  const aliceId = await findRemote(s, s.alice);
  for (const id of [aliceId, s.dave.account._id]) await s.bob.client.post(`/api/v1/accounts/${id}/block`);
  const stream = await listen(s.bob, ['user', 'public', 'public:local', 'hashtag&tag=quokka', 'direct']);

  // Words of two whom bob blocks, one elsewhere and one here, brought back by carol, whom he follows.
  const note = noteOf(s.alice, {
    content: '<p>quokkaremote #quokka</p>',
    cc: [s.alice.followers, s.bob.account.uri, s.carol.account.uri],
    tag: [
      { type: 'Mention', href: s.bob.account.uri, name: '@bob' },
      { type: 'Mention', href: s.carol.account.uri, name: '@carol' },
      { type: 'Hashtag', name: '#quokka' },
    ],
  });
  await deliver(s, createOf(note), { by: s.alice });
  const stored = await s.us.ctx.db.statuses.findOne({ uri: note.id });
  const remoteId = stored?._id ?? '';
  const local = await say(s.dave, { status: 'quokkalocal @bob #quokka' });
  for (const id of [remoteId, local.id]) await s.carol.client.post(`/api/v1/statuses/${id}/reblog`);
  const quoting = await say(s.carol, { status: 'Look at that', quoted_status_id: local.id });
  expect((await s.us.ctx.db.statuses.findOne({ _id: quoting.id }))?.quote?.state).toBe('accepted');
  const thread = await say(s.carol, { status: 'A thread of mine' });
  const inThread = await say(s.dave, { status: 'quokkareply', in_reply_to_id: thread.id });
  await say(s.carol, { status: '@alice quokkamention', in_reply_to_id: inThread.id });
  await deliver(s, { type: 'Like', object: thread.uri }, { by: s.alice });
  await s.us.idle();

  const last = await say(s.carol, { status: 'The last' });
  await s.us.idle();
  await heardOf(stream.heard, last.id);
  const about = (m: string): boolean => m.includes('quokka') && !m.includes('Look at that');
  expect(stream.heard.filter(about)).toEqual([]);
  stream.end();
  const paths = [
    '/api/v1/timelines/home?limit=40',
    '/api/v1/timelines/public?limit=40',
    '/api/v1/timelines/public?local=true',
    '/api/v1/timelines/tag/quokka',
    '/api/v1/notifications?limit=80',
    '/api/v2/notifications?limit=80',
    '/api/v1/conversations',
    `/api/v1/statuses/${thread.id}/context`,
    '/api/v2/search?q=quokkalocal&type=statuses',
    '/api/v2/search?q=quokkaremote&type=statuses',
    '/api/v1/trends/statuses',
  ];
  for (const path of paths) {
    const { status, body } = await ask('GET', path, s.bob.token);
    expect([path, status]).toEqual([path, 200]);
    expect([path, words(JSON.parse(body))]).toEqual([path, []]);
  }
  // A quote says that it is of somebody he blocks; clients open it at his word only (docs/decisions/020).
  const { quote } = await s.bob.client.get<{ quote: { state: string } }>(`/api/v1/statuses/${quoting.id}`);
  expect(quote.state).toBe('blocked_account');
  // All of that is there for somebody else.
  const home = await ask('GET', '/api/v1/timelines/home?limit=40', s.carol.token);
  expect(home.body).toContain('quokkalocal');
  for (const id of [aliceId, s.dave.account._id]) await s.bob.client.post(`/api/v1/accounts/${id}/unblock`);
});

async function outsiders(): Promise<Record<string, string>> {
  const { db } = s.us.ctx;
  const make = async (name: string, change: Record<string, unknown>): Promise<string> => {
    const person = await s.us.createUser(name);
    await db.users.updateOne({ _id: person.user._id }, { $set: change });
    return person.token;
  };
  return {
    unconfirmed: await make('unconfirmed', { confirmedAt: null }),
    pending: await make('pending', { approvedAt: null }),
    disabled: await make('disabled', { disabledAt: clock.now().toISOString() }),
  };
}

test('#190 VIS_DOMBLOCKS', async () => {
  await setDomainRule(s.us.ctx, 'wombat-secret.example', {
    severity: 'suspend',
    privateComment: 'numbatprivate',
    publicComment: 'numbatpublic',
    obfuscate: true,
  });
  await setDomainRule(s.us.ctx, 'media-only.example', { severity: 'noop', privateComment: 'numbatnoop' });
  await s.bob.client.post('/api/v1/reports', {
    account_id: await findRemote(s, s.mallory),
    comment: 'numbatreport',
  });
  const everybody = { anonymous: undefined, ...tokens, user: s.dave.token };
  for (const [who, token] of Object.entries(everybody)) {
    const list = await ask('GET', '/api/v1/instance/domain_blocks', token);
    const open = who === 'anonymous' || who === 'user';
    expect([who, list.status]).toEqual([who, open ? 200 : 403]);
    expect(list.body).not.toMatch(/numbat(?:private|noop|report)|wombat-secret|media-only/);
    for (const path of [
      '/api/v1/admin/domain_blocks',
      '/api/v1/admin/domain_allows',
      '/api/v1/admin/email_domain_blocks',
      '/api/v1/admin/canonical_email_blocks',
      '/api/v1/admin/ip_blocks',
      '/api/v1/admin/reports',
      '/api/v1/admin/accounts',
      '/api/v2/admin/accounts',
      '/api/v1/reports',
    ]) {
      const { status, body } = await ask('GET', path, token);
      expect([who, path, [401, 403, 404].includes(status)]).toEqual([who, path, true]);
      expect(body).not.toContain('numbat');
    }
  }
  for (const path of ['/nodeinfo/2.0', '/api/v1/instance', '/api/v2/instance', '/api/v1/instance/peers', '/'])
    expect((await ask('GET', path)).body).not.toMatch(/numbat|wombat-secret/);
});

interface Layer {
  route?: { path: unknown; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
}

/** Every route of the client API, as Express knows them: a route that is added tomorrow is swept too. */
function apiRoutes(): [string, string][] {
  const walk = (layers: readonly Layer[]): [string, string][] =>
    layers.flatMap((layer) => {
      if (layer.handle?.stack) return walk(layer.handle.stack);
      const paths = [layer.route?.path ?? []].flat().filter((p): p is string => typeof p === 'string');
      const methods = Object.keys(layer.route?.methods ?? {}).map((m) => m.toUpperCase());
      return paths.flatMap((path) => methods.map((method): [string, string] => [method, path]));
    });
  const { router } = s.us.app as unknown as { router: { stack: Layer[] } };
  return walk(router.stack).filter(([, path]) => path.startsWith('/api/'));
}

test('#192 VIS_UNAPPROVED', async () => {
  const routes = apiRoutes();
  expect(routes.length).toBeGreaterThan(200);
  const post = await say(s.bob, { status: 'For all' });
  const fill = (path: string): string =>
    path.replaceAll(/[:*]\w+/g, (name) => (name === ':id' ? post.id : 'x')).replaceAll(/[{}]/g, '');
  // What somebody may do who waits: ask for the mail again, look whether it worked, and take the token back.
  const confirmation = /^\/api\/v1\/(?:emails\/|accounts$)/;
  for (const [who, token] of Object.entries(tokens))
    for (const [method, path] of routes) {
      if (path.includes('streaming')) continue;
      const told = await ask(method, fill(path), token);
      const line = `${who}: ${method} ${path}`;
      if (told.status >= 400 || (confirmation.test(path) && who !== 'disabled')) continue;
      // What is the same for everybody is no secret.
      const anonymous = await ask(method, fill(path));
      expect([line, told.status, told.body]).toEqual([line, anonymous.status, anonymous.body]);
    }
  for (const [who, token] of Object.entries(tokens)) {
    for (const path of [
      '/api/v1/timelines/home',
      '/api/v1/accounts/verify_credentials',
      '/api/v1/notifications',
    ])
      expect([who, path, (await ask('GET', path, token)).status]).toEqual([who, path, 403]);
    expect((await ask('GET', `/api/v1/streaming/user`, token)).status).toBe(403);
    expect((await ask('POST', `/api/v1/statuses/${post.id}/favourite`, token)).status).toBe(403);
  }
  expect((await ask('GET', '/api/v1/emails/check_confirmation', tokens['unconfirmed'])).status).toBe(200);
  expect((await ask('GET', '/api/v1/emails/check_confirmation', tokens['disabled'])).status).toBe(403);
});

/** A push service that answers what `pushStatus` says. */
let service: Host;
let pushStatus = 201;
let pushed = 0;
const take: RequestListener = (req, res) => {
  req.resume().on('end', () => {
    pushed += 1;
    res.writeHead(pushStatus).end();
  });
};
const device = createECDH('prime256v1');
device.generateKeys();

test('#195 VIS_NOTIF', async () => {
  const { db } = s.us.ctx;
  service = await startHost(take);
  const keys = { p256dh: device.getPublicKey().toString('base64url'), auth: 'tBHItJI5svbpez7KI4CCXg' };
  await s.bob.client.post('/api/v1/push/subscription', {
    subscription: { endpoint: `${service.origin}/device`, keys, standard: true },
    data: { alerts: { mention: true, favourite: true, follow: true, status: true }, policy: 'all' },
  });
  const mailsBefore = await db.jobs.countDocuments({ kind: 'mail' });
  const told = async (): Promise<string> => {
    await s.us.idle();
    const v1 = await ask('GET', '/api/v1/notifications?limit=80', s.bob.token);
    const v2 = await ask('GET', '/api/v2/notifications?limit=80', s.bob.token);
    return v1.body + v2.body;
  };
  const aliceId = await findRemote(s, s.alice);
  const malloryId = await findRemote(s, s.mallory);
  const mention = (by: typeof s.alice, word: string, extra: JsonObject = {}) => {
    const tag = [{ type: 'Mention', href: s.bob.account.uri, name: '@bob' }];
    const note = noteOf(by, { content: `<p>${word}</p>`, cc: [s.bob.account.uri], tag, ...extra });
    return deliver(s, createOf(note), { by }).then(() => note);
  };
  const stream = await listen(s.bob, ['user', 'user:notification']);

  // Whom he blocks, mutes, or whose server he blocks; whom staff suspended.
  const silences: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ['blocked', () => act(aliceId, 'block'), () => act(aliceId, 'unblock')],
    ['muted', () => act(aliceId, 'mute'), () => act(aliceId, 'unmute')],
    [
      'domain',
      () => s.bob.client.post('/api/v1/domain_blocks', { domain: s.peer.host }),
      () => s.bob.client.delete(`/api/v1/domain_blocks?domain=${s.peer.host}`),
    ],
    [
      'suspended',
      () => db.accounts.updateOne({ _id: aliceId }, { $set: { suspendedAt: clock.now().toISOString() } }),
      () => db.accounts.updateOne({ _id: aliceId }, { $set: { suspendedAt: null } }),
    ],
  ];
  function act(id: string, verb: string): Promise<unknown> {
    return s.bob.client.post(`/api/v1/accounts/${id}/${verb}`);
  }
  for (const [name, begin, end] of silences) {
    await begin();
    await mention(s.alice, `bilby${name}`);
    await end();
    expect([name, (await told()).includes(`bilby${name}`), pushed]).toEqual([name, false, 0]);
  }
  // A private word of a stranger waits until it is asked for, and is not pushed.
  await mention(s.mallory, 'bilbyprivate', { to: [s.bob.account.uri], cc: [] });
  expect([(await told()).includes('bilbyprivate'), pushed]).toEqual([false, 0]);
  const policy = await s.bob.client.get<{ summary: { pending_requests_count: number } }>(
    '/api/v2/notifications/policy',
  );
  expect(policy.summary.pending_requests_count).toBe(1);

  // What is told is gone with the post.
  const note = await mention(s.alice, 'bilbyshort');
  expect([(await told()).includes('bilbyshort'), pushed]).toEqual([true, 1]);
  await deliver(s, { type: 'Delete', object: note.id }, { by: s.alice });
  expect(await told()).not.toContain('bilbyshort');

  // A push that has to wait is not sent when bob wants to hear no more of them, or staff suspended them, meanwhile.
  for (const [name, begin, end] of silences) {
    pushStatus = 503;
    pushed = 0;
    await mention(s.alice, `bilbylate${name}`);
    expect([name, pushed]).toEqual([name, 1]);
    await begin();
    pushStatus = 201;
    clock.advance({ minutes: 2 });
    await s.us.idle();
    await end();
    expect([name, pushed]).toEqual([name, 1]);
  }
  await act(malloryId, 'block');
  const last = await mention(s.alice, 'bilbylast');
  const stored = await db.statuses.findOne({ uri: last.id });
  await s.us.idle();
  await heardOf(stream.heard, stored?._id ?? '');
  expect(stream.heard.filter((m) => /bilby(?:blocked|muted|domain|suspended|private)/.test(m))).toEqual([]);
  expect(await db.jobs.countDocuments({ kind: 'mail' })).toBe(mailsBefore);
  stream.end();
  await service.close();
});
