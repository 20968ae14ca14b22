import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { pageOf, sendOffsetPage, sendPage } from '../../src/http/paging.js';
import { appWith, request, startBase, type Base } from './support.js';

let base: Base;
let app: Express;
const own = 'https://social.example';
const id = (n: number) => String(n).padStart(18, '1');

beforeAll(async () => {
  base = await startBase();
  app = appWith(base.ctx, (router) => {
    router.get('/api/v1/bounds', (req, res) => void res.json(pageOf(req, { default: 20, max: 40 })));
    const list =
      (style: 'min_id' | 'since_id', nextOnShort: boolean) =>
      (req: Parameters<typeof sendPage>[0], res: Parameters<typeof sendPage>[1]) => {
        const { limit, maxId } = pageOf(req, { default: 20, max: 40 });
        const ids = ['30', '29', '28', '27']
          .map((n) => id(Number(n)))
          .filter((n) => maxId === undefined || n < maxId);
        const shown = ids.slice(0, limit);
        sendPage(req, res, { items: shown.map((n) => ({ id: n })), ids: shown, style, nextOnShort, limit });
      };
    router.get('/api/v1/timelines/home', list('min_id', true));
    router.get('/api/v1/blocks', list('since_id', false));
    router.get('/api/v1/empty', (req, res) =>
      sendPage(req, res, { items: [], ids: [], style: 'min_id', nextOnShort: true, limit: 20 }),
    );
    router.get('/api/v1/trends', (req, res) =>
      sendOffsetPage(req, res, { items: [1, 2], offset: Number(req.query['offset'] ?? 0), limit: 2 }),
    );
    router.get('/api/v1/timelines/tag/:tag', (req, res) =>
      sendPage(req, res, { items: [1], ids: [id(5)], style: 'min_id', nextOnShort: true, limit: 20 }),
    );
  });
});
afterAll(() => base.close());

const bounds = async (query: string) => (await request(app).get(`/api/v1/bounds?${query}`).expect(200)).body;
const links = async (path: string) => {
  const res = await request(app).get(path).expect(200);
  const parts = (res.headers['link'] ?? '').split(', ').filter(Boolean);
  return Object.fromEntries(
    parts.map((part: string) => {
      const [, url, rel] = /^<([^>]*)>; rel="(\w+)"$/.exec(part) ?? [];
      return [rel, url];
    }),
  );
};

describe('pageOf', () => {
  test.each([
    ['', 20],
    ['limit=5', 5],
    ['limit=1000', 40],
    ['limit=1000000000', 40],
    ['limit=0', 20],
    ['limit=-7', 7],
    ['limit=abc', 20],
    ['limit=1.5', 20],
    ['limit[]=3', 3],
    ['limit[a]=3', 20],
    ['limit=1&limit=2', 2],
  ])('%s → %i', async (query, limit) => {
    expect(await bounds(query)).toEqual({ limit });
  });

  test('ids are taken at stored length, junk is ignored', async () => {
    expect(await bounds(`max_id=${id(7)}&since_id=${id(3)}&min_id=${id(4)}`)).toEqual({
      limit: 20,
      maxId: id(7),
      sinceId: id(3),
      minId: id(4),
    });
    expect(await bounds('max_id=7')).toEqual({ limit: 20, maxId: '000000000000000007' });
    expect(await bounds('min_id=0')).toEqual({ limit: 20, minId: '000000000000000000' });
    expect(await bounds('max_id=99999999999999999999')).toEqual({ limit: 20, maxId: '999999999999999999' });
    expect(await bounds('max_id=0001000000000000000000')).toEqual({ limit: 20, maxId: '999999999999999999' });
    expect(await bounds('max_id=abc&min_id=&since_id[a]=1')).toEqual({ limit: 20 });
    expect(await bounds(`max_id=${'9'.repeat(5000)}&min_id=-4`)).toEqual({ limit: 20 });
  });
});

describe('Link', () => {
  test('next by max_id, prev by min_id, other parameters kept', async () => {
    expect(await links('/api/v1/timelines/home?types[]=a&types[]=b&limit=2&only_media=true')).toEqual({
      next: `${own}/api/v1/timelines/home?types%5B%5D=a&types%5B%5D=b&limit=2&only_media=true&max_id=${id(29)}`,
      prev: `${own}/api/v1/timelines/home?types%5B%5D=a&types%5B%5D=b&limit=2&only_media=true&min_id=${id(30)}`,
    });
  });

  test('a long query does not become a header that proxies refuse', async () => {
    const { next, prev } = await links(`/api/v1/timelines/home?limit=2&local=true&q=${'x'.repeat(5000)}`);
    expect([next, prev].map((url) => [String(url).length < 200, /local=true/.test(String(url))])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  test('since_id where the endpoint says so', async () => {
    expect(await links('/api/v1/blocks?limit=2')).toEqual({
      next: `${own}/api/v1/blocks?limit=2&max_id=${id(29)}`,
      prev: `${own}/api/v1/blocks?limit=2&since_id=${id(30)}`,
    });
  });

  test('bounds of this page do not survive in the links, and following next ends', async () => {
    expect(await links(`/api/v1/blocks?limit=2&max_id=${id(29)}&min_id=3&since_id=4`)).toEqual({
      next: `${own}/api/v1/blocks?limit=2&max_id=${id(27)}`,
      prev: `${own}/api/v1/blocks?limit=2&since_id=${id(28)}`,
    });
    expect(await links(`/api/v1/blocks?limit=2&max_id=${id(27)}`)).toEqual({});
  });

  test('a short page has a next only where the endpoint gives one always', async () => {
    expect(Object.keys(await links('/api/v1/blocks?limit=20'))).toEqual(['prev']);
    expect(Object.keys(await links('/api/v1/timelines/home?limit=20'))).toEqual(['next', 'prev']);
  });

  test('an empty page has no header', async () => {
    const res = await request(app).get('/api/v1/empty').expect(200);
    expect(res.body).toEqual([]);
    expect(res.headers['link']).toBeUndefined();
  });

  test('never to itself', async () => {
    expect(await links(`/api/v1/timelines/tag/x?max_id=${id(5)}`)).toEqual({
      prev: `${own}/api/v1/timelines/tag/x?min_id=${id(5)}`,
    });
  });

  test('built from the settings, whatever Host says, and without the token', async () => {
    const res = await request(app)
      .get('/api/v1/blocks?access_token=secret')
      .set('Host', 'evil.example')
      .set('X-Forwarded-Host', 'evil.example');
    expect(res.headers['link']).toContain(`<${own}/api/v1/blocks?`);
    expect(res.headers['link']).not.toMatch(/evil|secret/);
  });

  test('nothing in it needs more than splitting at commas and semicolons', async () => {
    const res = await request(app).get('/api/v1/timelines/tag/a,b;c?any[]=x,y%3Bz%22').expect(200);
    const parts = String(res.headers['link']).split(',');
    expect(parts).toHaveLength(2);
    for (const part of parts) expect(part.split(';')).toHaveLength(2);
  });

  test('by offset', async () => {
    expect(await links('/api/v1/trends?offset=4&x=1')).toEqual({
      next: `${own}/api/v1/trends?x=1&offset=6`,
      prev: `${own}/api/v1/trends?x=1&offset=2`,
    });
    expect(Object.keys(await links('/api/v1/trends'))).toEqual(['next']);
  });
});
