import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { registerApp } from '../../src/domain/apps.js';
import { issueToken } from '../../src/domain/tokens.js';
import { hasAnyScope, knownScopes } from '../../src/policy/scopes.js';
import { startInstance, type Instance } from '../support/instance.js';
import { endpoints, isAbsent, type Endpoint } from './contract.js';

/** Who may call each endpoint, by the contract. */

const isElsewhere = (e: Endpoint): boolean =>
  !e.path.startsWith('/api/') ||
  e.group === 'streaming' ||
  (e.path === '/api/v1/accounts' && e.method === 'POST');

const routed = endpoints
  .filter((e) => e.path.startsWith('/api/') && !isElsewhere(e))
  .flatMap((e) => [e.method, ...(e.also_methods ?? [])].map((method) => ({ ...e, method })));
const present = routed.filter((e) => !isAbsent(e));
const name = (e: Endpoint): string => `${e.method} ${e.path}`;
const table = (list: Endpoint[]): [string, Endpoint][] => list.map((e) => [name(e), e]);

let instance: Instance;
const tokens = {
  app: '',
  wrong: new Map<string, string>(),
  good: '',
  staff: '',
  suspended: '',
  unconfirmed: '',
};

beforeAll(async () => {
  instance = await startInstance();
  const scopes = [...knownScopes];
  tokens.good = (await instance.createUser('good', { scopes })).token;
  tokens.staff = (await instance.createUser('staff', { scopes, role: 'owner' })).token;
  const suspended = await instance.createUser('suspended', { scopes });
  tokens.suspended = suspended.token;
  const { db } = instance.ctx;
  const suspendedAt = '2025-01-01T00:00:00.000Z';
  await db.accounts.updateOne({ _id: suspended.account._id }, { $set: { suspendedAt } });
  tokens.unconfirmed = (await instance.createUser('unconfirmed', { scopes, confirmed: false })).token;
  const { app } = await registerApp(instance.ctx, {
    name: 'app',
    redirectUris: ['urn:ietf:wg:oauth:2.0:oob'],
    scopes,
  });
  tokens.app = (await issueToken(instance.ctx, { app, user: null, scopes })).secret;
});
afterAll(() => instance.close());

/** A token with every scope but those that would do. */
async function tokenWithout(scopes: string[]): Promise<string> {
  const key = scopes.join(' ');
  const known = tokens.wrong.get(key);
  if (known) return known;
  const rest = knownScopes.filter((s) => !hasAnyScope([s], scopes));
  const { token } = await instance.createUser(`wrong${tokens.wrong.size}`, { scopes: rest });
  tokens.wrong.set(key, token);
  return token;
}

async function call(e: Endpoint, token: string | null): Promise<{ status: number; error: unknown }> {
  const path = e.path.replace(/:[a-z_]+/g, '1');
  const sent = request(instance.url)[e.method.toLowerCase() as 'get'](path);
  const res = await (token === null ? sent : sent.set('Authorization', `Bearer ${token}`));
  expect(res.type).toBe('application/json');
  return { status: res.status, error: (res.body as { error?: unknown } | null)?.error };
}

describe('endpoints that are not there', () => {
  test.each(table(routed.filter(isAbsent)))('%s', async (_name, e) => {
    expect((await call(e, tokens.good)).status).toBe(404);
  });
});

describe('endpoints for people whose address is not confirmed yet', () => {
  test.each(table(present.filter((e) => e.group === 'emails')))('%s', async (_name, e) => {
    expect((await call(e, null)).status).toBe(401);
    expect((await call(e, tokens.app)).status).toBe(422);
    expect((await call(e, tokens.suspended)).status).toBe(403);
    expect(await call(e, await tokenWithout(e.scopes ?? []))).toEqual({
      status: 403,
      error: 'This action is outside the authorized scopes',
    });
    const unconfirmed = await call(e, tokens.unconfirmed);
    expect(unconfirmed.error).not.toBe('Your login is missing a confirmed e-mail address');
  });
});

describe('endpoints for people who are signed in', () => {
  const forUsers = present.filter((e) => e.auth === 'user' && e.group !== 'emails');
  test.each(table(forUsers))('%s', async (_name, e) => {
    expect(await call(e, null)).toEqual({ status: 401, error: 'The access token is invalid' });
    expect(await call(e, 'nonsense')).toEqual({ status: 401, error: 'The access token is invalid' });
    expect(await call(e, tokens.app)).toEqual({
      status: 422,
      error: 'This method requires an authenticated user',
    });
    expect((await call(e, tokens.suspended)).status).toBe(403);
    expect((await call(e, tokens.unconfirmed)).status).toBe(403);
    if (e.scopes?.length) {
      expect(await call(e, await tokenWithout(e.scopes))).toEqual({
        status: 403,
        error: 'This action is outside the authorized scopes',
      });
    }
    expect([401, 403]).not.toContain((await call(e, tokens.good)).status);
  });
});

describe('endpoints for staff', () => {
  const forStaff = present.filter((e) => e.auth === 'admin');
  test('are all there', () => {
    expect(new Set(forStaff.map((e) => e.path)).size).toBeGreaterThan(40);
  });
  test.each(table(forStaff))('%s', async (_name, e) => {
    expect(await call(e, null)).toEqual({ status: 401, error: 'The access token is invalid' });
    expect((await call(e, tokens.app)).status).toBe(422);
    expect(await call(e, tokens.good)).toEqual({ status: 403, error: 'This action is not allowed' });
    expect((await call(e, tokens.suspended)).status).toBe(403);
    expect((await call(e, tokens.unconfirmed)).status).toBe(403);
    expect(await call(e, await tokenWithout(e.scopes))).toEqual({
      status: 403,
      error: 'This action is outside the authorized scopes',
    });
    expect([401, 403, 500]).not.toContain((await call(e, tokens.staff)).status);
  });
});

describe('endpoints for anybody, where a token still needs its scope', () => {
  const forAll = present.filter((e) => e.auth === 'user-optional');
  test.each(table(forAll))('%s', async (_name, e) => {
    expect([401, 403]).not.toContain((await call(e, null)).status);
    expect([401, 403]).not.toContain((await call(e, tokens.app)).status);
    if (e.scopes?.length) expect((await call(e, await tokenWithout(e.scopes))).status).toBe(403);
    expect((await call(e, tokens.suspended)).status).toBe(403);
  });
});

describe('endpoints for any token', () => {
  test.each(table(present.filter((e) => e.auth === 'app')))('%s', async (_name, e) => {
    expect((await call(e, null)).status).toBe(401);
    expect([401, 403, 422]).not.toContain((await call(e, tokens.app)).status);
  });
});

describe('endpoints for anybody', () => {
  test.each(table(present.filter((e) => e.auth === 'public')))('%s', async (_name, e) => {
    expect([401, 403, 500]).not.toContain((await call(e, null)).status);
  });
});
