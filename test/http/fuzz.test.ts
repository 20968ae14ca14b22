import { request } from 'node:http';
import type { Request } from 'express';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { documentType, wantedBy } from '../../src/http/activitypub/negotiate.js';
import { limitOf, pageOf } from '../../src/http/paging.js';
import { startInstance, type Instance } from '../support/instance.js';

/** Runs that found something are repeated first: fast-check prints the seed and the path of a failure. */
const seed = 20_261_128;

let instance: Instance;
let token: string;
beforeAll(async () => {
  instance = await startInstance();
  token = (await instance.createUser('alice')).token;
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
}, 120_000);
