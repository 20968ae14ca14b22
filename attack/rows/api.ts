import type { Json } from '../peer.js';
import { CouldNotAsk, NotApplicable, row, type Row } from '../row.js';
import type { Stage } from '../stage.js';
import type { Lines } from '../wire.js';

const json: Lines = [['Content-Type', 'application/json']];
const closed = [401, 403, 404, 405, 422];

/** A post of the token's owner. */
async function posted(t: Stage, body: Json): Promise<{ id: string; path: string }> {
  const answer = await t.api('POST', '/api/v1/statuses', body);
  const { id, uri } = (answer.json ?? {}) as Record<string, string>;
  if (answer.status !== 200 || !id || !uri) throw new CouldNotAsk(`it took no post (${answer.status})`);
  return { id, path: new URL(uri).pathname };
}

export const rows: Row[] = [
  row(169, 'VIS_ORACLE', ['token'], async (t) => {
    const { id } = await posted(t, { status: 'for nobody', visibility: 'direct' });
    const missing = String(BigInt(id) - 1n);
    for (const tail of ['', '/context', '/favourited_by', '/reblogged_by', '/history', '/source']) {
      const [hidden, absent] = await Promise.all(
        [id, missing].map((one) => t.get(`/api/v1/statuses/${one}${tail}`)),
      );
      t.expect(
        hidden?.status === absent?.status && hidden?.body === absent?.body,
        `${tail || 'the post'}: hidden (${hidden?.status}) and missing (${absent?.status}) differ`,
      );
    }
  }),
  row(172, 'VIS_SUFFIX', ['token'], async (t) => {
    const word = `harbour${Date.now()}`;
    for (const visibility of ['private', 'direct']) {
      const { path } = await posted(t, { status: word, visibility });
      for (const address of [
        path,
        `${path}/activity`,
        `${path}.json`,
        `${path}?format=json`,
        `${path}/`,
        path.replace('/', '//'),
        `${path}/embed`,
        `${path}/replies`,
      ])
        for (const accept of ['application/activity+json', 'text/html']) {
          const { body } = await t.get(address, [
            ['Host', t.target.host],
            ['Accept', accept],
          ]);
          t.expect(
            !body.includes(word),
            `${visibility}, ${address.slice(-12)} as ${accept}: shown to nobody in particular`,
          );
        }
    }
  }),
  row(170, 'VIS_OUTBOX', ['token', 'actor'], async (t) => {
    const word = `beacon${Date.now()}`;
    for (const visibility of ['private', 'direct']) await posted(t, { status: word, visibility });
    const outbox = `${new URL(t.target.actor?.uri ?? '').pathname}/outbox`;
    for (const path of [
      outbox,
      `${outbox}?page=true`,
      `${outbox}?page=1`,
      '/api/v1/timelines/public',
      '/api/v1/timelines/public?local=true',
    ]) {
      const { body } = await t.get(path, [
        ['Host', t.target.host],
        ['Accept', 'application/activity+json'],
      ]);
      t.expect(!body.includes(word), `${path} shows it`);
    }
  }),
  row(181, 'CACHE_PRIVATE', ['token'], async (t) => {
    for (const path of [
      '/api/v1/accounts/verify_credentials',
      '/api/v1/timelines/home',
      '/api/v1/notifications',
    ]) {
      const { headers } = await t.api('GET', path);
      t.expect(
        /private|no-store/.test(String(headers['cache-control'])),
        `${path}: ${headers['cache-control'] ?? 'nothing said'}`,
      );
    }
  }),
  row(237, 'OA_SCHEME', ['api'], async (t) => {
    for (const redirect_uris of ['javascript:alert(1)', 'data:text/html,x']) {
      const { status } = await t.ask({
        path: '/api/v1/apps',
        lines: json,
        body: JSON.stringify({ client_name: 'x', redirect_uris }),
      });
      if (status === 429) throw new CouldNotAsk('its limit of requests is reached');
      t.expect(status >= 400 && status < 500, `${redirect_uris}: answered ${status}`);
    }
  }),
  row(236, 'OA_REDIRECT', ['api'], async (t) => {
    const callback = 'https://client.example/callback';
    const made = await t.ask({
      path: '/api/v1/apps',
      lines: json,
      body: JSON.stringify({ client_name: 'x', redirect_uris: callback }),
    });
    if (made.status !== 200) throw new CouldNotAsk(`it registers no client (${made.status})`);
    const { client_id } = JSON.parse(made.body) as { client_id: string };
    for (const redirect_uri of [
      `${callback}/../x`,
      `${callback}?x=1`,
      `${callback}#f`,
      'https://client.example.evil.example/callback',
      'https://client.example@evil.example/callback',
    ]) {
      const query = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', scope: 'read' });
      const { headers } = await t.get(`/oauth/authorize?${query.toString()}`, [['Accept', 'text/html']]);
      t.expect(
        !/evil\.example|client\.example/.test(String(headers.location ?? '').split('?')[0] ?? ''),
        `${redirect_uri}: sent on to ${headers.location}`,
      );
    }
  }),
  row(245, 'OA_GRANT', ['api'], async (t) => {
    for (const grant_type of ['password', 'implicit']) {
      const { status } = await t.ask({
        path: '/oauth/token',
        lines: json,
        body: JSON.stringify({
          grant_type,
          username: 'x',
          password: 'y',
          client_id: 'z',
          client_secret: 'z',
        }),
      });
      t.expect(status >= 400 && status < 500, `${grant_type}: answered ${status}`);
    }
  }),
  row(248, 'OA_ADMIN_ROUTES', ['api'], async (t) => {
    for (const path of ['/oauth/applications', '/oauth/token/info', '/oauth/authorized_applications']) {
      const { status } = await t.get(path, [['Accept', 'application/json']]);
      t.expect(status !== 200 && status < 500, `${path}: answered ${status}`);
    }
  }),
  row(271, 'ADMIN_AUTHZ', ['api'], async (t) => {
    for (const [method, path] of [
      ['GET', '/api/v1/admin/accounts'],
      ['GET', '/api/v1/admin/reports'],
      ['GET', '/api/v1/admin/domain_blocks'],
      ['POST', '/api/v1/admin/domain_blocks'],
      ['POST', '/api/v1/admin/accounts/1/action'],
      ['POST', '/api/v1/admin/measures'],
      ['POST', '/api/v1/admin/retention'],
    ] as const) {
      const { status } = await t.ask({ method, path, lines: json, ...(method === 'POST' && { body: '{}' }) });
      t.expect(closed.includes(status), `${method} ${path} for nobody: answered ${status}`);
    }
  }),
  row(273, 'CORS', ['api'], async (t) => {
    const { headers } = await t.get('/api/v1/instance', [['Origin', 'https://evil.example']]);
    t.expect(
      headers['access-control-allow-credentials'] !== 'true',
      'credentials are let through from anywhere',
    );
    const page = await t.get('/oauth/authorize', [
      ['Origin', 'https://evil.example'],
      ['Accept', 'text/html'],
    ]);
    t.expect(
      page.headers['access-control-allow-credentials'] !== 'true',
      'the page of consent can be read from anywhere',
    );
  }),
  row(276, 'METHOD_GET', ['token'], async (t) => {
    for (const path of [
      '/api/v1/accounts/1/follow',
      '/api/v1/accounts/1/block',
      '/api/v1/statuses/1/favourite',
      '/oauth/revoke',
    ]) {
      const { status } = await t.api('GET', path);
      t.expect(closed.includes(status), `GET ${path}: answered ${status}`);
    }
  }),
  row(269, 'PAGE_PARAMS', ['api'], async (t) => {
    for (const query of [
      'limit=-1',
      'limit=1e9',
      'limit[]=1',
      'max_id=abc',
      'max_id=99999999999999999999',
      'a[__proto__]=b&a[length]=100000000',
      `q=${'x'.repeat(5000)}`,
    ]) {
      const { status } = await t.get(`/api/v1/timelines/public?${query}`);
      t.expect(status < 500, `${query.slice(0, 30)}: answered ${status}`);
    }
  }),
  row(279, 'STR_AUTH', ['api'], async (t) => {
    for (const path of [
      '/api/v1/streaming/user',
      '/api/v1/streaming?stream=user',
      '/api/v1/streaming/user?access_token=x',
    ]) {
      const { status } = await t.get(path);
      if (status === 200) t.expect(false, `${path} is open to everybody`);
      if (status === 502) throw new NotApplicable('no streams here');
      t.expect(status < 500, `${path}: answered ${status}`);
    }
  }),
];
