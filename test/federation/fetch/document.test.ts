import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { RequestListener } from 'node:http';
import { createHttpClient } from '../../../federation/fetch/client.js';
import { createDocumentLoader, isActivityStreamsType } from '../../../federation/fetch/document.js';
import type { LoadedDocument } from '../../../federation/ports.js';
import { cpuTime } from '../../support/cpu.js';
import { sendJson, startServer, type TestServer } from '../support/servers.js';

let routes: Record<string, RequestListener> = {};
let peer: TestServer;
let evil: TestServer;
const http = createHttpClient({ allowLoopback: true, userAgent: 'test', clock: { now: () => new Date() } });
const signed: string[] = [];
const loader = createDocumentLoader({
  http,
  timeoutMs: 60_000,
  sign: (hop) => {
    signed.push(hop.url);
    return { signature: `for ${hop.url}` };
  },
});

const handler: RequestListener = (request, response) => {
  const route = routes[`${request.headers.host} ${request.url}`] ?? routes[request.url ?? ''];
  if (route) route(request, response);
  else response.writeHead(404).end('not here');
};

beforeAll(async () => {
  peer = await startServer(handler);
  evil = await startServer(handler);
});
afterEach(() => {
  routes = {};
  peer.seen.length = evil.seen.length = signed.length = 0;
});
afterAll(async () => {
  await http.close();
  await peer.close();
  await evil.close();
});

const note = (id: string, extra = {}) => ({ id, type: 'Note', content: 'hi', ...extra });
const on = (server: TestServer, path: string) => `127.0.0.1:${server.port} ${path}`;
const json =
  (body: unknown, type?: string): RequestListener =>
  (_, response) =>
    sendJson(response, body, type);
const redirect =
  (location: string): RequestListener =>
  (_, response) =>
    response.writeHead(302, { location }).end();
const verdict = (loaded: LoadedDocument): string =>
  loaded.outcome === 'ok' ? 'ok' : `${loaded.outcome} ${loaded.reason}`;

