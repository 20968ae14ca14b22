import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import { AppError, notFound } from '../../src/errors.js';
import { createApp } from '../../src/http/app.js';
import { paramsOf } from '../../src/http/params.js';
import { z } from 'zod';
import { appWith, request, startBase, type Base } from './support.js';

let base: Base;
let app: Express;

beforeAll(async () => {
  base = await startBase();
  app = appWith(base.ctx, (router) => {
    router.get('/api/v1/known', (_req, res) => void res.json({ known: true }));
    router.get('/api/v1/teapot', () => {
      throw new AppError(418, 'teapot', { error_description: 'short and stout' });
    });
    router.get('/api/v1/missing', async () => {
      throw notFound();
    });
    router.get('/api/v1/broken', () => {
      throw new Error('the password of the database is hunter2');
    });
    router.get('/api/v1/zod', () => {
      z.object({ name: z.string() }).parse({ name: 1 });
    });
    router.get('/api/v1/twice', () => {
      throw Object.assign(new Error('dup'), { code: 11000 });
    });
    router.get('/api/v1/half', (_req, res) => {
      res.write('{"half":');
      throw new Error('after the headers');
    });
    router.get('/api/v1/things/:id', (req, res) => void res.json({ id: req.params.id }));
    router.post('/api/v1/echo', (req, res) => void res.json(paramsOf(req)));
    router.get('/page', (_req, res) => void res.type('html').send('<p>page</p>'));
    router.get('/ip', (req, res) => void res.json({ ip: req.ip }));
  });
});
afterAll(() => base.close());

