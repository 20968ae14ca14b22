import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request, { type Response, type Test } from 'supertest';
import { registerApp } from '../../src/domain/apps.js';
import { issueToken } from '../../src/domain/tokens.js';
import { hasAnyScope, knownScopes } from '../../src/policy/scopes.js';
import { startInstance, type Instance } from '../support/instance.js';
import { endpoints, isAbsent, nameOf, type Endpoint } from './contract.js';
import { heldElsewhere, notCalled, notProvoked } from './reasons.js';
import { clientOf, ok } from './support.js';
import { say, startWorld, type Person, type World } from './writes/kit.js';
import { writeTable } from './writes/index.js';

/** Every answer but 200 that the contract documents, provoked; or a reason why it cannot come (reasons.ts). */

let w: World;
/** Where limits are on and public timelines are for members. */
let strict: Instance;
const tokens = { app: '', wrong: new Map<string, string>() };
const unknown = '123456789012345678';

beforeAll(async () => {
  w = await startWorld();
  strict = await startInstance({
    rateLimits: true,
    testMode: false,
    publicTimelines: false,
    registrations: 'open',
  });
  tokens.app = await appToken(w.instance);
});
afterAll(async () => {
  await w.instance.close();
  await strict.close();
});

async function appToken(instance: Instance): Promise<string> {
  const scopes = [...knownScopes];
  const redirectUris = ['urn:ietf:wg:oauth:2.0:oob'];
  const { app } = await registerApp(instance.ctx, { name: 'app', redirectUris, scopes });
  return (await issueToken(instance.ctx, { app, user: null, scopes })).secret;
}

/** A token of an owner with every scope but those that would do. */
async function tokenWithout(scopes: string[]): Promise<string> {
  const key = scopes.join(' ');
  const rest = knownScopes.filter((s) => !hasAnyScope([s], scopes));
  const made =
    tokens.wrong.get(key) ??
    (await w.instance.createUser(`w${tokens.wrong.size}`, { scopes: rest, role: 'owner' })).token;
  tokens.wrong.set(key, made);
  return made;
}

interface Call {
  ids?: string[];
  body?: object;
  token?: string | null;
  at?: Instance;
}

function call(e: Endpoint, { ids = [], body, token = w.owner.token, at = w.instance }: Call): Test {
  const left = [...ids];
  const path = e.path.replace(/:[a-z_]+/g, () => encodeURIComponent(left.shift() ?? unknown));
  const sent = request(at.url)[e.method.toLowerCase() as 'get'](path);
  if (token !== null) void sent.set('Authorization', `Bearer ${token}`);
  return e.method === 'GET' ? sent.query(body ?? {}) : body ? sent.send(body) : sent;
}

type Provoke = (e: Endpoint) => Promise<Response> | Test;
const long = 'x'.repeat(20_000);

/** With what the happy call needs, but another body. */
const withBody =
  (body: object, key?: string): Provoke =>
  async (e) => {
    const write = await writeTable[key ?? nameOf(e)]?.(w);
    const token = write?.as === undefined ? w.alice.token : (write.as?.token ?? null);
    return call(e, { ids: write?.ids ?? [], body, token });
  };

/** Of things that are there, what alice may not do. */
const own =
  (make: (who: Person) => Promise<{ ids: string[]; body?: object }>): Provoke =>
  async (e) =>
    call(e, { ...(await make(w.alice)), token: w.alice.token });

const twice: Provoke = async (e) => {
  const write = await writeTable[nameOf(e)]?.(w);
  const given = { ids: write?.ids ?? [], body: write?.body ?? {}, token: write?.as?.token ?? w.alice.token };
  await call(e, given);
  return call(e, given);
};

