import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { PeerActor } from '../support/peer.js';
import { until } from '../support/until.js';
import {
  createOf,
  deliver,
  findRemote,
  get,
  noteOf,
  Public,
  raw,
  startScene,
  unchanged,
  type Scene,
  type Status,
} from './kit.js';

/** Words that only those may read who were addressed. */
const secret = { private: 'fennecprivate', direct: 'fennecdirect', reply: 'fennecreply' };
const hidden = new RegExp(Object.values(secret).join('|'));

let s: Scene;
let open: Status;
let closed: Status;
let direct: Status;
let reply: Status;
let boost: Status;
beforeAll(async () => {
  s = await startScene();
  const say = (body: object): Promise<Status> => s.bob.client.post<Status>('/api/v1/statuses', body);
  open = await say({ status: 'An open post #fennec', visibility: 'public' });
  closed = await say({ status: `${secret.private} #fennec`, visibility: 'private' });
  direct = await say({ status: `@carol ${secret.direct} #fennec`, visibility: 'direct' });
  reply = await say({ status: `${secret.reply} #fennec`, visibility: 'private', in_reply_to_id: open.id });
  boost = await s.bob.client.post<Status>(`/api/v1/statuses/${closed.id}/reblog`, { visibility: 'private' });
  await s.us.idle();
});
afterAll(() => s?.close());

const path = (uri: string): string => new URL(uri).pathname;
const html = 'text/html';
const bearer = (token: string): [string, string] => ['Authorization', `Bearer ${token}`];
const all = (): Status[] => [closed, direct, reply];

test('#169 VIS_ORACLE', async () => {
  const routes = ['', '/context', '/favourited_by', '/reblogged_by', '/history', '/source', '/card'];
  const missing = '109999999999999999';
  for (const token of [null, s.dave.token])
    for (const route of routes) {
      const ask = async (id: string) => {
        const lines: [string, string][] = [...(token ? [bearer(token)] : []), ['Accept-Language', 'fr']];
        const { status, body, headers } = await raw(s, {
          method: 'GET',
          path: `/api/v1/statuses/${id}${route}`,
          lines,
        });
        const { date: _, 'x-request-id': __, ...rest } = headers;
        return { status, body, headers: rest };
      };
      const absent = await ask(missing);
      expect([401, 404]).toContain(absent.status);
      for (const { id } of all()) expect([route, await ask(id)]).toEqual([route, absent]);
    }
  for (const act of ['favourite', 'reblog', 'bookmark', 'pin', 'mute'])
    for (const { id } of [closed, direct, { id: missing }])
      expect(
        (await raw(s, { path: `/api/v1/statuses/${id}/${act}`, lines: [bearer(s.dave.token)] })).status,
      ).toBe(404);
});

test('#170 VIS_OUTBOX', async () => {
  for (const by of [undefined, s.mallory, s.trent]) {
    const first = JSON.parse((await get(s, '/users/bob/outbox', by)).body) as { totalItems: number };
    expect(first.totalItems).toBe(1);
    expect((await get(s, '/users/bob/outbox?page=true', by)).body).not.toMatch(hidden);
    expect((await get(s, '/users/bob/collections/featured', by)).body).not.toMatch(hidden);
  }
  // alice follows bob: what is for followers is for her, what is for carol is not.
  const page = (await get(s, '/users/bob/outbox?page=true', s.alice)).body;
  expect(page).toContain(secret.private);
  expect(page).not.toContain(secret.direct);
});

test('#172 VIS_SUFFIX', async () => {
  for (const status of all()) {
    const object = path(status.uri);
    const short = object.replace(/-[^/]*$/, '');
    const forms = [
      object,
      `${object}/activity`,
      `${object}.json`,
      `${object}?format=json`,
      `${object}/`,
      `/${object}`,
      object.toUpperCase(),
      short,
      `${short}/activity`,
      `${object}/replies`,
      `${object}/likes`,
      `${object}/shares`,
      `/@bob/${status.id}`,
      `/@bob/${status.id}/embed`,
      `/@BOB/${status.id}.json`,
      `/api/oembed?url=${encodeURIComponent(`${s.us.url}/@bob/${status.id}`)}`,
      `/api/oembed?url=${encodeURIComponent(status.uri)}`,
      `/users/bob/activities/announce-${boost.id}`,
    ];
    for (const form of forms)
      for (const accept of ['application/activity+json', html, '*/*'])
        for (const by of [undefined, s.mallory]) {
          const { status: code, body, headers } = await get(s, form, by, accept);
          expect([form, code >= 400 || code === 302, hidden.test(body)]).toEqual([form, true, false]);
          if (code === 302) expect(headers.location ?? '').not.toMatch(/-\w{6}/);
        }
  }
  expect((await get(s, path(closed.uri), s.alice)).status).toBe(200);
});

