import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { authorizeUrl, decide, register, toConsent } from '../oauth/support.js';
import { freshAddress, openDoor, type Door } from './door-kit.js';
import { raw, type Answer } from './kit.js';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  await door.person('bob');
});
afterAll(() => door?.close());

type Lines = [string, string][];
const json: Lines = [['Content-Type', 'application/json']];
const app = (extra: object = {}): string =>
  JSON.stringify({ client_name: 'Mine', redirect_uris: 'https://client.example/cb', ...extra });
const registerFrom = (lines: Lines, path = '/api/v1/apps', on: Pick<Door, 'us'> = door): Promise<Answer> =>
  raw(on, { path, lines: [...json, ...lines], body: app() });
const from = (address: string): Lines => [['X-Forwarded-For', address]];
const statusesOf = async (count: number, act: (i: number) => Promise<Answer>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) statuses.push((await act(i)).status);
  return statuses;
};

test('#241 OA_FORMACTION', async () => {
  const agent = door.browser();
  const policyOf = async (path: string) => String((await agent.get(path)).headers['content-security-policy']);
  for (const redirect of ['https://client.example/callback', 'myapp://oauth/callback']) {
    const { client_id } = await register(door.us.app as never, { redirect_uris: redirect });
    const url = authorizeUrl({ client_id, scope: 'read', redirect_uri: redirect });
    const text = await toConsent(agent, url, 'bob');
    expect(await policyOf(url)).not.toContain('form-action');
    const allowed = await decide(agent, text, 'allow');
    expect(String(allowed.headers['location'])).toMatch(new RegExp(`^${redirect}\\?code=`));
    const elsewhere = await agent.get(
      authorizeUrl({ client_id, scope: 'read', redirect_uri: `${redirect}x` }),
    );
    expect([elsewhere.status, elsewhere.headers['location']]).toEqual([400, undefined]);
    expect(String(elsewhere.headers['content-security-policy'])).toContain("form-action 'self'");
  }
  for (const path of [
    '/',
    '/@bob',
    '/auth/settings',
    '/auth/settings/passkeys',
    '/auth/password',
    '/nowhere',
  ])
    expect([path, await policyOf(path)]).toEqual([path, expect.stringMatching(/;form-action 'self'(;|$)/)]);
});

test('#249 OA_APPS_FLOOD', async () => {
  const address = freshAddress();
  const statuses = await statusesOf(100, () => registerFrom(from(address)));
  expect(statuses).toEqual([...Array<number>(5).fill(200), ...Array<number>(95).fill(429)]);
  const before = await door.us.ctx.db.apps.countDocuments({});
  const hostile: [string, object][] = [
    ['a name of a megabyte', { client_name: 'x'.repeat(1_000_000) }],
    ['a name of a screen', { client_name: 'x'.repeat(500) }],
    ['a script', { website: 'javascript:alert(1)' }],
    ['a long page', { website: `https://x.example/${'x'.repeat(5000)}` }],
    ['no scope', { scopes: 'x'.repeat(5000) }],
    ['many targets', { redirect_uris: Array.from({ length: 500 }, (_, i) => `https://x.example/${i}`) }],
  ];
  for (const [name, extra] of hostile) {
    const lines = [...json, ...from(freshAddress())];
    const { status } = await raw(door, { path: '/api/v1/apps', lines, body: app(extra) });
    expect([name, status, [400, 413, 422].includes(status)]).toEqual([name, status, true]);
  }
  expect(await door.us.ctx.db.apps.countDocuments({})).toBe(before);
});

test('#265 XFF_SPOOF', async () => {
  // Nobody is believed.
  const alone = await openDoor({ trustProxy: '' });
  try {
    const names = [
      'X-Forwarded-For',
      'X-Real-IP',
      'Client-Ip',
      'Forwarded',
      'CF-Connecting-IP',
      'True-Client-IP',
    ];
    const statuses = await statusesOf(60, (i) => {
      const address = freshAddress();
      const name = names[i % names.length] ?? '';
      return registerFrom([[name, name === 'Forwarded' ? `for=${address}` : address]], '/api/v1/apps', alone);
    });
    expect(statuses).toEqual([...Array<number>(5).fill(200), ...Array<number>(55).fill(429)]);
  } finally {
    await alone.close();
  }
  // One proxy is believed, and nobody to the left of it.
  const address = freshAddress();
  const behind = await statusesOf(20, (i) =>
    registerFrom([
      ['X-Forwarded-For', `${freshAddress()}, 127.0.0.1, ${address}`],
      ['X-Real-IP', freshAddress()],
      ['Forwarded', `for=${freshAddress()}`],
      ...(i % 2 ? [['CF-Connecting-IP', freshAddress()] as [string, string]] : []),
    ]),
  );
  expect(behind).toEqual([...Array<number>(5).fill(200), ...Array<number>(15).fill(429)]);
  expect((await registerFrom(from(freshAddress()))).status).toBe(200);
  for (const trustProxy of [
    'true',
    '*',
    'all',
    '1',
    'nonsense',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '::ffff:10.0.0.0/8',
  ])
    await expect(openDoor({ trustProxy })).rejects.toThrow(/TRUST_PROXY/);
});

