import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import { createHttpClient } from '../../federation/fetch/client.js';
import { silentLogger } from '../../src/log.js';
import { startInstance, type Instance } from '../support/instance.js';
import { createClient, type Client } from '../support/client.js';
import {
  activityJson,
  createOf,
  deliver,
  findRemote,
  get,
  nextId,
  noteOf,
  raw,
  startHost,
  startScene,
  unchanged,
  type Host,
  type Scene,
  type Status,
} from './kit.js';

/** As in production: nothing of the machine's own may be reached. */
let strict: Instance;
let client: Client;
/** A listener on loopback that must never be connected to. */
let target: { port: number; connections: () => number; close(): void };
let s: Scene;
beforeAll(async () => {
  strict = await startInstance({ federateLoopback: false });
  const { token } = await strict.createUser('erin');
  client = createClient(strict.url, token);
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target = {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () => void server.close(),
  };
  s = await startScene();
});
afterAll(async () => {
  target?.close();
  await strict?.close();
  await s?.close();
});

const v4 =
  '0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 192.31.196.1 192.52.193.1 192.175.48.1'.split(
    ' ',
  );
const v6 =
  ':: ::1 fe80::1 fc00::1 fd00::1 ff02::1 100::1 2001::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 3fff::1 64:ff9b::7f00:1 64:ff9b:1::1 2620:4f:8000::1'.split(
    ' ',
  );
const mapped =
  '::ffff:127.0.0.1 ::ffff:0.0.0.1 ::127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::169.254.169.254 2002:a9fe:a9fe:: 2001:0:7f00:1::80ff:fffe'.split(
    ' ',
  );

/** Through the one client, and through what people and documents can make it do. */
async function refused(urls: string[]): Promise<void> {
  for (const url of urls) {
    const outcome = await strict.ctx.http.request({ method: 'GET', url, timeoutMs: 60_000 });
    expect([url, outcome.outcome]).toEqual([url, 'refused']);
    expect([url, (await strict.ctx.documents.load(url)).outcome]).toEqual([url, 'refused']);
  }
  expect(target.connections()).toBe(0);
}

const ported = (host: string): string => `https://${host.includes(':') ? `[${host}]` : host}:${target.port}/`;

test('#105 SSRF_V4', () => refused(v4.map(ported)));
test('#106 SSRF_V6', () => refused(v6.map(ported)));
test('#107 SSRF_MAPPED', () => refused(mapped.map(ported)));

test('#108 SSRF_LITERALS', () =>
  refused(
    [
      '2130706433',
      '0177.0.0.1',
      '0x7f.1',
      '127.1',
      '0',
      'localhost.',
      'LOCALHOST',
      '[::ffff:7f00:1]',
      '①②⑦.⓪.⓪.①',
      'localhost',
      'a.localhost',
    ].map((host) => `https://${host}:${target.port}/`),
  ));

test('#109 SSRF_REBIND', async () => {
  // Whatever the name said before: the addresses that are dialled are the ones that were judged.
  const answers = [['127.0.0.1'], ['10.0.0.1', '127.0.0.1'], ['::ffff:127.0.0.1']];
  let asked = 0;
  const http = createHttpClient({
    allowLoopback: false,
    userAgent: 'x',
    isRefusedHost: () => false,
    clock: { now: () => new Date() },
    log: silentLogger,
    resolve: async () => answers[asked++] ?? [],
  });
  const url = `https://rebind.example:${target.port}/`;
  for (const _ of answers)
    expect(await http.request({ method: 'GET', url, timeoutMs: 60_000 })).toMatchObject({
      outcome: 'refused',
      reason: 'address',
    });
  expect([asked, target.connections()]).toEqual([answers.length, 0]);
  await http.close();
});

test('#114 SSRF_SCHEME', () =>
  refused([
    'file:///etc/passwd',
    'ftp://a.example/',
    'gopher://a.example/',
    'data:application/json,{}',
    'blob:https://a.example/1',
    'ws://a.example/',
    'unix:/run/x',
  ]));