test('#173 VIS_CONTEXT', async () => {
  const context = `/api/v1/statuses/${open.id}/context`;
  for (const text of [
    (await get(s, context, undefined, 'application/json')).body,
    JSON.stringify(await s.dave.client.get(context)),
    (await get(s, `/@bob/${open.id}`, undefined, html)).body,
    (await get(s, `${path(open.uri)}/replies?page=true`)).body,
    (await get(s, `${path(open.uri)}/replies`, s.mallory)).body,
  ])
    expect(text).not.toMatch(hidden);
  expect((await s.dave.client.get<Status>(`/api/v1/statuses/${open.id}`)).replies_count).toBe(0);
  const replies = JSON.parse((await get(s, `${path(open.uri)}/replies`)).body) as { totalItems: number };
  expect(replies.totalItems).toBe(0);
});

test('#174 VIS_STREAM', async () => {
  const heard: string[] = [];
  const sockets = await Promise.all(
    ['user', 'public', 'public:local', 'hashtag&tag=fennec', 'direct'].map(
      (stream) =>
        new Promise<WebSocket>((resolve, reject) => {
          const url = `${s.us.url.replace('http', 'ws')}/api/v1/streaming?stream=${stream}&access_token=${s.dave.token}`;
          const socket = new WebSocket(url);
          socket.on('message', (data: Buffer) => heard.push(data.toString()));
          socket.once('open', () => resolve(socket));
          socket.once('error', reject);
        }),
    ),
  );
  for (const visibility of ['private', 'direct']) {
    const post = await s.bob.client.post<Status>('/api/v1/statuses', {
      status: `${secret.direct} #fennec`,
      visibility,
    });
    await s.bob.client.put(`/api/v1/statuses/${post.id}`, { status: `${secret.private} #fennec` });
    await s.bob.client.delete(`/api/v1/statuses/${post.id}`);
  }
  const last = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'For all #fennec' });
  await s.us.idle();
  await until(() => heard.some((m) => m.includes(last.id)), 'the last post is heard of');
  expect(heard.filter((m) => !m.includes(last.id))).toEqual([]);
  for (const socket of sockets) socket.terminate();
});

test('#175 VIS_SEARCH', async () => {
  for (const q of [...Object.values(secret), closed.uri, direct.uri, `${s.us.url}/@bob/${closed.id}`])
    for (const resolve of ['true', 'false']) {
      const url = `/api/v2/search?q=${encodeURIComponent(q)}&resolve=${resolve}`;
      expect(JSON.stringify((await s.dave.client.get<{ statuses: Status[] }>(url)).statuses)).toBe('[]');
      const anonymous = await raw(s, { method: 'GET', path: url });
      expect(anonymous.body).not.toMatch(hidden);
    }
});

test('#176 VIS_TAGTL', async () => {
  const paths = [
    '/api/v1/timelines/tag/fennec',
    '/api/v1/timelines/public',
    '/api/v1/timelines/public?local=true',
    '/api/v1/trends/statuses',
    `/api/v1/accounts/${s.bob.account._id}/statuses`,
    '/api/v1/timelines/home',
  ];
  for (const p of paths) {
    expect(JSON.stringify(await s.dave.client.get(p))).not.toMatch(hidden);
    expect((await raw(s, { method: 'GET', path: p })).body).not.toMatch(hidden);
  }
  for (const p of ['/tags/fennec', '/@bob', '/', '/users/bob', '/@bob.rss', '/nodeinfo/2.0'])
    for (const accept of [html, 'application/activity+json', 'application/rss+xml'])
      expect((await get(s, p, undefined, accept)).body).not.toMatch(hidden);
});

test('#171 VIS_FEED', async () => {
  for (const p of ['/@bob.rss', '/@bob.atom', '/users/bob.rss', '/tags/fennec.rss'])
    expect((await get(s, p, undefined, '*/*')).body).not.toMatch(hidden);
});