test('#266 RL_VARIANTS', async () => {
  const address = '2001:db8:5:6';
  let host = 0;
  const next = (): Lines => from(`${address}::${(host += 1).toString(16)}`);
  expect(await statusesOf(5, () => registerFrom(next()))).toEqual([200, 200, 200, 200, 200]);
  const before = await door.us.ctx.db.apps.countDocuments({});
  const variants = [
    '/api/v1/apps',
    '/api/v1/apps.json',
    '/api/v1/apps/',
    '/api/v1/apps//',
    '//api/v1/apps',
    '/api//v1/apps',
    '/%61pi/v1/apps',
    '/api/v1/%61pps',
    '/API/V1/APPS',
    '/api/v1/apps?x=1',
    '/api/v1/apps;x=1',
    '/api/v1/./apps',
    '/api/v1/x/../apps',
    '/api/v1/apps%2f',
    '/api/v1/apps#x',
  ];
  for (const path of variants) {
    const asJson = await registerFrom(next(), path);
    expect([path, asJson.status, [400, 404, 429].includes(asJson.status)]).toEqual([
      path,
      asJson.status,
      true,
    ]);
    const form = await raw(door, {
      path,
      lines: [['Content-Type', 'application/x-www-form-urlencoded'], ...next()],
      body: 'client_name=Mine&redirect_uris=https%3A%2F%2Fclient.example%2Fcb',
    });
    expect([path, form.status, [400, 404, 429].includes(form.status)]).toEqual([path, form.status, true]);
  }
  for (const method of ['GET', 'HEAD', 'PUT']) {
    const lines: Lines = [
      ...json,
      ...next(),
      ['X-HTTP-Method-Override', 'POST'],
      ['X-Method-Override', 'POST'],
    ];
    const { status } = await raw(door, { method, path: '/api/v1/apps?_method=POST', lines });
    expect([method, status, [404, 405, 429].includes(status)]).toEqual([method, status, true]);
  }
  expect(await door.us.ctx.db.apps.countDocuments({})).toBe(before);
  expect((await registerFrom(from('2001:db8:5:7::1'))).status).toBe(200);
});

test('#267 RL_HEADERS', async () => {
  const lines: Lines = [['Accept', 'application/json'], ...from(freshAddress())];
  const ask = (method: string) => raw(door, { method, path: '/api/v1/instance', lines });
  const seen: Answer[] = [];
  for (let i = 0; i < 302; i++) seen.push(await ask(i % 3 === 0 ? 'HEAD' : 'GET'));
  expect(seen.slice(0, 300).map((a) => a.headers['x-ratelimit-remaining'])).toEqual(
    Array.from({ length: 300 }, (_, i) => String(299 - i)),
  );
  expect(seen.slice(0, 300).every((a) => a.status === 200)).toBe(true);
  const over = seen[301];
  expect(over).toMatchObject({
    status: 429,
    headers: {
      'x-ratelimit-limit': '300',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      'retry-after': expect.stringMatching(/^\d+$/),
      'content-type': expect.stringMatching(/^application\/json/),
    },
  });
  expect(JSON.parse(over?.body ?? '')).toEqual({ error: 'Too many requests' });
});

/** Everything that comes back for these bytes. */
function talk(bytes: string): Promise<string> {
  const { hostname, port } = new URL(door.us.url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () =>
      socket.write(bytes),
    );
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

test('#275 HOST_HDR', async () => {
  const { host } = new URL(door.us.url);
  const paths = [
    '/',
    '/@bob',
    '/users/bob',
    '/users/bob/outbox',
    '/auth/sign_in',
    '/auth/settings',
    '/api/v1/instance',
    '/api/v2/instance',
    '/api/v1/accounts/lookup?acct=bob',
    '/.well-known/oauth-authorization-server',
    '/.well-known/host-meta',
    '/.well-known/nodeinfo',
    `/.well-known/webfinger?resource=acct:bob@${host}`,
    '/nowhere',
  ];
  for (const path of paths) {
    for (const accept of ['text/html', 'application/activity+json']) {
      const lines: Lines = [
        ['Host', 'evil.example'],
        ['X-Forwarded-Host', 'evil.example'],
        ['X-Forwarded-Proto', 'gopher'],
        ['X-Original-URL', '/evil.example'],
        ['Accept', accept],
        ...from(freshAddress()),
      ];
      const answer = await raw(door, { method: 'GET', path, lines });
      expect([path, answer.status, JSON.stringify(answer.headers) + answer.body]).toEqual([
        path,
        expect.any(Number),
        expect.not.stringContaining('evil.example'),
      ]);
      expect(answer.body).not.toContain('gopher');
      expect(answer.status).toBeLessThan(500);
    }
  }
  const end = `Accept: application/json\r\nConnection: close\r\n\r\n`;
  const odd: [string, RegExp][] = [
    [`GET http://evil.example/api/v1/instance HTTP/1.1\r\nHost: ${host}\r\n${end}`, /^HTTP\/1\.1 [24]\d\d /],
    [`GET /api/v1/instance HTTP/1.1\r\nHost: \r\n${end}`, /^HTTP\/1\.1 [24]\d\d /],
    [`GET /api/v1/instance HTTP/1.1\r\n${end}`, /^HTTP\/1\.1 400 /],
    [`GET /api/v1/instance HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n${end}`, /^HTTP\/1\.1 400 /],
    [`GET /api/v1/instance HTTP/1.1\r\nHost: evil.example@x\r\n${end}`, /^HTTP\/1\.1 [24]\d\d /],
  ];
  for (const [bytes, status] of odd) {
    const answer = await talk(bytes);
    expect(answer).toMatch(status);
    expect(answer).not.toContain('evil.example');
  }
});