describe('what every answer has', () => {
  test('GET /health answers in the form monitors expect', async () => {
    const res = await request(app).get('/health').expect(200);
    expect(res.body).toEqual({ status: 'UP' });
  });

  test('a request id, and security headers that neither frame nor cache', async () => {
    const res = await request(app).get('/api/v1/known').expect(200);
    expect(res.headers['x-request-id']).toMatch(/^[\w-]{16,}$/);
    expect(res.headers['x-powered-by']).toBeUndefined();
    expect(res.headers['x-frame-options']).toBe('DENY');
    expect(res.headers['x-content-type-options']).toBe('nosniff');
    expect(res.headers['cache-control']).toBe('private, no-store');
    expect(res.headers['strict-transport-security']).toContain('max-age=');
    expect(res.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(res.headers['content-security-policy']).toContain("form-action 'self'");
    expect(res.headers['cross-origin-opener-policy']).toBeUndefined();
    expect(res.headers['cross-origin-resource-policy']).toBe('cross-origin');
  });

  test("a trusted proxy's request id is kept, a stranger's or a malformed one is not", async () => {
    const kept = await request(app).get('/health').set('X-Request-Id', 'proxy-0123456789');
    expect(kept.headers['x-request-id']).toBe('proxy-0123456789');
    const odd = await request(app).get('/health').set('X-Request-Id', 'a b');
    expect(odd.headers['x-request-id']).not.toBe('a b');
    const untrusting = await startBase({ trustProxy: '' });
    const res = await request(createApp(untrusting.ctx, { routers: [] }))
      .get('/health')
      .set('X-Request-Id', 'proxy-0123456789');
    expect(res.headers['x-request-id']).not.toBe('proxy-0123456789');
    await untrusting.close();
  });

  test('no HSTS over plain http', async () => {
    const local = await startBase({ url: 'http://localhost:3000' });
    const res = await request(createApp(local.ctx, { routers: [] })).get('/health');
    expect(res.headers['strict-transport-security']).toBeUndefined();
    await local.close();
  });

  test('trailing slashes lead to the same route', async () => {
    await request(app).get('/api/v1/known/').expect(200, { known: true });
  });
});

describe('errors', () => {
  const cases: [path: string, status: number, body: Record<string, unknown>][] = [
    ['/api/v1/teapot', 418, { error: 'teapot', error_description: 'short and stout' }],
    ['/api/v1/missing', 404, { error: 'Record not found' }],
    ['/api/v1/nothing-of-the-kind', 404, { error: 'Not found' }],
    ['/api/v1/twice', 422, { error: 'Duplicate record' }],
    ['/api/v1/things/%E0%A4%A', 400, { error: 'The request could not be understood' }],
  ];
  test.each(cases)('%s answers %i in JSON, also to browsers', async (path, status, body) => {
    const res = await request(app).get(path).set('Accept', 'text/html').expect(status);
    expect(res.headers['content-type']).toMatch(/^application\/json/);
    expect(res.body).toEqual(body);
  });

  test('a failed schema is a 422 that names the member', async () => {
    const res = await request(app).get('/api/v1/zod').expect(422);
    expect(res.body.error).toMatch(/^Validation failed: Name /);
  });

  test('a surprise says nothing about itself, and is logged once with its stack', async () => {
    base.logged.length = 0;
    const res = await request(app).get('/api/v1/broken?access_token=secret').expect(500);
    expect(res.text).not.toContain('hunter2');
    expect(res.text).not.toContain('at ');
    expect(base.logged).toHaveLength(1);
    const line = base.logged[0]!;
    expect(line).toMatchObject({ level: 'error', message: 'request failed' });
    expect(line.fields).toMatchObject({ status: 500, method: 'GET', path: '/api/v1/broken' });
    expect(String((line.fields['err'] as Error).stack)).toContain('hunter2');
    expect(line.fields['requestId']).toBe(res.headers['x-request-id']);
  });

  test('a refused request writes one line, a good one none', async () => {
    base.logged.length = 0;
    await request(app).get('/api/v1/known');
    await request(app).get('/api/v1/missing');
    expect(base.logged).toHaveLength(1);
    expect(base.logged[0]?.fields).toMatchObject({ status: 404, reason: 'Record not found' });
  });

  test('an error after the headers ends the connection and not the process', async () => {
    await expect(request(app).get('/api/v1/half')).rejects.toThrow();
    await request(app).get('/health').expect(200);
  });

  test('browsers get a page elsewhere when there is one; machines get JSON', async () => {
    const withPage = createApp(base.ctx, {
      routers: [],
      errorPage: ({ status, text }) => `<p>${status} ${text}</p>`,
    });
    const html = await request(withPage).get('/nowhere').set('Accept', 'text/html,*/*;q=0.8').expect(404);
    expect(html.text).toBe('<p>404 Not found</p>');
    const json = await request(withPage)
      .get('/nowhere')
      .set('Accept', 'application/activity+json')
      .expect(404);
    expect(json.body).toEqual({ error: 'Not found' });
  });
});

describe('CORS', () => {
  const open = [
    '/api/v1/known',
    '/api/v1/none',
    '/oauth/token',
    '/oauth/revoke',
    '/oauth/userinfo',
    '/.well-known/x',
    '/nodeinfo/2.0',
  ];
  test.each(open)('%s may be called from every origin, without credentials', async (path) => {
    const res = await request(app).get(path).set('Origin', 'https://elk.example');
    expect(res.headers['access-control-allow-origin']).toBe('*');
    expect(res.headers['access-control-allow-credentials']).toBeUndefined();
    for (const name of [
      'Link',
      'X-RateLimit-Reset',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-Request-Id',
      'Mastodon-Async-Refresh',
    ])
      expect(res.headers['access-control-expose-headers']).toContain(name);
  });

  test.each(['/oauth/authorize', '/auth/sign_in', '/page', '/apiary'])('%s may not', async (path) => {
    const res = await request(app).get(path).set('Origin', 'https://elk.example');
    expect(res.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('preflights are answered for all methods and the headers asked for', async () => {
    const res = await request(app)
      .options('/api/v1/statuses')
      .set('Origin', 'https://elk.example')
      .set('Access-Control-Request-Method', 'DELETE')
      .set('Access-Control-Request-Headers', 'authorization,content-type,idempotency-key')
      .expect(204);
    expect(res.headers['access-control-allow-methods']).toContain('DELETE');
    expect(res.headers['access-control-allow-methods']).toContain('PATCH');
    expect(res.headers['access-control-allow-headers']).toBe('authorization,content-type,idempotency-key');
  });
});

describe('trust in proxies', () => {
  test('the address is the right-most one that no trusted proxy wrote', async () => {
    const res = await request(app).get('/ip').set('X-Forwarded-For', '1.1.1.1, 203.0.113.9');
    expect(res.body.ip).toBe('203.0.113.9');
  });

  test('without trusted proxies the header is ignored', async () => {
    const untrusting = await startBase({ trustProxy: '' });
    const other = appWith(untrusting.ctx, (r) => r.get('/ip', (req, res) => void res.json({ ip: req.ip })));
    const res = await request(other).get('/ip').set('X-Forwarded-For', '203.0.113.9');
    expect(res.body.ip).toMatch(/127\.0\.0\.1$/);
    await untrusting.close();
  });

  test('a setting that is no address stops the start and says which', async () => {
    const wrong = await startBase({ trustProxy: 'true' });
    expect(() => createApp(wrong.ctx, { routers: [] })).toThrow(/LANDFALL_TRUST_PROXY/);
    await wrong.close();
  });
});