test('#178 VIS_SIGNED_BLOCK', async () => {
  await s.bob.client.post(`/api/v1/statuses/${open.id}/pin`);
  const id = await findRemote(s, s.mallory);
  await s.bob.client.post(`/api/v1/accounts/${id}/block`);
  await s.us.idle();
  const paths = [
    path(open.uri),
    '/users/bob/outbox',
    '/users/bob/outbox?page=true',
    '/users/bob/followers?page=true',
    '/users/bob/collections/featured',
  ];
  for (const p of paths) {
    const before = await get(s, p);
    const blocked = await get(s, p, s.mallory);
    expect([p, blocked.status, blocked.headers['cache-control'] ?? 'private, no-store']).toEqual([
      p,
      404,
      'private, no-store',
    ]);
    expect((await get(s, p)).body).toBe(before.body);
    expect((await get(s, p, s.alice)).status).toBe(200);
  }
  await s.bob.client.post(`/api/v1/accounts/${id}/unblock`);
});

test('#179 CACHE_VIEWER', async () => {
  const [anonymous, follower] = [
    await get(s, '/users/bob/outbox?page=true'),
    await get(s, '/users/bob/outbox?page=true', s.alice),
  ];
  expect(follower.body).not.toBe(anonymous.body);
  expect((await get(s, '/users/bob/outbox?page=true')).body).toBe(anonymous.body);
});

test('#180 CACHE_VARY', async () => {
  const paths = [
    `/@bob/${open.id}`,
    path(open.uri),
    '/@bob',
    '/users/bob',
    '/users/nobody',
    '/users/bob/statuses/1',
    '/@bob/1',
    '/tags/fennec',
  ];
  for (const p of paths)
    for (const accept of [html, 'application/activity+json']) {
      const { headers } = await get(s, p, undefined, accept);
      expect([p, String(headers['vary']).toLowerCase()]).toEqual([
        p,
        expect.stringMatching(/accept.*authorization.*signature/),
      ]);
    }
  const both = [await get(s, `/@bob/${open.id}`, undefined, html), await get(s, `/@bob/${open.id}`)];
  expect(both.map((b) => String(b.headers['content-type']).split(';')[0])).toEqual([
    'text/html',
    'application/activity+json',
  ]);
});

test('#181 CACHE_PRIVATE', async () => {
  for (const p of [path(open.uri), '/users/bob', '/users/bob/outbox?page=true', '/users/bob/followers'])
    for (const lines of [[bearer(s.bob.token)], [['Cookie', 'landfall=x']]] as [string, string][][]) {
      const { headers } = await raw(s, {
        method: 'GET',
        path: p,
        lines: [...lines, ['Accept', 'application/activity+json']],
      });
      expect([p, headers['cache-control']]).toEqual([p, 'private, no-store']);
    }
  expect((await get(s, path(closed.uri), s.alice)).headers['cache-control']).toBe('private, no-store');
  expect((await get(s, '/users/bob', s.alice)).headers['cache-control']).toBe('private, no-store');
  const inQuery = await get(s, `/users/bob/outbox?page=true&access_token=${s.bob.token}`);
  expect(inQuery.headers['cache-control']).toBe('private, no-store');
});

test('#182 CACHE_POISON', async () => {
  for (const p of ['/@bob', '/users/bob', '/.well-known/nodeinfo', '/api/v2/instance', '/']) {
    const plain = await get(s, p, undefined, '*/*');
    const lines: [string, string][] = [
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Original-URL', '/evil'],
      ['Accept', '*/*'],
    ];
    const poisoned = await raw(s, { method: 'GET', path: p, lines });
    expect([p, poisoned.body]).toEqual([p, plain.body]);
  }
});

test('#183 VIS_FOLLOWERS', async () => {
  await s.us.ctx.db.accounts.updateOne({ _id: s.bob.account._id }, { $set: { hideCollections: true } });
  for (const by of [undefined, s.mallory])
    for (const side of ['followers', 'following']) {
      expect((await get(s, `/users/bob/${side}`, by)).body).not.toContain(s.alice.uri);
      expect((await get(s, `/users/bob/${side}?page=true`, by)).status).toBe(404);
      expect(await s.dave.client.get(`/api/v1/accounts/${s.bob.account._id}/${side}`)).toEqual([]);
    }
  const part = '/users/bob/followers_synchronization';
  expect((await get(s, part)).status).toBe(401);
  const listed = async (by: PeerActor): Promise<unknown> => JSON.parse((await get(s, part, by)).body);
  const collection = { id: `${s.us.url}${part}`, type: 'OrderedCollection' };
  expect(await listed(s.trent)).toMatchObject({ ...collection, orderedItems: [s.alice.uri] });
  // Another port is another server.
  expect(await listed(s.mallory)).toMatchObject({ ...collection, orderedItems: [] });
  await s.us.ctx.db.accounts.updateOne({ _id: s.bob.account._id }, { $set: { hideCollections: false } });
});

