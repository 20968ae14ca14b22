import { afterEach, describe, expect, test } from '@jest/globals';
import { toHostMetaJson, toHostMetaXml } from '../../../federation/discovery/host-meta.js';
import {
  confirmHandle,
  lookupHandle,
  parseDescriptor,
  toWebfinger,
} from '../../../federation/discovery/webfinger.js';
import { createHttpClient } from '../../../federation/fetch/client.js';
import { parseJsonObject } from '../../../federation/vocabulary/json.js';
import { corpusBytes, corpusEntries, fixture } from '../support/corpus.js';
import { sendJson, startServer } from '../support/servers.js';
import { stubHttp } from '../support/stub-http.js';

const self = (href: string, extra = {}) => ({
  rel: 'self',
  type: 'application/activity+json',
  href,
  ...extra,
});
const jrd = (subject: string, ...links: object[]) => ({ subject, links });
const wf = (domain: string, handle: string, host = domain) =>
  `https://${host}/.well-known/webfinger?resource=${encodeURIComponent(`acct:${handle}@${domain}`)}`;
const actor = 'https://a.example/users/alice';

describe('parseDescriptor', () => {
  test('reads what toWebfinger builds', () => {
    const built = toWebfinger({
      username: 'alice',
      domain: 'example.org',
      actorUri: actor,
      profileUrl: 'https://a.example/@alice',
      aliases: ['https://a.example/@alice', 'https://old.example/@alice'],
      avatar: { url: 'https://a.example/1.png', mediaType: 'image/png' },
      subscribeTemplate: 'https://a.example/authorize_interaction?uri={uri}',
    });
    expect(built['aliases']).toEqual(['https://a.example/@alice', actor, 'https://old.example/@alice']);
    expect(parseDescriptor(built)).toEqual({
      subject: { username: 'alice', domain: 'example.org' },
      actorUri: actor,
      profileUrl: 'https://a.example/@alice',
      subscribeTemplate: 'https://a.example/authorize_interaction?uri={uri}',
    });
  });

  const ld = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
  const type = (name: string) => ({ properties: { 'https://www.w3.org/ns/activitystreams#type': name } });
  test.each([
    ['the ld+json type', [self(actor, { type: ld })], actor],
    [
      'a person before a group',
      [self('https://a.example/c/alice', type('Group')), self(actor, type('Person'))],
      actor,
    ],
    ['an untyped one before a group', [self('https://a.example/c/alice', type('Group')), self(actor)], actor],
    ['a group alone', [self('https://a.example/c/alice', type('Group'))], 'https://a.example/c/alice'],
    [
      'the first of equals, and http(s) only',
      [self('ipns://x/about'), self(actor), self('https://a.example/2')],
      actor,
    ],
    ['not plain ld+json', [self(actor, { type: 'application/ld+json' })], null],
    ['not html', [self(actor, { type: 'text/html' })], null],
    ['not another relation', [{ ...self(actor), rel: 'alternate' }], null],
    ['not data', [self('data:application/json,{}')], null],
    ['nothing', [], null],
  ])('WF_SELF: %s', (_, links, expected) => {
    expect(parseDescriptor({ links }).actorUri).toBe(expected);
  });

  test.each([
    null,
    7,
    'x',
    [],
    { links: null },
    { links: 'x' },
    { subject: {}, links: [null, 7, { rel: 5 }] },
    { subject: 'acct:kaniini' },
  ])('WF_BIG: %j is read as nothing', (json) => {
    expect(parseDescriptor(json)).toEqual({
      subject: null,
      actorUri: null,
      profileUrl: null,
      subscribeTemplate: null,
    });
  });

  test('a hundred thousand links are not searched', () => {
    const links = [...Array(100_000).fill({ rel: 'x' }), self(actor)];
    expect(parseDescriptor({ links }).actorUri).toBeNull();
  });
});

