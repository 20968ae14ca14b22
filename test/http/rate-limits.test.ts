import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import type { Settings } from '../../src/config/settings.js';
import { addressLimit } from '../../src/http/rate-limits.js';
import { appWith, personOf, request, startBase, tokenOf, type Base } from './support.js';

const bases: Base[] = [];
afterAll(() => Promise.all(bases.map((base) => base.close())));

async function start(
  overrides: Partial<Settings> = { rateLimits: true },
): Promise<{ base: Base; app: Express }> {
  const base = await startBase(overrides);
  bases.push(base);
  const app = appWith(base.ctx, (router) => {
    router.post(
      '/api/v1/apps',
      ...addressLimit(base.ctx, { name: 'apps', max: 5, minutes: 10 }),
      (_q, res) => void res.json({}),
    );
    router.all(
      [
        '/api/v1/thing',
        '/api/v2/media',
        '/api/v1/media',
        '/api/v1/statuses/:id',
        '/api/v1/statuses/:id/unreblog',
      ],
      (_q, res) => void res.json({}),
    );
  });
  return { base, app };
}

describe('limits', () => {
  let base: Base;
  let app: Express;
  beforeAll(async () => {
    ({ base, app } = await start());
  });
  const statusOf = async (
    method: 'get' | 'post' | 'delete',
    path: string,
    headers: Record<string, string> = {},
  ) => (await request(app)[method](path).set(headers)).status;

  test('one route per address: the sixth is refused with the three headers and JSON', async () => {
    for (let i = 4; i >= 0; i--) {
      const res = await request(app).post('/api/v1/apps').set('X-Forwarded-For', '203.0.113.1').expect(200);
      expect(res.headers['x-ratelimit-limit']).toBe('5');
      expect(res.headers['x-ratelimit-remaining']).toBe(String(i));
    }
    const res = await request(app).post('/api/v1/apps').set('X-Forwarded-For', '203.0.113.1').expect(429);
    expect(res.body).toEqual({ error: 'Too many requests' });
    expect(res.headers['x-ratelimit-remaining']).toBe('0');
    expect(res.headers['x-ratelimit-reset']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(Number(res.headers['retry-after'])).toBeGreaterThan(0);
    expect(await statusOf('post', '/api/v1/apps', { 'X-Forwarded-For': '203.0.113.2' })).toBe(200);
  });

  test('spelling the path otherwise or inventing forwarded addresses does not help', async () => {
    const variants = ['/api/v1/apps/', '/API/v1/APPS', '/api/v1/apps?x=1', '/api/v1/apps'];
    for (const [i, path] of [...variants, '/api/v1/apps'].entries())
      expect(await statusOf('post', path, { 'X-Forwarded-For': `10.9.9.${i}, 203.0.113.7` })).toBe(200);
    for (const path of variants)
      expect(await statusOf('post', path, { 'X-Forwarded-For': '1.2.3.4, 203.0.113.7' })).toBe(429);
  });

  test('an IPv6 network of one household counts as one', async () => {
    for (let i = 0; i < 5; i++)
      expect(await statusOf('post', '/api/v1/apps', { 'X-Forwarded-For': `2001:db8:1:2::${i}` })).toBe(200);
    expect(await statusOf('post', '/api/v1/apps', { 'X-Forwarded-For': '2001:db8:1:2:ffff::1' })).toBe(429);
    expect(await statusOf('post', '/api/v1/apps', { 'X-Forwarded-For': '2001:db8:1:3::1' })).toBe(200);
  });

  test('300 for anonymous addresses; a token is counted by itself', async () => {
    const { user } = await personOf(base.ctx, { username: 'alice' });
    const token = await tokenOf(base.ctx, user, ['read']);
    const headers = { 'X-Forwarded-For': '203.0.113.3' };
    for (let i = 0; i < 300; i++) expect(await statusOf('get', '/api/v1/thing', headers)).toBe(200);
    expect(await statusOf('get', '/api/v1/thing', headers)).toBe(429);
    expect(await statusOf('get', '/api/v1/thing', { ...headers, Authorization: 'Bearer wrong' })).toBe(429);
    const res = await request(app)
      .get('/api/v1/thing')
      .set({ ...headers, Authorization: `Bearer ${token}` })
      .expect(200);
    expect(res.headers['x-ratelimit-limit']).toBe('300');
    expect(res.headers['x-ratelimit-remaining']).toBe('299');
  });

  test('uploads and removals: 30 in half an hour per person, over all tokens', async () => {
    const { user } = await personOf(base.ctx, { username: 'bob' });
    const bearer = async () => ({ Authorization: `Bearer ${await tokenOf(base.ctx, user, ['write'])}` });
    const [one, two] = [await bearer(), await bearer()];
    for (let i = 0; i < 30; i++)
      expect(await statusOf('post', i % 2 ? '/api/v2/media' : '/api/v1/media/', one)).toBe(200);
    expect(await statusOf('post', '/api/v2/media', two)).toBe(429);
    expect(await statusOf('get', '/api/v1/thing', two)).toBe(200);
    for (let i = 0; i < 30; i++)
      expect(
        await (i % 2
          ? statusOf('delete', '/api/v1/statuses/1', one)
          : statusOf('post', '/api/v1/statuses/1/unreblog', one)),
      ).toBe(200);
    expect(await statusOf('delete', '/api/v1/statuses/2', two)).toBe(429);
    expect(await statusOf('get', '/api/v1/statuses/2', two)).toBe(200);
  });
});

describe('every bucket', () => {
  type Bucket = { max: number; minutes: number; send: () => Promise<{ status: number; headers: object }> };
  let buckets: Record<string, Bucket>;

  beforeAll(async () => {
    const { base, app } = await start();
    const { user } = await personOf(base.ctx, { username: 'carol' });
    const from = (last: number) => ({ 'X-Forwarded-For': `198.51.100.${last}` });
    const bearer = async () => ({
      Authorization: `Bearer ${await tokenOf(base.ctx, user, ['read', 'write'])}`,
    });
    const [one, two] = [await bearer(), await bearer()];
    const get = (path: string, headers: object) => async () =>
      request(app)
        .get(path)
        .set(headers as Record<string, string>);
    buckets = {
      address: { max: 300, minutes: 5, send: get('/api/v1/thing', from(1)) },
      'deep pages': { max: 300, minutes: 15, send: get('/api/v1/thing?max_id=1', from(2)) },
      token: { max: 300, minutes: 5, send: get('/api/v1/thing', one) },
      uploads: { max: 30, minutes: 30, send: async () => request(app).post('/api/v2/media').set(two) },
      removals: {
        max: 30,
        minutes: 30,
        send: async () => request(app).delete('/api/v1/statuses/1').set(two),
      },
      registrations: {
        max: 5,
        minutes: 10,
        send: async () => request(app).post('/api/v1/apps').set(from(3)),
      },
    };
  });

  test.each(['address', 'deep pages', 'token', 'uploads', 'removals', 'registrations'])(
    '%s: tells of itself each time, and refuses the one too many',
    async (name) => {
      const { max, minutes, send } = buckets[name] as Bucket;
      const began = Date.now();
      for (let left = max - 1; left >= 0; left -= 1) {
        const { status, headers } = (await send()) as { status: number; headers: Record<string, string> };
        expect({ left, status }).toEqual({ left, status: 200 });
        expect(headers['x-ratelimit-remaining']).toBe(String(left));
        expect(headers['x-ratelimit-limit']).toBe(String(max));
        expect(headers['x-ratelimit-reset']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        const reset = Date.parse(headers['x-ratelimit-reset'] ?? '');
        expect(reset).toBeGreaterThan(began);
        expect(reset).toBeLessThanOrEqual(Date.now() + minutes * 60_000);
      }
      expect((await send()).status).toBe(429);
    },
  );
});

test.each([
  ['off in the settings', { rateLimits: false }],
  ['in test mode', { rateLimits: true, testMode: true, url: 'http://localhost:3000' }],
])('no limits %s', async (_name, overrides) => {
  const { app } = await start(overrides);
  for (let i = 0; i < 10; i++) {
    const res = await request(app).post('/api/v1/apps').expect(200);
    expect(res.headers['x-ratelimit-limit']).toBeUndefined();
  }
});