test('#124 HTTP_PLAIN', () => refused(['http://peer.example/users/alice', 'http://a.example:8080/']));

test('#125 URL_CRLF', () =>
  refused([
    'https://evil.example/in\r\nX: y',
    'https://evil.example/a b',
    'https://evil.example/\u0000',
    'https://user:pass@evil.example/',
  ]));

test('#116 SSRF_ALL_CLIENTS, #118 SSRF_UNAUTH_PROXY', async () => {
  const private_ = `http://127.0.0.1:${target.port}/users/x`;
  for (const q of [
    private_,
    `@x@127.0.0.1:${target.port}`,
    `@x@localhost:${target.port}`,
    `https://[::1]:${target.port}/`,
  ])
    await client.get(`/api/v2/search?resolve=true&q=${encodeURIComponent(q)}`);
  await client.post('/api/v1/statuses', { status: `Look: ${private_} http://[::1]:${target.port}/` });
  await client.post('/proxy', { id: private_ }).catch(() => null);
  const subscription = {
    endpoint: private_,
    keys: {
      p256dh: 'BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U',
      auth: 'tBHItJI5svbpez7KI4CCXg',
    },
  };
  await client
    .post('/api/v1/push/subscription', { subscription, data: { alerts: { mention: true } } })
    .catch(() => null);
  await strict.idle();
  expect(target.connections()).toBe(0);
  for (const [method, path] of [
    ['POST', '/proxy'],
    ['GET', `/proxy?id=${private_}`],
    ['GET', `/api/v2/search?resolve=true&q=${private_}`],
    ['GET', `/media/${encodeURIComponent(private_)}`],
    ['GET', `/media_proxy/1?url=${private_}`],
  ] as const)
    expect([401, 404, 405]).toContain(
      (
        await raw(
          { us: strict },
          {
            method,
            path,
            lines: [['Content-Type', 'application/json']],
            ...(method === 'POST' && { body: JSON.stringify({ id: private_ }) }),
          },
        )
      ).status,
    );
});

test('#118 SSRF_UNAUTH_PROXY', async () => {
  for (const path of ['/proxy', '/api/v1/media_proxy', '/proxy/https://a.example/'])
    expect([401, 404, 405]).toContain((await get({ us: strict }, path)).status);
});

let host: Host;
let answer: Parameters<typeof startHost>[0];
beforeAll(async () => {
  host = await startHost((req, res) => answer(req, res));
});
afterAll(() => host?.close());
const load = (path: string) => s.us.ctx.documents.load(`${host.origin}${path}`);

test('#110 SSRF_REDIRECT', async () => {
  // Here loopback is allowed: the other private addresses and schemes are not, on no hop.
  for (const status of [301, 302, 303, 307, 308])
    for (const location of [
      'http://10.0.0.1/',
      'http://169.254.169.254/latest',
      'https://[fe80::1]/',
      'file:///etc/passwd',
      'data:application/json,{}',
    ]) {
      answer = (_req, res) => void res.writeHead(status, { location }).end();
      expect([status, location, (await load(`/r${nextId()}`)).outcome]).not.toContain('ok');
    }
});

test('#111 REDIR_LOOP', async () => {
  answer = (req, res) => void res.writeHead(302, { location: `${req.url}x` }).end();
  const before = host.asked.length;
  expect((await load('/loop')).outcome).not.toBe('ok');
  answer = (_req, res) => void res.writeHead(302, { location: '/self' }).end();
  expect((await load('/self')).outcome).not.toBe('ok');
  expect(host.asked.length - before).toBeLessThanOrEqual(10);
});

test('#112 REDIR_DOWNGRADE', async () => {
  const outcome = await strict.ctx.http.request({ method: 'GET', url: 'http://peer.example/x' });
  expect(outcome).toMatchObject({ outcome: 'refused', reason: 'scheme' });
});

