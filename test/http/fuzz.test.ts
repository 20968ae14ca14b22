import { request } from 'node:http';
import type { Request } from 'express';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isActivityStreamsType } from '../../federation/fetch/document.js';
import { isActivityMediaType } from '../../federation/inbox/media-type.js';
import { documentType, wantedBy } from '../../src/http/activitypub/negotiate.js';
import { limitOf, pageOf } from '../../src/http/paging.js';
import { startInstance, type Instance } from '../support/instance.js';

/** Runs that found something are repeated first: fast-check prints the seed and the path of a failure. */
const seed = 20_261_128;

let instance: Instance;
let token: string;
let account: string;
beforeAll(async () => {
  instance = await startInstance();
  const alice = await instance.createUser('alice');
  token = alice.token;
  account = alice.account._id;
});
afterAll(() => instance?.close());

const word = fc.constantFrom(
  'text/html',
  'application/activity+json',
  'application/ld+json',
  '*/*',
  'application/json',
  'x',
  '',
  '"',
  ',',
  ';q=0',
  ';q=1',
  ';q=0.5',
  ';q=9',
  ';q=',
  ';profile="https://www.w3.org/ns/activitystreams"',
  ' ',
  ';',
);
const accept = fc.oneof(
  fc.array(word, { maxLength: 60 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
);

test('an Accept header, whatever it says, asks for one of two things', () => {
  fc.assert(
    fc.property(accept, fc.constantFrom('activity' as const, 'page' as const), (header, otherwise) => {
      expect(['activity', 'page']).toContain(wantedBy(header, otherwise));
      expect(documentType(header)).toMatch(/^application\/(?:activity|ld)\+json/);
    }),
    { numRuns: 2000, seed },
  );
  expect(wantedBy('text/html', 'activity')).toBe('page');
  expect(wantedBy('application/activity+json', 'page')).toBe('activity');
});

test('cursors are eighteen digits or nothing, a limit is within its bounds', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n }).map(String),
    fc.constantFrom('', '0', '-1', '1e9', 'NaN', 'Infinity', '٣', '9'.repeat(400)),
  );
  const names = fc.constantFrom('limit', 'max_id', 'min_id', 'since_id', 'max_id[]', 'limit[a]');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, value), { maxLength: 8 }), (pairs) => {
      const query = pairs.map(([n, v]) => `${n}=${encodeURIComponent(Buffer.from(v).toString())}`).join('&');
      const req = { originalUrl: `/x?${query}` } as Request;
      const page = pageOf(req, { default: 20, max: 40 });
      expect(page.limit).toBeGreaterThanOrEqual(1);
      expect(page.limit).toBeLessThanOrEqual(40);
      for (const id of [page.maxId, page.minId, page.sinceId])
        expect(id ?? '0'.repeat(18)).toMatch(/^\d{18}$/);
      expect(Number.isInteger(limitOf(pairs[0]?.[1], { default: 5, max: 9 }))).toBe(true);
    }),
    { numRuns: 1000, seed },
  );
});