describe('the document loader', () => {
  test('loads a document from its own id, with a signed GET', async () => {
    const id = `${peer.origin}/1?p=2`;
    routes[on(peer, '/1?p=2')] = (request, response) => {
      expect(request.headers.accept).toContain('application/activity+json');
      expect(request.headers['signature']).toBe(`for ${id}`);
      sendJson(response, note(id));
    };
    expect(await loader.load(`${id}#fragment`)).toEqual({ outcome: 'ok', document: note(id), url: id });
    expect(peer.seen).toEqual(['/1?p=2']);
  });

  test('follows redirects on the same host and signs each hop', async () => {
    const id = `${peer.origin}/new`;
    routes[on(peer, '/old')] = redirect('/new');
    routes[on(peer, '/new')] = json(note(id));
    expect(await loader.load(`${peer.origin}/old`)).toMatchObject({ outcome: 'ok', url: id });
    expect(signed).toEqual([`${peer.origin}/old`, id]);
    // The id itself may redirect to where the document lies now.
    const old = `${peer.origin}/old`;
    routes[on(peer, '/new')] = json(note(old));
    expect(await loader.load(old)).toMatchObject({ outcome: 'ok', url: id });
  });

  test('FETCH_ID: a document with a foreign id is asked for at that id, once', async () => {
    const id = `${peer.origin}/9`;
    routes[on(evil, '/a')] = json(note(id, { content: 'forged' }));
    routes[on(peer, '/9')] = json(note(id));
    expect(await loader.load(`${evil.origin}/a`)).toEqual({ outcome: 'ok', document: note(id), url: id });
    routes[on(peer, '/9')] = (_, response) => response.writeHead(404).end();
    expect(verdict(await loader.load(`${evil.origin}/a`))).toBe('not-found status 404');
    peer.seen.length = 0;
    routes[on(peer, '/9')] = json(note(`${peer.origin}/10`));
    routes[on(peer, '/10')] = json(note(`${peer.origin}/10`));
    expect(verdict(await loader.load(`${evil.origin}/a`))).toBe('invalid id-mismatch');
    expect(peer.seen).toEqual(['/9']);
  });

  test('a page address on the same host leads to the id', async () => {
    const id = `${peer.origin}/users/alice/statuses/1`;
    routes[on(peer, '/@alice/1')] = json(note(id));
    routes[on(peer, '/users/alice/statuses/1')] = json(note(id));
    expect(await loader.load(`${peer.origin}/@alice/1`)).toMatchObject({ outcome: 'ok', url: id });
  });

  test('FETCH_REDIR: an open redirect lets nobody speak for the redirecting host', async () => {
    const id = `${peer.origin}/n`;
    routes[on(peer, '/n')] = redirect(`${evil.origin}/n`);
    routes[on(evil, '/n')] = json(note(id, { content: 'forged' }));
    expect(verdict(await loader.load(id))).toBe('invalid id-mismatch');
  });

  test('KEY_REDIRECT: whoever redirects to another actor gains nothing but its document', async () => {
    const alice = `${peer.origin}/users/alice`;
    routes[on(evil, '/users/m')] = redirect(alice);
    routes[on(peer, '/users/alice')] = json({ id: alice, type: 'Person' });
    expect(await loader.load(`${evil.origin}/users/m`)).toMatchObject({
      outcome: 'ok',
      url: alice,
      document: { id: alice },
    });
  });

  test('hosts are compared with their ports and by name', async () => {
    const id = `http://localhost:${peer.port}/1`;
    routes['/1'] = json(note(`${peer.origin}/1`));
    expect(verdict(await loader.load(id))).toBe('ok');
    routes['/1'] = json(note(`http://localhost:${evil.port}/1`));
    expect(verdict(await loader.load(id))).toBe('ok');
    routes[`localhost:${evil.port} /1`] = json(note(`http://localhost:${peer.port}/1`));
    expect(verdict(await loader.load(id))).toBe('invalid id-mismatch');
  });

  test.each([
    ['FETCH_ANON no id', { type: 'Note' }, 'invalid no-id'],
    ['an id that cannot be fetched', { id: 'tag:x', type: 'Note' }, 'invalid no-id'],
    ['an empty id', { id: '', type: 'Note' }, 'invalid no-id'],
    ['two ids', { id: 'https://a.example/1', '@id': 'https://b.example/1' }, 'invalid no-id'],
    ['a list', [], 'invalid not-an-object'],
    ['a text', 'x', 'invalid not-an-object'],
    ['a private address as id', { id: 'http://10.0.0.1/1' }, 'refused address'],
  ])('%s', async (_, body, expected) => {
    routes['/x'] = json(body);
    expect(verdict(await loader.load(`${peer.origin}/x`))).toBe(expected);
  });

  test('IN_DEEP: deep and broken JSON', async () => {
    const raw =
      (body: string): RequestListener =>
      (_, response) =>
        response.writeHead(200, { 'content-type': 'application/activity+json' }).end(body);
    routes['/deep'] = raw('['.repeat(100_000));
    routes['/broken'] = raw('{"id":');
    routes['/big'] = raw(`{"a":"${'x'.repeat(1_100_000)}"}`);
    expect(verdict(await loader.load(`${peer.origin}/deep`))).toBe('invalid too-deep');
    expect(verdict(await loader.load(`${peer.origin}/broken`))).toBe('invalid syntax');
    expect(verdict(await loader.load(`${peer.origin}/big`))).toBe('invalid too-large');
  });

  test.each([
    [404, 'not-found'],
    [410, 'gone'],
    [401, 'refused'],
    [403, 'refused'],
    [406, 'refused'],
    [408, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [302, 'refused'],
  ])('status %d means %s', async (status, expected) => {
    routes['/x'] = (_, response) => response.writeHead(status).end('{}');
    expect(await loader.load(`${peer.origin}/x`)).toEqual({ outcome: expected, reason: `status ${status}` });
  });

  test('network failures and refusals', async () => {
    routes['/slow'] = () => {};
    routes['/loop'] = redirect('/loop');
    const impatient = createDocumentLoader({ http, timeoutMs: 100 });
    expect(verdict(await impatient.load(`${peer.origin}/slow`))).toBe('unavailable timeout');
    expect(verdict(await loader.load(`${peer.origin}/loop`))).toBe('refused redirect-limit');
    expect(verdict(await loader.load('http://169.254.169.254/latest'))).toBe('refused address');
    for (const url of ['ftp://a.example/', 'acct:a@b.example', 'https://[::', '']) {
      expect(verdict(await loader.load(url))).toBe('refused bad-url');
    }
  });

  test('requests for the same document at the same time share one answer', async () => {
    routes['/1'] = json(note(`${peer.origin}/1`));
    const both = await Promise.all([loader.load(`${peer.origin}/1`), loader.load(`${peer.origin}/1#k`)]);
    expect(both.map(verdict)).toEqual(['ok', 'ok']);
    expect(peer.seen).toEqual(['/1']);
    await loader.load(`${peer.origin}/1`);
    expect(peer.seen).toHaveLength(2);
  });
});

describe('FETCH_CTYPE', () => {
  const profile = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';

  test.each([
    'application/activity+json',
    'Application/Activity+JSON; charset=utf-8',
    profile,
    profile.replaceAll('"', ''),
  ])('%s is ActivityStreams', async (type) => {
    expect(isActivityStreamsType(type)).toBe(true);
    routes['/1'] = json(note(`${peer.origin}/1`), type);
    expect(verdict(await loader.load(`${peer.origin}/1`))).toBe('ok');
  });

  test.each([
    'text/html',
    'image/jpeg',
    'text/plain',
    'application/octet-stream',
    'application/json',
    'application/ld+json',
    'application/ld+json; profile="https://evil.example/"',
  ])('%s is not', async (type) => {
    expect(isActivityStreamsType(type)).toBe(false);
    routes['/1'] = json(note(`${peer.origin}/1`), type);
    expect(verdict(await loader.load(`${peer.origin}/1`))).toBe('invalid content-type');
  });

  test('no header at all', async () => {
    routes['/1'] = (_, response) => response.end(JSON.stringify(note(`${peer.origin}/1`)));
    expect(isActivityStreamsType(undefined)).toBe(false);
    expect(verdict(await loader.load(`${peer.origin}/1`))).toBe('invalid content-type');
  });
});

describe('pages for people', () => {
  const id = () => `${peer.origin}/ap/1`;
  const page =
    (html: string, headers = {}): RequestListener =>
    (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html);
  const load = async () => {
    routes['/ap/1'] = json(note(id()));
    return verdict(await loader.load(`${peer.origin}/@alice/1`));
  };

  test.each([
    '<link rel="alternate" type="application/activity+json" href="/ap/1">',
    "<LINK TYPE='application/activity+json' HREF='/ap/1' REL='alternate'/>",
    '<link href=/ap/1 rel=alternate type=application/activity+json>',
    '<link rel="stylesheet" href="/x.css"><link rel="me alternate" type="application/activity+json" href="/ap/1">',
    '<link rel="alternate" type="application/rss+xml" href="/feed"><link rel="alternate" type="application/activity+json" href="ORIGIN/ap/1">',
  ])('%s is followed', async (html) => {
    routes['/@alice/1'] = page(`<html><head>${html.replace('ORIGIN', peer.origin)}</head></html>`);
    expect(await load()).toBe('ok');
  });

  test('so is a Link header', async () => {
    const link = '</x>; rel="preload", </ap/1>; rel="alternate"; type="application/activity+json"';
    routes['/@alice/1'] = page('<html></html>', { link });
    expect(await load()).toBe('ok');
  });

  test('FETCH_ALT: not to another host, and only once', async () => {
    routes['/@alice/1'] = page(
      `<link rel="alternate" type="application/activity+json" href="${evil.origin}/ap/1">`,
    );
    expect(await load()).toBe('invalid content-type');
    expect(evil.seen).toEqual([]);
    routes['/@alice/1'] = page(
      '<link rel="alternate" type="application/activity+json" href="/@alice/1?again">',
    );
    routes['/@alice/1?again'] = page('<link rel="alternate" type="application/activity+json" href="/ap/1">');
    expect(await load()).toBe('invalid content-type');
    expect(peer.seen).not.toContain('/ap/1');
  });

  test('REDOS: hostile pages cost little', async () => {
    const pages = [
      '<link '.repeat(50_000),
      `<link ${'a="'.repeat(80_000)}>`,
      `<link ${'rel='.repeat(50_000)}`,
      '<'.repeat(250_000),
    ];
    const spent = cpuTime();
    for (const html of pages) {
      routes['/@alice/1'] = page(html);
      expect(await load()).toBe('invalid content-type');
    }
    expect(spent()).toBeLessThan(6000);
  });
});