test('#113 REDIR_SIG', async () => {
  const seen: (string | undefined)[] = [];
  const elsewhere = await startHost((req, res) => {
    seen.push(req.headers.signature as string | undefined, req.headers.authorization, req.headers.cookie);
    res.writeHead(404).end();
  });
  let first = '';
  answer = (req, res) => {
    first = String(req.headers.signature);
    res.writeHead(302, { location: `${elsewhere.origin}/x` }).end();
  };
  await load('/signed');
  expect(first).toContain('signature=');
  expect(seen).not.toContain(first);
  expect(seen.slice(1)).toEqual([undefined, undefined]);
  await elsewhere.close();
});

test('#117 SSRF_SELF', async () => {
  const paths = [
    s.bob.account.uri,
    `${s.us.url}/users/nobody`,
    s.bob.account.uri.replace('localhost', 'LOCALHOST'),
    `${s.us.url}/@bob/1`,
  ];
  for (const uri of paths)
    expect((await s.us.ctx.http.request({ method: 'GET', url: uri })).outcome).toBe('refused');
  answer = (_req, res) => void res.writeHead(302, { location: s.bob.account.uri }).end();
  expect((await load('/to-you')).outcome).not.toBe('ok');
});

test('#119 SLOW_DRIP, #120 SLOW_HEADERS', async () => {
  answer = (_req, res) => {
    res.writeHead(200, activityJson);
    const timer = setInterval(() => res.write(' '), 200);
    res.on('close', () => clearInterval(timer));
  };
  expect(
    (await s.us.ctx.http.request({ method: 'GET', url: `${host.origin}/drip`, timeoutMs: 1000 })).outcome,
  ).not.toBe('response');
});

test('#120 SLOW_HEADERS', async () => {
  const drip = createServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write(`X-A: ${'b'.repeat(4000)}\r\n`), 10);
    socket.on('close', () => clearInterval(timer));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => drip.listen(0, '127.0.0.1', resolve));
  const { port } = drip.address() as AddressInfo;
  expect(
    (await s.us.ctx.http.request({ method: 'GET', url: `http://127.0.0.1:${port}/`, timeoutMs: 60_000 }))
      .outcome,
  ).not.toBe('response');
  drip.close();
});

test('#121 BODY_BIG', async () => {
  const endless: (typeof answer)[] = [
    (_req, res) => void res.writeHead(200, { ...activityJson, 'content-length': '2147483648' }).write('{'),
    (_req, res) => {
      res.writeHead(200, activityJson);
      const more = (): void => {
        while (!res.destroyed && res.write(' '.repeat(65_536)));
      };
      res.on('drain', more);
      more();
    },
  ];
  for (const next of endless) {
    answer = next;
    expect((await load(`/big${nextId()}`)).outcome).not.toBe('ok');
  }
});

test('#122 BODY_GZIP', async () => {
  const bomb = gzipSync(Buffer.alloc(100_000_000, 32));
  const before = process.memoryUsage().rss;
  for (const encoding of ['gzip', 'gzip, gzip', Array.from({ length: 100 }, () => 'gzip').join(', ')]) {
    answer = (_req, res) =>
      void res.writeHead(200, { ...activityJson, 'content-encoding': encoding }).end(bomb);
    expect((await load(`/bomb${nextId()}`)).outcome).not.toBe('ok');
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
});

test('#115 SSRF_DELIVERY, #126 URL_INVALID', async () => {
  const inboxes = [
    'http://10.0.0.5/inbox',
    'https://:',
    'https://xn--/',
    'http://[::',
    'mailto:x@y',
    7,
    ['a', 'b'],
  ];
  for (const inbox of inboxes) {
    const odd = s.evil.actor(`odd${nextId()}`, { inbox: inbox as string });
    await deliver(s, { type: 'Follow', object: s.bob.account.uri }, { by: odd });
    expect(await s.us.ctx.db.accounts.findOne({ uri: odd.uri })).toBeNull();
  }
  const moved = s.evil.actor(`later${nextId()}`, { endpoints: null });
  await deliver(s, { type: 'Follow', object: s.bob.account.uri }, { by: moved });
  await s.us.ctx.db.accounts.updateOne(
    { uri: moved.uri },
    { $set: { 'remote.inbox': 'http://10.0.0.5/inbox', 'remote.sharedInbox': null } },
  );
  const post = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'To all of you' });
  await s.us.idle();
  expect(s.peer.delivered.filter((d) => d.raw.includes(post.uri)).length).toBe(1);
  const [left] = await s.us.ctx.db.deliveries.find({ inbox: 'http://10.0.0.5/inbox' }).toArray();
  expect(['dead', undefined]).toContain(left?.state);
});