describe('lookupHandle', () => {
  test('finds an actor on its own domain', async () => {
    const http = stubHttp({ [wf('a.example', 'Alice')]: jrd('acct:alice@a.example', self(actor)) });
    expect(await lookupHandle('@Alice@A.example', http)).toEqual({
      outcome: 'ok',
      actorUri: actor,
      subject: { username: 'alice', domain: 'a.example' },
      profileUrl: null,
      subscribeTemplate: null,
      confirmed: true,
    });
  });

  test('without a usable subject the handle is what was asked', async () => {
    for (const subject of ['acct:alice', 'https://a.example/alice', '']) {
      const http = stubHttp({ [wf('a.example', 'alice')]: jrd(subject, self(actor)) });
      expect(await lookupHandle('alice@a.example', http)).toMatchObject({
        subject: { username: 'alice', domain: 'a.example' },
      });
    }
  });

  test('a handle domain of its own: asked on the server, vouched for by the domain', async () => {
    const answer = jrd('acct:alice@example.org', self(actor));
    const http = stubHttp({ [wf('a.example', 'alice')]: answer, [wf('example.org', 'alice')]: answer });
    expect(await lookupHandle('alice@a.example', http)).toMatchObject({
      outcome: 'ok',
      actorUri: actor,
      subject: { username: 'alice', domain: 'example.org' },
      confirmed: false,
    });
    expect(http.asked).toEqual([wf('a.example', 'alice'), wf('example.org', 'alice')]);
    expect(await lookupHandle('alice@example.org', http)).toMatchObject({
      subject: { domain: 'example.org' },
      confirmed: false,
    });
  });

  test('WF_SUBJECT: a subject that its own domain does not confirm is an imposter', async () => {
    const imposter = {
      [wf('evil.example', 'alice')]: jrd('acct:president@bank.example', self('https://evil.example/m')),
    };
    const lookup = (more: object) => lookupHandle('alice@evil.example', stubHttp({ ...imposter, ...more }));
    const refused = { outcome: 'refused', reason: 'imposter' };
    expect(await lookup({})).toEqual(refused);
    const at = wf('bank.example', 'president');
    expect(
      await lookup({ [at]: jrd('acct:president@bank.example', self('https://bank.example/p')) }),
    ).toEqual(refused);
    expect(await lookup({ [at]: jrd('acct:third@bank.example', self('https://evil.example/m')) })).toEqual(
      refused,
    );
    expect(
      await lookup({ [at]: jrd('acct:president@third.example', self('https://evil.example/m')) }),
    ).toEqual(refused);
    expect(await lookup({ [at]: jrd('acct:president@bank.example') })).toEqual(refused);
    const down = { outcome: { outcome: 'failed', reason: 'timeout', detail: '', url: at } };
    expect(await lookup({ [at]: down })).toEqual({ outcome: 'unavailable', reason: 'timeout' });
  });

  test.each([
    [{ status: 404 }, 'not-found status 404'],
    [{ status: 410 }, 'gone status 410'],
    [{ status: 400 }, 'refused status 400'],
    [{ status: 503 }, 'unavailable status 503'],
    [{ type: 'text/html', body: '<html>' }, 'invalid content-type'],
    [{ type: 'application/json', body: 'nope' }, 'invalid syntax'],
    [{ type: 'application/json', body: [] }, 'invalid not-an-object'],
    [jrd('acct:alice@a.example'), 'invalid no-actor'],
    [{ outcome: { outcome: 'refused', reason: 'address', url: '' } }, 'refused address'],
    [{ outcome: { outcome: 'failed', reason: 'too-large', detail: '', url: '' } }, 'invalid too-large'],
  ])('%j gives %s', async (answer, expected) => {
    const found = await lookupHandle('alice@a.example', stubHttp({ [wf('a.example', 'alice')]: answer }));
    expect(found.outcome === 'ok' ? 'ok' : `${found.outcome} ${found.reason}`).toBe(expected);
  });

  test('no handle, no request', async () => {
    const http = stubHttp({});
    for (const text of ['alice', '', '@a@b@c', 'https://a.example/']) {
      expect(await lookupHandle(text, http)).toEqual({ outcome: 'invalid', reason: 'handle' });
    }
    expect(http.asked).toEqual([]);
  });
});