const provoked: Record<string, Provoke> = {
  '400 GET /oauth/authorize': (e) =>
    call(e, { body: { response_type: 'code', client_id: 'nobody', redirect_uri: 'x:y' }, token: null }),
  '400 POST /oauth/token': async (e) => {
    const app = await ok<{ client_id: string; client_secret: string }>(
      w.alice.api.post('/api/v1/apps', { client_name: 'x', redirect_uris: 'urn:ietf:wg:oauth:2.0:oob' }),
    );
    const { client_id, client_secret } = app;
    const grant = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'urn:ietf:wg:oauth:2.0:oob' };
    return call(e, { body: { ...grant, client_id, client_secret }, token: null });
  },
  '401 POST /oauth/token': (e) =>
    call(e, { body: { grant_type: 'client_credentials', client_id: 'a', client_secret: 'b' }, token: null }),
  '403 POST /oauth/revoke': (e) =>
    call(e, { body: { client_id: 'a', client_secret: 'b', token: 'c' }, token: null }),
  '404 GET /api/v1/streaming': (e) => call(e, { token: w.alice.token }),
  '401 GET /api/v2/search': (e) => call(e, { body: { q: 'x', resolve: true }, token: null }),
  '429 POST /api/v1/accounts': async (e) => {
    const token = await appToken(strict);
    for (let i = 0; i < 5; i += 1) await call(e, { token, at: strict });
    return call(e, { token, at: strict });
  },
  '404 GET /api/oembed': (e) => call(e, { body: { url: `${w.instance.url}/@a/1` } }),
  '404 GET /api/v1/accounts/lookup': (e) => call(e, { body: { acct: 'nobody' } }),
  '404 GET /api/v1/timelines/link': (e) => call(e, { body: { url: 'https://unheard.example/' } }),
  '404 POST /api/v1/reports': (e) => call(e, { body: { account_id: unknown } }),
  '404 POST /api/v1/lists/:id/accounts': withBody({ account_ids: [unknown] }),
  '404 GET /api/v1/push/subscription': (e) => call(e, { token: w.alice.token }),
  '404 PUT /api/v1/push/subscription': (e) =>
    call(e, { body: { data: { policy: 'all' } }, token: w.alice.token }),
  '404 PUT /api/v1/announcements/:id/reactions/:name': (e) => call(e, { ids: [unknown, '🎉'] }),
  '422 PUT /api/v1/announcements/:id/reactions/:name': async (e) => {
    const { ids } = (await writeTable[nameOf(e)]?.(w)) ?? {};
    return call(e, { ids: [ids?.[0] ?? '', 'not an emoji'], token: w.alice.token });
  },
  '422 PATCH /api/v1/accounts/update_credentials': (e) =>
    call(e, { body: { display_name: long.slice(0, 2000) } }),
  '422 PATCH /api/v1/profile': (e) => call(e, { body: { note: long } }),
  '422 POST /api/v1/accounts': (e) =>
    call(e, {
      body: { username: '!', email: 'x', password: 'y', agreement: false, locale: 'en' },
      token: tokens.app,
    }),
  '422 POST /api/v1/accounts/:id/endorse': own(async () => ({ ids: [(await w.person()).id] })),
  '422 POST /api/v1/accounts/:id/pin': own(async () => ({ ids: [(await w.person()).id] })),
  '422 POST /api/v1/accounts/:id/note': withBody({ comment: long.slice(0, 9000) }),
  '422 POST /api/v1/admin/accounts/:id/action': withBody({ type: 'nonsense' }),
  '422 POST /api/v1/admin/canonical_email_blocks': withBody({}),
  '422 POST /api/v1/admin/domain_allows': withBody({}),
  '422 POST /api/v1/admin/domain_blocks': withBody({}),
  '422 POST /api/v1/admin/email_domain_blocks': withBody({}),
  '422 POST /api/v1/admin/ip_blocks': withBody({ severity: 'no_access' }),
  '422 PUT /api/v1/admin/domain_blocks/:id': withBody({ severity: 'nonsense' }),
  '422 POST /api/v1/apps': withBody({ client_name: 'x' }),
  '422 POST /api/v1/domain_blocks': withBody({}),
  '422 DELETE /api/v1/domain_blocks': withBody({}),
  '422 POST /api/v1/featured_tags': withBody({}),
  '422 POST /api/v1/filters': withBody({ context: ['home'] }),
  '422 PUT /api/v1/filters/:id': withBody({ phrase: '', context: ['home'] }),
  '422 POST /api/v2/filters': withBody({ context: ['home'] }),
  '422 POST /api/v2/filters/:filter_id/keywords': withBody({}),
  '422 PUT /api/v2/filters/keywords/:id': withBody({ keyword: '' }),
  '422 POST /api/v1/lists': withBody({}),
  '422 PUT /api/v1/lists/:id': withBody({ title: '' }),
  '422 POST /api/v1/lists/:id/accounts': twice,
  '422 POST /api/v1/media': withBody({}),
  '422 POST /api/v2/media': withBody({}),
  '422 PUT /api/v1/media/:id': withBody({ description: long }),
  '422 POST /api/v1/polls/:id/votes': withBody({ choices: [7] }),
  '422 POST /api/v1/reports': (e) => call(e, { body: { account_id: w.bob.id, comment: long } }),
  '422 POST /api/v1/statuses': withBody({}),
  '422 PUT /api/v1/statuses/:id': withBody({ status: '' }),
  '422 POST /api/v1/statuses/:id/pin': own(async () => ({ ids: [(await say(w.bob, 'Not yours')).id] })),
  '422 PUT /api/v1/scheduled_statuses/:id': withBody({
    scheduled_at: new Date(Date.now() + 60_000).toISOString(),
  }),
  '404 POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke': (e) => call(e, {}),
  '404 GET /api/v1/instance/terms_of_service': (e) => call(e, {}),
};