test('#184 VIS_BTO', async () => {
  const note = noteOf(s.alice, { bto: [`${s.us.url}/users/dave`], bcc: ['https://third.example/users/x'] });
  await deliver(
    s,
    { ...createOf(note), bto: [`${s.us.url}/users/dave`], bcc: ['https://third.example/users/x'] },
    { by: s.alice },
  );
  const stored = await s.us.ctx.db.statuses.findOne({ uri: note.id });
  expect(JSON.stringify(stored)).not.toMatch(/third\.example|users\/dave/);
});

test('#185 VIS_WIDEN_REPLY', async () => {
  const cases: [string, object][] = [
    ['unlisted', { to: [s.alice.followers], cc: [Public] }],
    ['direct', { to: [], cc: [s.bob.account.uri] }],
    ['direct', { to: [s.trent.followers], cc: [s.bob.account.uri] }],
    ['direct', { to: ['https://x.example/collections/1'], cc: [s.bob.account.uri] }],
    ['private', { to: [s.alice.followers], cc: [] }],
    ['direct', { to: [`${Public}ation`], cc: [s.bob.account.uri] }],
    ['direct', { to: ['public', 'as:public'], cc: [s.bob.account.uri] }],
  ];
  for (const [visibility, audience] of cases) {
    const note = noteOf(s.alice, audience as Record<string, string[]>);
    await deliver(s, createOf(note), { by: s.alice });
    expect([audience, (await s.us.ctx.db.statuses.findOne({ uri: note.id }))?.visibility]).toEqual([
      audience,
      visibility,
    ]);
  }
});

test('#186 VIS_UPDATE', async () => {
  const note = noteOf(s.alice, { to: [s.bob.account.uri], cc: [] });
  await deliver(s, createOf(note), { by: s.alice });
  const wider = { ...note, to: [Public], content: '<p>now for all</p>', updated: new Date().toISOString() };
  await deliver(s, { type: 'Update', object: wider, to: [Public] }, { by: s.alice });
  expect(await s.us.ctx.db.statuses.findOne({ uri: note.id })).toMatchObject({ visibility: 'direct' });
});

test('#189 VIS_UNDO_JSON', async () => {
  await s.bob.client.post(`/api/v1/accounts/${await findRemote(s, s.trent)}/follow`);
  await s.us.idle();
  for (const { uri } of await s.us.ctx.db.activities.find({}).toArray())
    for (const by of [undefined, s.mallory]) {
      const { body } = await get(s, path(uri), by);
      expect(body).not.toMatch(hidden);
    }
});

test('#193 VIS_AUTHFETCH', async () => {
  const closedInstance = await startScene({ secureMode: true });
  const say = await closedInstance.bob.client.post<Status>('/api/v1/statuses', { status: 'open' });
  const paths = [
    path(say.uri),
    `${path(say.uri)}/activity`,
    `${path(say.uri)}/replies`,
    '/users/bob/outbox',
    '/users/bob/followers',
    '/users/bob/collections/featured',
    '/users/bob/statuses/1',
    '/tags/x',
    `/@bob/${say.id}`,
  ];
  for (const p of paths) expect([p, (await get(closedInstance, p)).status]).toEqual([p, 401]);
  for (const p of paths.slice(0, 6)) {
    const signed = await get(closedInstance, p, closedInstance.alice);
    expect([p, signed.status, signed.headers['cache-control']]).toEqual([p, 200, 'private, no-store']);
  }
  expect((await get(closedInstance, '/actor')).status).toBe(200);
  const stub = await get(closedInstance, '/users/bob');
  expect(JSON.parse(stub.body)).not.toHaveProperty('outbox.items');
  expect(stub.body).toContain('publicKeyPem');
  expect(stub.body).not.toContain('alsoKnownAs');
  await closedInstance.us.ctx.db.accounts.updateOne(
    { uri: closedInstance.mallory.uri },
    { $set: { suspendedAt: new Date().toISOString() } },
  );
  for (const p of paths.slice(0, 6))
    expect((await get(closedInstance, p, closedInstance.mallory)).status).toBe(403);
  await closedInstance.close();
});