describe('WF_HOSTMETA', () => {
  const meta = 'https://example.org/.well-known/host-meta';
  const xml = (template: string, before = '') =>
    `<?xml version="1.0"?>${before}<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="x" template="y"/><Link type="application/xrd+xml" template="${template}" rel="lrdd" /></XRD>`;
  const elsewhere = wf('example.org', 'alice', 'a.example');
  const template = 'https://a.example/.well-known/webfinger?resource={uri}';
  const good = { [elsewhere]: jrd('acct:alice@example.org', self(actor)) };

  test.each([
    ['XML', { type: 'application/xrd+xml', body: xml(template) }],
    [
      'XML with entities of its own',
      { type: 'text/xml', body: xml(template.replace('?', '?a=1&amp;b=2&amp;')) },
    ],
    ['JSON', { type: 'application/json', body: { links: [{ rel: 'lrdd', template }] } }],
    ['what we send, as XML', { type: 'application/xrd+xml', body: toHostMetaXml('https://a.example') }],
    ['what we send, as JSON', { type: 'application/json', body: toHostMetaJson('https://a.example') }],
  ])('%s leads to the server', async (name, answer) => {
    const url = name.includes('entities') ? elsewhere.replace('?', '?a=1&b=2&') : elsewhere;
    const http = stubHttp({ [meta]: answer, [url]: good[elsewhere] ?? {} });
    expect(await lookupHandle('alice@example.org', http)).toMatchObject({ outcome: 'ok', actorUri: actor });
    expect(http.asked).toEqual([wf('example.org', 'alice'), meta, url]);
  });

  test.each([
    ['a document type', xml(template, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')],
    ['no {uri}', xml('https://a.example/wf')],
    ['another scheme', xml('file:///etc/{uri}')],
    ['the endpoint that just said 404', xml('https://example.org/.well-known/webfinger?resource={uri}')],
    ['no link', '<XRD></XRD>'],
    ['garbage', '<Link '.repeat(20_000)],
  ])('%s leads nowhere', async (_, body) => {
    const http = stubHttp({ [meta]: { type: 'application/xrd+xml', body }, ...good });
    expect(await lookupHandle('alice@example.org', http)).toEqual({
      outcome: 'not-found',
      reason: 'status 404',
    });
    expect(http.asked).toEqual([wf('example.org', 'alice'), meta]);
  });

  test('a foreign template still has to confirm its subject', async () => {
    const body = xml('https://evil.example/wf?r={uri}');
    const answer = jrd('acct:president@bank.example', self('https://evil.example/m'));
    const http = stubHttp({
      [meta]: { type: 'application/xrd+xml', body },
      [`https://evil.example/wf?r=${encodeURIComponent('acct:alice@example.org')}`]: answer,
    });
    expect(await lookupHandle('alice@example.org', http)).toEqual({ outcome: 'refused', reason: 'imposter' });
  });
});

describe('confirmHandle', () => {
  const confirm = (table: Parameters<typeof stubHttp>[0]) =>
    confirmHandle({ actorUri: actor, username: 'alice' }, stubHttp(table));
  const here = wf('a.example', 'alice');
  const plain = { subject: { username: 'alice', domain: 'a.example' } };

  test('the host points back: verified', async () => {
    expect(await confirm({ [here]: jrd('acct:alice@a.example', self(actor)) })).toEqual({
      outcome: 'ok',
      ...plain,
      verified: true,
    });
  });

  test('a handle on another domain, if that domain agrees', async () => {
    const answer = jrd('acct:alice@example.org', self(actor));
    expect(await confirm({ [here]: answer, [wf('example.org', 'alice')]: answer })).toEqual({
      outcome: 'ok',
      subject: { username: 'alice', domain: 'example.org' },
      verified: true,
    });
    expect(await confirm({ [here]: answer })).toEqual({ outcome: 'ok', ...plain, verified: true });
    const stolen = jrd('acct:alice@example.org', self('https://example.org/other'));
    expect(await confirm({ [here]: answer, [wf('example.org', 'alice')]: stolen })).toMatchObject(plain);
  });

  test('ACCT_TAKEOVER: a name that leads to another actor is somebody else', async () => {
    const other = jrd('acct:alice@a.example', self('https://a.example/users/alice2'));
    expect(await confirm({ [here]: other })).toEqual({ outcome: 'refused', reason: 'self-mismatch' });
    expect(await confirm({ [here]: jrd('acct:alice@a.example') })).toEqual({
      outcome: 'refused',
      reason: 'self-mismatch',
    });
  });

  test('another name in the answer is not taken over', async () => {
    expect(await confirm({ [here]: jrd('acct:president@bank.example', self(actor)) })).toMatchObject(plain);
  });

  test('no WebFinger: what the document suggests; unreachable: later', async () => {
    expect(await confirm({})).toEqual({ outcome: 'ok', ...plain, verified: false });
    const down = { outcome: { outcome: 'failed', reason: 'dns', detail: '', url: here } };
    expect(await confirm({ [here]: down })).toEqual({ outcome: 'unavailable', reason: 'dns' });
  });
});

describe('over real HTTP', () => {
  const closing: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const thing of closing.splice(0)) await thing.close();
  });

  test('a loopback peer is asked over http; redirects are bounded', async () => {
    let domain = '';
    const server = await startServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      if (pathname !== '/.well-known/webfinger') return void response.writeHead(404).end();
      const resource = searchParams.get('resource') ?? '';
      if (resource.startsWith('acct:loop@'))
        return void response.writeHead(302, { location: request.url }).end();
      if (resource.startsWith('acct:away@'))
        return void response.writeHead(302, { location: 'http://10.0.0.1/' }).end();
      sendJson(response, jrd(resource, self(`http://${domain}/users/alice`)), 'application/jrd+json');
    });
    domain = `localhost:${server.port}`;
    const http = createHttpClient({
      allowLoopback: true,
      userAgent: 'test',
      clock: { now: () => new Date() },
    });
    closing.push(http, server);
    expect(await lookupHandle(`alice@${domain}`, http)).toMatchObject({
      outcome: 'ok',
      actorUri: `http://${domain}/users/alice`,
      subject: { username: 'alice', domain },
      confirmed: true,
    });
    expect(await lookupHandle(`loop@${domain}`, http)).toEqual({
      outcome: 'refused',
      reason: 'redirect-limit',
    });
    expect(await lookupHandle(`away@${domain}`, http)).toEqual({ outcome: 'refused', reason: 'address' });
  });
});