test('#126 URL_INVALID', async () => {
  await unchanged(s, async () => {
    for (const uri of ['https://xn--/', 'http://[::', 'https://:']) await s.us.ctx.documents.load(uri);
  });
});

test('#128 FETCH_USER', async () => {
  const anonymous = await raw(s, {
    method: 'GET',
    path: `/api/v2/search?resolve=true&q=${encodeURIComponent(`${host.origin}/u`)}`,
  });
  expect(anonymous.status).toBe(401);
});

test('#130 WF_SUBJECT, #131 WF_SELF', async () => {
  const jrd = (subject: string, href: string): string =>
    JSON.stringify({ subject, links: [{ rel: 'self', type: 'application/activity+json', href }] });
  for (const [subject, href] of [
    [`acct:alice@${s.peer.host}`, s.mallory.uri],
    ['acct:president@bank.example', s.mallory.uri],
    [`acct:x@${host.host}`, s.alice.uri],
    [`acct:bob@${new URL(s.us.url).host}`, s.mallory.uri],
  ] as const) {
    answer = (req, res) =>
      void (req.url?.startsWith('/.well-known/webfinger')
        ? res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(jrd(subject, href))
        : res.writeHead(404).end());
    const found = await s.dave.client.get<{ accounts: { acct: string; url: string }[] }>(
      `/api/v2/search?resolve=true&type=accounts&q=@x@${host.host}`,
    );
    for (const account of found.accounts)
      expect([`alice@${s.peer.host}`, `mallory@${s.evil.host}`]).toContain(account.acct);
    const alice = await s.us.ctx.db.accounts.findOne({ acctKey: `alice@${s.peer.host}` });
    expect(alice?.uri).toBe(s.alice.uri);
    expect(await s.us.ctx.db.accounts.findOne({ acctKey: 'president@bank.example' })).toBeNull();
  }
});

test('#131 WF_SELF', async () => {
  // Its own host says that the name is somebody else's: the document alone does not make it true.
  const actor = {
    ...s.mallory.document,
    id: `${host.origin}/users/z`,
    preferredUsername: 'z',
    inbox: `${host.origin}/in`,
    outbox: null,
    followers: null,
    following: null,
    featured: null,
    endpoints: null,
    publicKey: null,
  } as JsonObject;
  answer = (req, res) => {
    if (!req.url?.startsWith('/.well-known'))
      return void res.writeHead(200, activityJson).end(JSON.stringify(actor));
    res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(
      JSON.stringify({
        subject: `acct:z@${host.host}`,
        links: [{ rel: 'self', type: 'application/activity+json', href: `${host.origin}/users/other` }],
      }),
    );
  };
  await findRemote(s, { uri: `${host.origin}/users/z` });
  expect(await s.us.ctx.db.accounts.findOne({ uri: `${host.origin}/users/z` })).toBeNull();
});

test('#133 WF_REDIR, #134 WF_BIG', async () => {
  const big = JSON.stringify({
    subject: 'acct:x@y',
    links: Array.from({ length: 100_000 }, () => ({ rel: 'self' })),
  });
  const before = host.asked.length;
  for (const next of [
    (_req, res) => void res.writeHead(302, { location: '/.well-known/webfinger?again' }).end(),
    (_req, res) => void res.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
    (_req, res) => void res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(big),
    (_req, res) => void res.writeHead(200, { 'content-type': 'application/jrd+json' }).end('<html>'),
    (_req, res) => void res.writeHead(200, { 'content-type': 'application/jrd+json' }).end('{"links":null}'),
  ] as (typeof answer)[]) {
    answer = next;
    const found = await s.dave.client.get<{ accounts: unknown[] }>(
      `/api/v2/search?resolve=true&type=accounts&q=@q${nextId()}@${host.host}`,
    );
    expect(found.accounts).toEqual([]);
  }
  expect(host.asked.length - before).toBeLessThanOrEqual(20);
});