test('a media type is taken by inboxes, and of documents that are fetched, for what stands before its parameters', () => {
  const ours = ['application/activity+json', 'application/ld+json', 'application/json'];
  const essence = fc.constantFrom(
    ...ours,
    'text/html',
    'image/png',
    'application/activity+jsonx',
    'application/ld',
    '',
  );
  const header = fc.oneof(
    fc.tuple(essence, fc.array(word, { maxLength: 10 })).map(([type, rest]) => type + rest.join('')),
    fc.tuple(word, essence).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  fc.assert(
    fc.property(header, (text) => {
      const told = (text.split(';')[0] ?? '').trim().toLowerCase();
      if (isActivityMediaType(text)) expect(ours).toContain(told);
      // Files that people upload are served with types of their own; plain JSON is no document either.
      if (isActivityStreamsType(text)) expect(ours.slice(0, 2)).toContain(told);
    }),
    { numRuns: 2000, seed },
  );
  expect([isActivityMediaType(ours[0] ?? ''), isActivityStreamsType(ours[0])]).toEqual([true, true]);
});

test('the Link of a page leads to this endpoint here, whatever the query, and to nothing else', async () => {
  let seen = 0;
  const { id } = await post('Something to page over');
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '>; rel="next", <https://evil.example/>',
      '\r\nSet-Cookie: a=b',
      ',',
      ';',
      '"',
      '<',
      '%0d%0a',
      token,
    ),
  );
  const names = fc.constantFrom(
    'local',
    'x',
    'access_token',
    'max_id',
    'min_id',
    'since_id',
    'limit[]',
    '>,<',
    '\r\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(names, value), { maxLength: 6 }), fc.boolean(), async (pairs, raw) => {
      const encode = (text: string): string =>
        raw ? text.replaceAll(/[^\x21-\x7e]|#/g, '') : encodeURIComponent(Buffer.from(text).toString());
      const query = pairs
        .filter(([name]) => !name.endsWith('_id'))
        .map(([n, v]) => `${encode(n)}=${encode(v)}`)
        .join('&');
      const link = await linkOf(`/api/v1/accounts/${account}/statuses?limit=1&${query}`);
      if (link === undefined) return;
      seen += 1;
      const urls = link.split(', ').map((part) => /^<([^<>]*)>; rel="(?:next|prev)"$/.exec(part)?.[1]);
      for (const url of urls) {
        const { origin, pathname, searchParams } = new URL(url ?? '');
        expect([origin, pathname]).toEqual([instance.url, `/api/v1/accounts/${account}/statuses`]);
        expect(searchParams.get('max_id') ?? searchParams.get('min_id')).toBe(id);
        expect(searchParams.has('access_token')).toBe(false);
      }
      expect(link.length).toBeLessThan(9000);
    }),
    { numRuns: 300, seed },
  );
  expect(seen).toBeGreaterThan(200);
});

async function post(status: string): Promise<{ id: string }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const made = await fetch(`${instance.url}/api/v1/statuses`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ status }),
  });
  return (await made.json()) as { id: string };
}

/** The header, byte for byte; undefined where there is none, or the request was refused. */
function linkOf(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const { hostname, port } = new URL(instance.url);
    request({ hostname, port, path, headers }, (res) => {
      res.resume().on('end', () => resolve(res.headers['link'] as string | undefined));
    })
      .on('error', reject)
      .end();
  });
}

function send(type: string, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const headers = { 'content-type': type, 'content-length': body.length, authorization: `Bearer ${token}` };
    const req = request(`${instance.url}/api/v1/statuses`, { method: 'POST', headers }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode ?? 0));
    });
    // A connection that is cut is an answer, too.
    req.on('error', () => resolve(0));
    req.end(body);
  });
}

test('multipart bodies of any make end in an answer that is no failure', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '--b',
      '--b--',
      '\r\n',
      '\n',
      '\r',
      '--',
      'Content-Disposition: form-data; name="status"',
      'Content-Disposition: form-data; name="file"; filename="a.png"',
      'Content-Type: image/png',
      ': ',
      '"',
      'Content-Disposition: form-data',
      'name=""',
      "filename*=utf-8''%ff",
      'Content-Transfer-Encoding: base64',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const types = fc.constantFrom(
    'multipart/form-data; boundary=b',
    'multipart/form-data; boundary="b"',
    'multipart/form-data',
    `multipart/form-data; boundary=${'b'.repeat(300)}`,
    'multipart/form-data; boundary=b; charset=utf-7',
  );
  await fc.assert(
    fc.asyncProperty(types, fc.array(piece, { maxLength: 20 }), async (type, pieces) => {
      const status = await send(type, Buffer.from(pieces.join('\r\n')));
      expect([type, pieces, status < 500]).toEqual([type, pieces, true]);
    }),
    { numRuns: 200, seed },
  );
  // It still takes what is right.
  const good = '--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nHello\r\n--b--\r\n';
  expect(await send('multipart/form-data; boundary=b', Buffer.from(good))).toBe(200);
});