describe('collected descriptors', () => {
  const entries = corpusEntries().filter((entry) => entry.kind === 'webfinger');
  const read = (file: string) => {
    const json = parseJsonObject(corpusBytes(file));
    if (json.outcome !== 'ok') throw new Error(json.reason);
    return json.value;
  };
  const hostOf = (url: string) => new URL(url).host;

  test('there are some', () => {
    expect(entries.length).toBeGreaterThan(4);
  });

  test.each(entries.map((entry) => entry.file))('%s can be found where it belongs', async (file) => {
    const json = read(file);
    const { subject, actorUri } = parseDescriptor(json);
    if (subject === null) {
      // Hubzilla leaves the host out, and some are templates still to be filled in.
      expect(String(json['subject'])).toMatch(/^acct:(?:[a-z]+$|\{\{)/);
      return;
    }
    const http = stubHttp({ [wf(subject.domain, subject.username)]: json });
    const found = await lookupHandle(`${subject.username}@${subject.domain}`, http);
    if (actorUri === null) expect(found).toEqual({ outcome: 'invalid', reason: 'no-actor' });
    else expect(found).toMatchObject({ outcome: 'ok', actorUri, subject });
  });

  const collected = entries.map((entry) => entry.file).filter((file) => /spoof|imposter|hacker/.test(file));
  const imposters: [name: string, json: Record<string, unknown>][] = [
    ['a subject on a bank', jrd('acct:president@bank.example', self('https://bad.example/m'))],
    ['a subject, and no actor at all', jrd('acct:president@bank.example')],
    ...collected.map((file): [string, Record<string, unknown>] => [file, read(file)]),
  ];

  test.each(imposters)('%s fools nobody on the host that serves it', async (_, json) => {
    const { subject, actorUri } = parseDescriptor(json);
    const host = actorUri === null ? 'hacker.example' : hostOf(actorUri);
    const http = stubHttp({ [wf(host, 'meanie')]: json });
    const found = await lookupHandle(`meanie@${host}`, http);
    expect(subject?.domain).not.toBe(host);
    expect(found).toMatchObject(
      actorUri === null ? { outcome: 'invalid' } : { outcome: 'refused', reason: 'imposter' },
    );
  });

  test('two self links to one actor, one of them on another protocol', () => {
    expect(parseDescriptor(fixture('fep/webfinger-fep-1042-examples.json')).actorUri ?? 'none').toMatch(
      /^https:|none/,
    );
  });
});
