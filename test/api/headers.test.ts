import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { knownScopes } from '../../src/policy/scopes.js';
import { startInstance, type Instance } from '../support/instance.js';
import { endpoints, isAbsent, type Endpoint } from './contract.js';

/** What every endpoint says beside its body. */

let instance: Instance;
let token: string;

beforeAll(async () => {
  instance = await startInstance();
  token = (await instance.createUser('owner', { scopes: [...knownScopes], role: 'owner' })).token;
});
afterAll(() => instance.close());

const present = endpoints.filter(
  (e) => !isAbsent(e) && e.path.startsWith('/api/') && e.group !== 'streaming',
);
const table = (list: Endpoint[]): [string, Endpoint][] => list.map((e) => [`${e.method} ${e.path}`, e]);
const pathOf = (e: Endpoint): string => e.path.replace(/:[a-z_]+/g, '1');
const open = [
  ...present.map((e) => [e.method, pathOf(e)] as const),
  ['POST', '/oauth/token'],
  ['POST', '/oauth/revoke'],
  ['GET', '/oauth/userinfo'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', '/.well-known/nodeinfo'],
  ['GET', '/.well-known/webfinger'],
  ['GET', '/.well-known/host-meta'],
  ['GET', '/nodeinfo/2.0'],
  ['GET', '/api/v1/nothing/of/the/kind'],
] as const;

describe('Deprecation (RFC 9745)', () => {
  /** Older names that the contract does not mark, but Mastodon does. */
  const isOld = (e: Endpoint): boolean => e.deprecated === true || e.path === '/api/v1/trends';
  const marked = present.filter(isOld);
  test('there are some', () => expect(marked.length).toBeGreaterThanOrEqual(10));

  test.each(table(present))('%s', async (_name, e) => {
    const res = await request(instance.url)
      [e.method.toLowerCase() as 'get'](pathOf(e))
      .set('Authorization', `Bearer ${token}`);
    const told = res.get('Deprecation');
    if (!isOld(e)) return expect(told).toBeUndefined();
    expect(told).toMatch(/^@\d+$/);
    const at = new Date(Number(told?.slice(1)) * 1000).toISOString();
    expect(at).toMatch(/^20(19|2\d)-\d\d-\d\dT00:00:00.000Z$/);
  });
});

describe('CORS', () => {
  const origin = 'https://elk.example';

  test.each(open)('%s %s may be called from anywhere, errors included', async (method, path) => {
    const res = await request(instance.url)[method.toLowerCase() as 'get'](path).set('Origin', origin);
    expect(res.get('Access-Control-Allow-Origin')).toBe('*');
    expect(res.get('Access-Control-Allow-Credentials')).toBeUndefined();
    const exposed = (res.get('Access-Control-Expose-Headers') ?? '').split(', ');
    for (const name of [
      'Link',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Reset',
      'X-Request-Id',
    ])
      expect(exposed).toContain(name);
    expect(res.get('X-Request-Id')).toMatch(/^[\w-]{8,}$/);
  });

  test.each(open)('%s %s allows its method and headers in a preflight', async (method, path) => {
    const res = await request(instance.url)
      .options(path)
      .set('Origin', origin)
      .set('Access-Control-Request-Method', method)
      .set('Access-Control-Request-Headers', 'authorization,content-type,idempotency-key');
    expect(res.status).toBeLessThan(300);
    expect(res.get('Access-Control-Allow-Origin')).toBe('*');
    expect(res.get('Access-Control-Allow-Methods')?.split(', ')).toContain(method);
    const headers = res.get('Access-Control-Allow-Headers')?.toLowerCase().split(/,\s*/);
    expect(headers).toEqual(expect.arrayContaining(['authorization', 'content-type', 'idempotency-key']));
  });

  test.each(['/oauth/authorize', '/auth/sign_in', '/auth/settings', '/oauth/authorized_applications', '/'])(
    '%s may not: it lives by a cookie',
    async (path) => {
      const res = await request(instance.url).get(path).set('Origin', origin).set('Accept', 'text/html');
      expect(res.get('Access-Control-Allow-Origin')).toBeUndefined();
      const preflight = await request(instance.url)
        .options(path)
        .set('Origin', origin)
        .set('Access-Control-Request-Method', 'POST');
      expect(preflight.get('Access-Control-Allow-Origin')).toBeUndefined();
    },
  );
});
