import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { lookupNodeinfo } from '../../federation/discovery/nodeinfo.js';
import { createHttpClient } from '../../federation/fetch/client.js';
import { Peers } from '../../src/jobs/delivery/peers.js';
import { silentLogger } from '../../src/log.js';
import { createTestClock } from '../support/clock.js';
import type { PeerActor } from '../support/peer.js';
import {
  activityJson,
  activityOf,
  createOf,
  deliver,
  nextId,
  noteOf,
  raw,
  signLines,
  startHost,
  startScene,
  unchanged,
  type Answer,
  type Host,
  type Scene,
  type Status,
} from './kit.js';

const clock = createTestClock();
let s: Scene;
let host: Host;
let answer: Parameters<typeof startHost>[0];
beforeAll(async () => {
  s = await startScene({ clock, newActorsPerHost: 15 });
  host = await startHost((req, res) => answer(req, res));
});
afterAll(async () => {
  await s?.close();
  await host?.close();
});

const pem = (name: string): string => readFileSync(`test/attacks/tls/${name}.pem`, 'utf8');

async function startTls(
  options: ServerOptions,
): Promise<{ port: number; asked: () => number; close(): void }> {
  let asked = 0;
  const server = createSecureServer({ key: pem('key'), ...options }, (_req, res) => {
    asked += 1;
    res.writeHead(202, activityJson).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, asked: () => asked, close };
}

test('#123 TLS_BAD', async () => {
  const http = createHttpClient({
    allowLoopback: true,
    userAgent: 'x',
    clock: { now: () => new Date() },
    ca: pem('ca'),
  });
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  const cases: [string, ServerOptions, string][] = [
    ['good', { cert: pem('good') }, 'response'],
    ['expired', { cert: pem('expired') }, 'failed'],
    ['other', { cert: pem('other') }, 'failed'],
    ['old protocol', { cert: pem('good'), ...old }, 'failed'],
  ];
  for (const [name, options, expected] of cases) {
    const server = await startTls(options);
    const told = await http.request({ method: 'GET', url: `https://localhost:${server.port}/` });
    expect([name, told.outcome, server.asked()]).toEqual([name, expected, expected === 'response' ? 1 : 0]);
    if (told.outcome === 'failed') expect([name, told.reason]).toEqual([name, 'tls']);
    server.close();
  }
  await http.close();

  // Nobody vouches for this one: neither read from nor delivered to, and the delivery is kept for later.
  const unknown = await startTls({ cert: pem('good') });
  const load = await s.us.ctx.documents.load(`https://localhost:${unknown.port}/users/x`);
  expect(load).toEqual({ outcome: 'unavailable', reason: 'tls' });
  const inbox = `https://localhost:${unknown.port}/inbox`;
  const reader = s.evil.actor('badtls', { endpoints: null });
  await deliver(s, { type: 'Follow', object: s.bob.account.uri }, { by: reader });
  await s.us.ctx.db.accounts.updateOne(
    { uri: reader.uri },
    { $set: { 'remote.inbox': inbox, 'remote.sharedInbox': null } },
  );
  await s.bob.client.post('/api/v1/statuses', { status: 'Over a bad line' });
  await s.us.idle();
  expect(unknown.asked()).toBe(0);
  const kept = await s.us.ctx.db.deliveries.findOne({ inbox });
  expect([kept?.state, kept?.attempts, kept?.lastError]).toEqual(['ready', 1, 'tls']);
  expect(Date.parse(kept?.dueAt ?? '')).toBeGreaterThan(clock.now().getTime());
  const peer = await s.us.ctx.db.peers.findOne({ _id: `localhost:${unknown.port}` });
  expect([peer?.failures, peer?.lastReason]).toEqual([1, 'tls']);
  unknown.close();
});

/** One pair for any number of actors: making keys is slow. */
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** An actor of whatever host it is asked under: with a wildcard in the DNS they cost nothing. */
function wildcard(at: string, name: string): PeerActor {
  const uri = `http://${at}/users/${name}`;
  const document = {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id: uri,
    type: 'Person',
    preferredUsername: name,
    inbox: `${uri}/inbox`,
    publicKey: { id: `${uri}#main-key`, owner: uri, publicKeyPem },
  };
  return {
    name,
    uri,
    inbox: `${uri}/inbox`,
    followers: `${uri}/followers`,
    keyId: `${uri}#main-key`,
    privateKey,
    document,
  };
}

/** Answers for every actor of every host; `met`: hosts that were asked, actors that were asked for. */
function serveWildcard(): { hosts: Set<string>; actors: string[] } {
  const met = { hosts: new Set<string>(), actors: [] as string[] };
  answer = (req, res) => {
    const at = String(req.headers.host);
    met.hosts.add(at);
    const name = /^\/users\/(\w+)$/.exec(req.url ?? '')?.[1];
    if (name === undefined) return void res.writeHead(404).end();
    met.actors.push(`${at}/${name}`);
    res.writeHead(200, activityJson).end(JSON.stringify(wildcard(at, name).document));
  };
  return met;
}

const port = (): string => host.host.split(':')[1] ?? '';
const countOf = (domain: RegExp): Promise<number> =>
  s.us.ctx.db.accounts
    .find({})
    .toArray()
    .then((all) => all.filter((a) => domain.test(a.domain ?? '')).length);

test('#127 BREAKER_GROWTH', async () => {
  const met = serveWildcard();
  const before = await s.us.ctx.db.peers.countDocuments({});
  await unchanged(s, async () => {
    // Key ids on invented hosts and ports: each POST is refused, and only the first few hosts are asked.
    answer = (req, res) => {
      met.hosts.add(String(req.headers.host));
      res.writeHead(404).end();
    };
    for (let i = 0; i < 60; i++) {
      const by = wildcard(`${i}.ports.localhost:${i % 2 ? port() : 20_000 + i}`, 'x');
      const body = JSON.stringify(activityOf(by, { type: 'Like', object: s.bob.account.uri }));
      const { status } = await raw(s, { path: '/inbox', lines: signLines(s, by, { body }), body });
      expect([401, 503]).toContain(status);
    }
  });
  expect(met.hosts.size).toBeLessThanOrEqual(10);
  expect(await s.us.ctx.db.peers.countDocuments({})).toBe(before);

  // What is known of hosts that fail is held in memory for so many only; the store remembers the rest.
  const deps = { peers: s.us.ctx.db.peers, clock, log: silentLogger, perHost: 4, maxHosts: 50 };
  const peers = new Peers(deps);
  const failure = {
    outcome: 'retry',
    status: null,
    reason: 'connect',
    retryAfterMs: null,
    hostAlive: false,
  } as const;
  for (let i = 0; i < 400; i++) {
    const name = `${i}.dead.example`;
    await peers.prepare([name]);
    for (let n = 0; n < 5; n++) peers.record(name, { ...failure, dialectUsed: 'cavage' });
    await peers.flushed();
  }
  expect(peers.size).toBeLessThanOrEqual(51);
  await peers.prepare(['0.dead.example']);
  expect(peers.allowance('0.dead.example')).toEqual({ running: 0, held: 0 });
});

test('#138 WF_SUBDOMAINS', async () => {
  const met = serveWildcard();
  const at = (i: number): string => `http://${i}.evil.localhost:${port()}/users/a${i}`;
  const mention = (i: number) => ({ type: 'Mention', href: at(i), name: `@a${i}` });
  const flood = Array.from({ length: 10_000 }, (_, i) => mention(i));
  await unchanged(s, () => deliver(s, createOf(noteOf(s.alice, { tag: flood })), { by: s.alice }));
  expect(met.hosts.size).toBe(0);
  for (let n = 0; n < 5; n++) {
    const tag = Array.from({ length: n === 0 ? 900 : 40 }, (_, i) => mention(40 * n + i));
    const note = noteOf(s.alice, { tag });
    await deliver(s, createOf(note), { by: s.alice });
    expect(await s.us.ctx.db.statuses.findOne({ uri: note.id })).not.toBeNull();
  }
  expect(met.hosts.size).toBe(10);
  expect(await countOf(/evil\.localhost/)).toBe(10);
  // Known ones are met again, others of the domain later, and nobody else waits for them.
  const elsewhere = noteOf(s.alice, {
    tag: [{ type: 'Mention', href: `http://x.good.localhost:${port()}/users/g` }],
  });
  await deliver(s, createOf(elsewhere), { by: s.alice });
  expect(await countOf(/good\.localhost/)).toBe(1);
  clock.advance({ minutes: 1 });
  await deliver(s, createOf(noteOf(s.alice, { tag: [mention(9999)] })), { by: s.alice });
  expect(await countOf(/^9999\.evil\.localhost/)).toBe(1);
});

test('#168 RAND_ACTORS', async () => {
  clock.advance({ minutes: 1 });
  const met = serveWildcard();
  const post = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Like me' });
  const like = (i: number): Promise<Answer> => {
    const by = wildcard(`likes.localhost:${port()}`, `r${i}`);
    const body = JSON.stringify(activityOf(by, { type: 'Like', object: post.uri }));
    return raw(s, {
      path: '/inbox',
      lines: signLines(s, by, { body, date: clock.now().toUTCString() }),
      body,
    });
  };
  const answers: Answer[] = [];
  for (let i = 0; i < 60; i++) answers.push(await like(i));
  await s.us.idle();
  const count = (status: number): number => answers.filter((a) => a.status === status).length;
  expect([count(202), count(503)]).toEqual([15, 45]);
  expect(answers.find((a) => a.status === 503)?.headers['retry-after']).toMatch(/^\d+$/);
  // One fetch for each that was let in, none for the others; the count is what is stored.
  expect(met.actors.length).toBe(15);
  expect(await countOf(/likes\.localhost/)).toBe(15);
  const shown = await s.bob.client.get<{ favourites_count: number }>(`/api/v1/statuses/${post.id}`);
  expect(shown.favourites_count).toBe(15);
  expect(await s.us.ctx.db.favourites.countDocuments({ statusId: post.id })).toBe(15);
  // Another host is not held up by it, and the turned away get in when they come back.
  expect(await deliver(s, { type: 'Like', object: post.uri }, { by: s.trent })).toBe(202);
  clock.advance({ minutes: 1, seconds: 1 });
  expect((await like(30)).status).toBe(202);
  await s.us.idle();
  expect(await s.us.ctx.db.favourites.countDocuments({ statusId: post.id })).toBe(17);
});

test('#132 WF_HOSTMETA, #317 IMP_XML', async () => {
  const reads: string[] = [];
  const evil = await startHost((req, res) => {
    reads.push(req.url ?? '');
    const jrd = {
      subject: `acct:bank@${host.host}`,
      links: [{ rel: 'self', type: 'application/activity+json', href: s.mallory.uri }],
    };
    res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(JSON.stringify(jrd));
  });
  const xrd = (link: string, before = ''): string =>
    `<?xml version="1.0"?>${before}<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">${link}</XRD>`;
  const lrdd = (template: string): string => `<Link rel="lrdd" template="${template}"/>`;
  const bomb = `<!DOCTYPE x [<!ENTITY a "${evil.origin}/wf?r={uri}"><!ENTITY b SYSTEM "${evil.origin}/xxe">]>`;
  const documents: [string, number][] = [
    [xrd(lrdd(`${evil.origin}/wf?r={uri}`)), 1],
    [xrd(lrdd(`${evil.origin}/wf`)), 0],
    [xrd(lrdd('javascript:{uri}')), 0],
    [xrd(lrdd('http://10.0.0.1/{uri}')), 0],
    [xrd(lrdd('&a;'), bomb), 0],
    [xrd(lrdd('&b;{uri}'), bomb), 0],
    // A document type at all, whatever is done with it: none is read, however good the rest.
    [xrd(lrdd(`${evil.origin}/wf?r={uri}`), bomb), 0],
    [xrd(lrdd(`${evil.origin}/wf?r={uri}`), `<!DOCTYPE x SYSTEM "${evil.origin}/dtd">`), 0],
    [xrd(`${'<a>'.repeat(30_000)}${lrdd(`${evil.origin}/late?r={uri}`)}`), 0],
    ['<'.repeat(60_000), 0],
  ];
  for (const [document, most] of documents) {
    reads.length = 0;
    answer = (req, res) =>
      void (req.url === '/.well-known/host-meta'
        ? res.writeHead(200, { 'content-type': 'application/xrd+xml' }).end(document)
        : res.writeHead(404).end());
    await s.bob.client.get(`/api/v2/search?resolve=true&type=accounts&q=@bank@${host.host}`);
    expect([document.slice(0, 200), reads.length <= most]).toEqual([document.slice(0, 200), true]);
    // Wherever it led: the name did not become somebody else's.
    expect(await s.us.ctx.db.accounts.findOne({ acctKey: `bank@${host.host}` })).toBeNull();
  }
  const mallory = await s.us.ctx.db.accounts.findOne({ uri: s.mallory.uri });
  expect(mallory?.acctKey).toBe(`mallory@${s.evil.host}`);
  await evil.close();
});

test('#139 NODEINFO', async () => {
  let written = 0;
  const link = (href: string) => ({
    links: [{ rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0', href }],
  });
  const serve = (discovery: object | null, document: object | null): void => {
    answer = (req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const told = req.url === '/.well-known/nodeinfo' ? discovery : document;
      if (told !== null) return void res.end(JSON.stringify(told));
      const more = (): void => {
        while (!res.destroyed && written < 1e9 && res.write(' '.repeat(65_536))) written += 65_536;
      };
      res.on('drain', more);
      more();
    };
  };
  const look = () => lookupNodeinfo(host.host, s.us.ctx.http);
  for (const href of [
    'http://10.0.0.1/nodeinfo',
    'http://169.254.169.254/latest',
    'data:application/json,{"software":{"name":"x"}}',
    'file:///etc/passwd',
    `${s.evil.origin}/nodeinfo`,
  ]) {
    serve(link(href), {});
    const before = [host.asked.length, s.evil.fetched.length];
    expect([href, await look()]).toEqual([href, null]);
    expect([host.asked.length, s.evil.fetched.length]).toEqual([(before[0] ?? 0) + 1, before[1]]);
  }
  serve(null, {});
  expect(await look()).toBeNull();
  serve(link(`${host.origin}/nodeinfo/2.0`), null);
  expect(await look()).toBeNull();
  expect(written).toBeLessThan(50_000_000);
  serve(link(`${host.origin}/nodeinfo/2.0`), {
    software: { name: '<img src=x onerror=alert(1)>', version: '1"><script>' },
    usage: { users: { total: -5 }, localPosts: -1e308 },
    protocols: 'activitypub',
  });
  expect(await look()).toMatchObject({ software: null, version: null, users: null, localPosts: null });
});

interface Card {
  url: string;
  title: string;
  description: string;
  author_name: string;
  provider_name: string;
  image: string | null;
  html: string;
}

test('#129 CARD_STAMPEDE', async () => {
  let status = 200;
  answer = (_req, res) =>
    void res.writeHead(status, { 'content-type': 'text/html' }).end('<title>The page</title>');
  const asked = (path: string): number => host.asked.filter((p) => p === path).length;
  const say = (path: string): Promise<Status> =>
    s.bob.client.post<Status>('/api/v1/statuses', { status: `Look: ${host.origin}${path} ${nextId()}` });
  const posts = await Promise.all(Array.from({ length: 12 }, () => say('/popular')));
  for (const who of [s.carol, s.dave])
    for (const { id } of posts) await who.client.post(`/api/v1/statuses/${id}/reblog`);
  await s.us.idle();
  expect(asked('/popular')).toBe(1);
  for (const { id } of posts) {
    const { card } = await s.bob.client.get<{ card: Card | null }>(`/api/v1/statuses/${id}`);
    expect(card?.title).toBe('The page');
  }
  status = 500;
  for (let i = 0; i < 5; i++) {
    await say('/down');
    await s.us.idle();
  }
  expect(asked('/down')).toBe(1);
  // What comes from elsewhere reaches many servers at the same moment: it waits, each server for as long as chance says.
  const note = noteOf(s.alice, { content: `<p><a href="${host.origin}/spread">x</a></p>` });
  await deliver(s, createOf(note), { by: s.alice });
  expect(asked('/spread')).toBe(0);
  const [job] = await s.us.ctx.db.jobs.find({ kind: 'card' }).toArray();
  expect(Date.parse(job?.dueAt ?? '')).toBeGreaterThan(clock.now().getTime());
  clock.advance({ minutes: 1 });
  await s.us.idle();
  expect(asked('/spread')).toBe(1);
});

/** The card of a page with this head, as clients get it. */
async function cardOf(
  head: string,
  type = 'text/html; charset=utf-8',
): Promise<{ card: Card | null; page: string }> {
  answer = (_req, res) =>
    void res
      .writeHead(200, { 'content-type': type })
      .end(Buffer.from(`<html><head>${head}</head></html>`, 'latin1'));
  const url = `${host.origin}/card/${nextId()}`;
  const post = await s.bob.client.post<Status>('/api/v1/statuses', { status: `Look: ${url}` });
  await s.us.idle();
  const { card } = await s.bob.client.get<{ card: Card | null }>(`/api/v1/statuses/${post.id}`);
  const page = await raw(s, {
    method: 'GET',
    path: new URL(post.url).pathname,
    lines: [['Accept', 'text/html']],
  });
  return { card, page: page.body };
}

const meta = (property: string, content: string): string =>
  `<meta property="${property}" content="${content.replaceAll('"', '&quot;')}">`;

test('#210 CARD_HTML', async () => {
  const script = '</title><script>alert(1)</script><img src=x onerror=alert(1)>';
  const { card, page } = await cardOf(
    [
      meta('og:title', script),
      meta('og:description', script),
      meta('og:site_name', script),
      meta('author', script),
      meta('og:url', 'javascript:alert(1)'),
      meta('og:image', 'http://10.0.0.1/x.png'),
      meta('og:video', 'javascript:alert(1)'),
      '<meta http-equiv="refresh" content="0;url=http://169.254.169.254/">',
    ].join(''),
  );
  expect(card?.url).toMatch(new RegExp(`^${host.origin}/card/`));
  expect([card?.image, card?.html]).toEqual([null, '']);
  // Plain text in the API, escaped on the page.
  expect(card?.title).toContain('<script>');
  expect(page).not.toMatch(/<script>alert|<img src=x|href="javascript:/);

  for (const image of ['data:image/png;base64,AAAA', 'file:///etc/passwd', 'javascript:alert(1)', '//[::1'])
    expect((await cardOf(meta('og:title', 'x') + meta('og:image', image))).card?.image).toBeNull();
  for (const type of ['text/html; charset=utf-7', 'text/html; charset=x-nothing', 'text/html; charset="'])
    expect((await cardOf('<title>+ADw-script+AD4-</title>', type)).card?.title ?? '').not.toContain(
      '<script>',
    );
  for (const type of ['image/svg+xml', 'application/json', 'text/xml', ''])
    expect((await cardOf('<title>x</title>', type)).card).toBeNull();

  let written = 0;
  answer = (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/html' }).write('<title>Long</title>');
    const more = (): void => {
      while (!res.destroyed && written < 50_000_000 && res.write(' '.repeat(65_536))) written += 65_536;
    };
    res.on('drain', more);
    more();
  };
  await s.bob.client.post('/api/v1/statuses', { status: `Look: ${host.origin}/endless` });
  await s.us.idle();
  // What lies in the buffers of both systems was written, and not read.
  expect(written).toBeLessThan(20_000_000);
  const stored = await s.us.ctx.db.previewCards.findOne({ url: `${host.origin}/endless` });
  expect(stored?.page?.title).toBe('Long');
});

test('#230 MED_REMOTE', async () => {
  let written = 0;
  const pour: RequestListener = (_req, res) => {
    res.writeHead(200, { 'content-type': 'image/png' });
    const more = (): void => {
      while (!res.destroyed && written < 1e9 && res.write(Buffer.alloc(65_536))) written += 65_536;
    };
    res.on('drain', more);
    more();
  };
  const good = await sharp({ create: { width: 80, height: 60, channels: 3, background: '#123' } })
    .png()
    .toBuffer();
  const send =
    (type: string, body: Buffer | string): RequestListener =>
    (_req, res) =>
      void res.writeHead(200, { 'content-type': type }).end(body);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>';
  const pictures: Record<string, RequestListener> = {
    good: send('image/png', good),
    endless: pour,
    large: (_req, res) =>
      void res.writeHead(200, { 'content-type': 'image/png', 'content-length': 40 << 20 }).write(good),
    page: send('text/html', '<script>1</script>'),
    disguised: send('image/png', '<html><script>1</script></html>'),
    drawing: send('image/svg+xml', svg),
    playlist: send('image/png', '#EXTM3U\nfile:///etc/passwd\n'),
    private: (_req, res) => void res.writeHead(302, { location: 'http://10.0.0.1/x.png' }).end(),
    ours: (_req, res) => void res.writeHead(302, { location: `${s.us.url}/assets/icon-192x192.png` }).end(),
    missing: (_req, res) => void res.writeHead(404).end(),
    slow: (_req, res) => {
      res.writeHead(200, { 'content-type': 'image/png' });
      const timer = setInterval(() => res.write('x'), 100);
      res.on('close', () => clearInterval(timer));
    },
  };
  answer = (req, res) => {
    const [, what, name = ''] = /^\/(page|picture)-(\w+)$/.exec(req.url ?? '') ?? [];
    if (what === 'picture') return pictures[name]?.(req, res);
    const head = meta('og:title', name) + meta('og:image', `${host.origin}/picture-${name}`);
    res.writeHead(200, { 'content-type': 'text/html' }).end(head);
  };
  const files = async (): Promise<number> =>
    (await readdir(join(s.us.settings.data, 'media'), { recursive: true })).filter((f) => f.endsWith('.png'))
      .length;
  const before = await files();
  const ids: Record<string, string> = {};
  for (const name of Object.keys(pictures)) {
    const post = await s.bob.client.post<Status>('/api/v1/statuses', {
      status: `${host.origin}/page-${name}`,
    });
    ids[name] = post.id;
  }
  await s.us.idle();
  for (const [name, id] of Object.entries(ids)) {
    const { card } = await s.bob.client.get<{ card: Card | null }>(`/api/v1/statuses/${id}`);
    expect([name, card?.title, card?.image === null]).toEqual([name, name, name !== 'good']);
    // Asked once: what failed is not asked for again, and a dead link is no reason to go on.
    expect([name, host.asked.filter((path) => path === `/picture-${name}`).length]).toEqual([name, 1]);
  }
  expect(written).toBeLessThan(50_000_000);
  expect(await files()).toBe(before + 1);

  // Files and faces of other servers are not fetched when they are told of.
  const asked = host.asked.length;
  const note = noteOf(s.alice, {
    attachment: [{ type: 'Document', mediaType: 'image/png', url: `${host.origin}/picture-endless` }],
    tag: [{ type: 'Emoji', name: ':x:', icon: { type: 'Image', url: `${host.origin}/picture-large` } }],
  });
  const face = { ...s.alice.document, icon: { type: 'Image', url: `${host.origin}/picture-slow` } };
  await deliver(s, { type: 'Update', object: face }, { by: s.alice });
  await deliver(s, createOf(note), { by: s.alice });
  expect(await s.us.ctx.db.statuses.findOne({ uri: note.id })).not.toBeNull();
  expect(host.asked.length).toBe(asked);
});