const byKind: Record<number, (e: Endpoint) => Provoke | undefined> = {
  401: (e) => (/^(user|admin|app)$/.test(e.auth) ? () => call(e, { token: null }) : undefined),
  403: (e) =>
    /^(user|admin)$/.test(e.auth) ? async () => call(e, { token: await tokenWithout(e.scopes) }) : undefined,
  404: (e) =>
    e.path.includes(':')
      ? async () => {
          const write = await writeTable[nameOf(e)]?.(w);
          const body = {
            ...write?.body,
            ...(e.method === 'GET' &&
              Object.fromEntries(
                (e.params ?? []).filter((p) => p.required && p.in !== 'path').map((p) => [p.name, 'x']),
              )),
          };
          return call(e, { body });
        }
      : undefined,
  422: (e) => (e.auth === 'user' ? () => call(e, { token: tokens.app }) : undefined),
};

const table = endpoints
  .filter((e) => !isAbsent(e) && !notCalled[nameOf(e)])
  .flatMap((e) =>
    (e.responses ?? [])
      .filter((code) => code !== 200)
      .map((code): [string, number, Endpoint] => [`${code} ${nameOf(e)}`, code, e]),
  );

const texts: Record<number, RegExp> = {
  401: /access token is invalid|not supported without authentication|requires an authenticated user|invalid_client|Access token|token/i,
  403: /outside the authorized scopes|not allowed|unauthorized_client/,
  404: /not found/i,
  422: /^Validation failed: |^This method requires an authenticated user$|already|cannot|can't|must|Someone else/,
  429: /^Too many requests$/,
};

describe('documented answers', () => {
  const reasons: string[] = [];
  test.each(table)('%s', async (name, code, e) => {
    const reason = notProvoked[name];
    if (reason !== undefined || heldElsewhere[name]) return void reasons.push(name);
    const provoke = provoked[name] ?? byKind[code]?.(e);
    if (!provoke) throw new Error(`Nothing provokes ${name}, and no reason is given`);
    const res = await provoke(e);
    expect({ name, status: res.status, text: res.status === code ? '' : res.text }).toEqual({
      name,
      status: code,
      text: '',
    });
    if (e.path === '/oauth/authorize') return;
    expect(res.type).toBe('application/json');
    const { error } = res.body as { error: string };
    expect(error).toMatch(texts[code] ?? /./);
  });

  test('reasons are only given for what the contract documents', () => {
    const known = new Set(table.map(([name]) => name));
    const left = Object.keys(notProvoked).filter((name) => !known.has(name) && !notCalled[name.slice(4)]);
    expect(left).toEqual([]);
    process.stdout.write(
      `Contract: ${table.length - reasons.length} of ${table.length} documented answers provoked\n`,
    );
  });
});

test('what is not there is 404 in JSON, whatever the method', async () => {
  for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
    const res = await clientOf(w.instance, w.alice)[method]('/api/v1/annual_reports/2025');
    expect([res.status, res.type, typeof (res.body as { error: string }).error]).toEqual([
      404,
      'application/json',
      'string',
    ]);
  }
  expect(await ok(w.alice.api.get('/api/v1/accounts/verify_credentials'))).toMatchObject({ id: w.alice.id });
});

describe('where Mastodon’s code differs from its documentation', () => {
  test('a suspended account is shown as such, with nothing in it', async () => {
    const gone = await w.person();
    await say(gone, 'Before');
    await ok(w.owner.api.post(`/api/v1/admin/accounts/${gone.id}/action`, { type: 'suspend' }));
    const path = `/api/v1/accounts/${gone.id}`;
    const nobody = clientOf(w.instance);
    expect(await ok(nobody.get(path))).toMatchObject({ id: gone.id, suspended: true, note: '' });
    for (const list of ['statuses', 'followers', 'following'])
      expect([200, 404]).toContain((await nobody.get(`${path}/${list}`)).status);
  });

  test('timelines for members ask for somebody: 422', async () => {
    for (const path of ['public', 'tag/x', 'link?url=https://a.example/']) {
      const res = await clientOf(strict).get(`/api/v1/timelines/${path}`);
      expect({ path, status: res.status, body: res.body }).toEqual({
        path,
        status: 422,
        body: { error: 'This method requires an authenticated user' },
      });
    }
  });
});