test('#135 WF_HANDLE', async () => {
  for (const name of [
    'bob@us.example',
    'a/../b',
    'a b',
    '<b>',
    '\u202Eevil',
    'a\u200bb',
    'a\nb',
    '',
    'x'.repeat(5000),
    5,
    null,
  ]) {
    const actor = s.evil.actor(`n${nextId()}`, { preferredUsername: name as string });
    await deliver(s, { type: 'Follow', object: s.dave.account.uri }, { by: actor });
    expect([name, await s.us.ctx.db.accounts.findOne({ uri: actor.uri })]).toEqual([name, null]);
  }
});

test('#136 WF_SERVE, #137 WF_LEAK', async () => {
  const { host: own } = new URL(s.us.url);
  const ask = (resource: string) =>
    get(s, `/.well-known/webfinger${resource === '' ? '' : `?resource=${encodeURIComponent(resource)}`}`);
  for (const [resource, status] of [
    ['', 400],
    ['bob', 400],
    ['acct:bob@other.example', 404],
    [`acct:nobody@${own}`, 404],
    [`acct:bob@${own}`, 200],
    [`acct:BOB@${own.toUpperCase()}`, 200],
    [s.bob.account.uri, 200],
    [`acct:bob@${own}@evil.example`, 400],
  ] as const)
    expect([resource, (await ask(resource)).status]).toEqual([resource, status]);
  const served = await ask(`acct:bob@${own}`);
  expect([
    served.headers['content-type']?.split(';')[0],
    served.headers['access-control-allow-origin'],
  ]).toEqual(['application/jrd+json', '*']);
});

test('#302 MOD_DOMAIN_SURFACE', async () => {
  const closed = await startScene();
  const { ctx } = closed.us;
  await ctx.db.domainRules.insertOne({
    _id: ctx.ids.next(),
    domain: closed.evil.host,
    severity: 'suspend',
    rejectMedia: false,
    rejectReports: false,
    privateComment: null,
    publicComment: null,
    obfuscate: false,
    createdAt: new Date().toISOString(),
  });
  const note = noteOf(closed.mallory);
  closed.evil.serve(note);
  const before = closed.evil.fetched.length;
  await unchanged(closed, async () => {
    await deliver(closed, createOf(note), { by: closed.mallory });
    await closed.dave.client.get(`/api/v2/search?resolve=true&q=${encodeURIComponent(note.id)}`);
    await closed.dave.client.get(`/api/v2/search?resolve=true&q=@new@${closed.evil.host}`);
    await deliver(closed, { type: 'Announce', object: note.id, to: ['as:Public'] }, { by: closed.alice });
    const led = await startHost(
      (_req, res) => void res.writeHead(200, activityJson).end(JSON.stringify(note)),
    );
    await closed.dave.client.get(`/api/v2/search?resolve=true&q=${encodeURIComponent(`${led.origin}/x`)}`);
    await led.close();
  });
  expect(closed.evil.fetched.length).toBe(before);
  for (const path of ['/users/bob', '/users/bob/outbox'])
    expect((await get(closed, path, closed.mallory)).status).toBe(403);
  await deliver(closed, createOf(noteOf(closed.alice, { inReplyTo: note.id })), { by: closed.alice });
  expect(closed.evil.fetched.length).toBe(before);
  const mallory = await ctx.db.accounts.findOne({ uri: closed.mallory.uri });
  await ctx.db.follows.insertOne({
    _id: ctx.ids.next(),
    accountId: mallory?._id ?? '',
    targetId: closed.bob.account._id,
    state: 'accepted',
    uri: 'x',
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: new Date().toISOString(),
  });
  await closed.bob.client.post('/api/v1/statuses', { status: 'Not to them' });
  await closed.us.idle();
  expect(closed.evil.delivered).toEqual([]);
  await closed.close();
});