test('#196 VIS_NAMES', async () => {
  const eve = await s.us.createUser('eve');
  await s.us.ctx.db.accounts.updateOne(
    { _id: eve.account._id },
    { $set: { displayName: 'fennecname', note: 'fennecname', suspendedAt: new Date().toISOString() } },
  );
  for (const p of [
    '/users/eve',
    '/@eve',
    '/users/eve/outbox',
    '/users/eve/followers',
    '/.well-known/webfinger?resource=acct:eve@localhost',
  ])
    for (const accept of [html, 'application/activity+json'])
      expect((await get(s, p, undefined, accept)).body).not.toContain('fennecname');
  await unchanged(s, () =>
    deliver(s, createOf(noteOf(s.mallory, { cc: [eve.account.uri] })), {
      by: s.mallory,
      inbox: '/users/eve/inbox',
    }),
  );
});

test('#194 VIS_DELIVER_WRONG', async () => {
  const from = [s.peer.delivered.length, s.evil.delivered.length];
  const note = noteOf(s.mallory, {
    cc: [s.bob.account.uri],
    tag: [{ type: 'Mention', href: s.bob.account.uri }],
  });
  await deliver(s, createOf(note), { by: s.mallory });
  const parent = await s.us.ctx.db.statuses.findOne({ uri: note.id });
  const say = (body: object) => s.bob.client.post<Status>('/api/v1/statuses', body);
  const whisper = await say({ status: `@alice@${s.peer.host} psst`, visibility: 'direct' });
  await say({ status: 'for my followers', visibility: 'private', in_reply_to_id: parent?._id });
  await s.bob.client.put(`/api/v1/statuses/${whisper.id}`, { status: `@alice@${s.peer.host} psst!` });
  await s.bob.client.delete(`/api/v1/statuses/${whisper.id}`);
  await s.us.idle();
  const toEvil = s.evil.delivered
    .slice(from[1])
    .map((d) => d.raw)
    .join('\n');
  expect(toEvil).not.toMatch(/psst|for my followers/);
  const toPeer = s.peer.delivered.slice(from[0]);
  expect(toPeer.map((d) => d.activity.type)).toEqual(expect.arrayContaining(['Create', 'Update', 'Delete']));
  expect(
    toPeer
      .filter((d) => d.activity.type === 'Delete')
      .map((d) => d.raw)
      .join(),
  ).not.toContain('psst');
  for (const d of toPeer.filter((x) => x.raw.includes('psst'))) expect(d.path).toBe('/users/alice/inbox');
});

test('#191 VIS_APPTOKEN', async () => {
  const app = JSON.parse(
    (
      await raw(s, {
        path: '/api/v1/apps',
        lines: [['Content-Type', 'application/json']],
        body: JSON.stringify({
          client_name: 'x',
          redirect_uris: 'urn:ietf:wg:oauth:2.0:oob',
          scopes: 'read write',
        }),
      })
    ).body,
  ) as Record<string, string>;
  const grant = JSON.stringify({
    grant_type: 'client_credentials',
    client_id: app['client_id'],
    client_secret: app['client_secret'],
    scope: 'read write',
  });
  const token = JSON.parse(
    (await raw(s, { path: '/oauth/token', lines: [['Content-Type', 'application/json']], body: grant })).body,
  ) as { access_token: string };
  for (const [method, p] of [
    ['GET', '/api/v1/accounts/verify_credentials'],
    ['GET', '/api/v1/timelines/home'],
    ['GET', '/api/v1/notifications'],
    ['POST', '/api/v1/statuses'],
    ['GET', '/api/v1/bookmarks'],
    ['GET', '/api/v1/conversations'],
    ['POST', `/api/v1/statuses/${open.id}/favourite`],
  ] as const)
    expect([
      p,
      [403, 422].includes((await raw(s, { method, path: p, lines: [bearer(token.access_token)] })).status),
    ]).toEqual([p, true]);
  const search = await raw(s, {
    method: 'GET',
    path: `/api/v2/search?q=${secret.private}`,
    lines: [bearer(token.access_token)],
  });
  expect(search.body).not.toMatch(hidden);
});
