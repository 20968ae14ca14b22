import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deleteAccount } from '../../../src/domain/deletion.js';
import { publishStatus } from '../../../src/domain/statuses.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { browser, get } from './kit.js';

let instance: Instance;
let alice: TestUser;

beforeAll(async () => {
  instance = await startInstance({ handleDomain: 'handles.test' });
  alice = await instance.createUser('Alice');
  await instance.ctx.db.hosts.insertOne({ _id: '9', name: 'old.test', role: 'former' });
});
afterAll(() => instance.close());

const finger = (resource: string) =>
  get(`${instance.url}/.well-known/webfinger?resource=${encodeURIComponent(resource)}`, { accept: '*/*' });

describe('WebFinger', () => {
  const host = () => instance.ctx.names.host;
  const forms: [string, () => string][] = [
    ['the handle', () => 'acct:Alice@handles.test'],
    ['in any case', () => 'ACCT:aLICE@HANDLES.test'],
    ['with an @', () => '@alice@handles.test'],
    ['without acct:', () => 'alice@handles.test'],
    ['at the host of the server', () => `acct:alice@${host()}`],
    ['the actor', () => `${instance.url}/users/Alice`],
    ['the profile', () => `${instance.url}/@alice`],
  ];

  test.each(forms)('%s', async (_name, resource) => {
    const { status, headers, json } = await finger(resource());
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/jrd+json; charset=utf-8');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(json).toEqual({
      subject: 'acct:Alice@handles.test',
      aliases: [`${instance.url}/@Alice`, `${instance.url}/users/Alice`],
      links: [
        { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `${instance.url}/@Alice` },
        { rel: 'self', type: 'application/activity+json', href: `${instance.url}/users/Alice` },
        {
          rel: 'http://ostatus.org/schema/1.0/subscribe',
          template: `${instance.url}/authorize_interaction?uri={uri}`,
        },
      ],
    });
  });

  test('and NodeInfo have an ETag, and are not sent again to those who have them', async () => {
    const paths = ['/.well-known/webfinger?resource=acct:Alice@handles.test', '/nodeinfo/2.1'];
    for (const path of paths) {
      const first = await get(instance.url + path);
      const etag = first.headers.get('etag')!;
      const again = await get(instance.url + path, { 'if-none-match': `"other", ${etag}` });
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
      expect((await get(instance.url + path, { 'if-none-match': '"other"' })).text).toBe(first.text);
    }
  });

  test('the instance actor by its URL', async () => {
    expect((await finger(`${instance.url}/actor`)).json).toMatchObject({
      links: expect.arrayContaining([
        expect.objectContaining({ rel: 'self', href: `${instance.url}/actor` }),
      ]),
    });
  });

  test.each([
    ['acct:nobody@handles.test', 404],
    ['acct:alice@elsewhere.test', 404],
    ['https://elsewhere.test/users/alice', 404],
    ['nonsense', 400],
    ['acct:alice', 400],
    ['', 400],
    ['mailto:alice@handles.test', 400],
    ['acct:al ice@handles.test', 400],
    [`acct:${'a'.repeat(5000)}@handles.test`, 400],
  ])('%s: %i', async (resource, expected) => {
    const { status, json, headers } = await finger(resource);
    expect(status).toBe(expected);
    expect(json).toHaveProperty('error');
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  test('no resource, or several: 400', async () => {
    for (const query of ['', '?resource[]=a', '?resource[a]=b', '?rel=self'])
      expect([query, (await get(`${instance.url}/.well-known/webfinger${query}`)).status]).toEqual([
        query,
        400,
      ]);
  });

  test('who left or was suspended is gone, under every name', async () => {
    const left = await instance.createUser('left');
    await deleteAccount(instance.ctx, left.account);
    const out = await instance.createUser('out');
    await instance.ctx.db.accounts.updateOne(
      { _id: out.account._id },
      { $set: { suspendedAt: '2026-01-01T00:00:00.000Z' } },
    );
    for (const resource of [
      'acct:left@handles.test',
      'acct:out@handles.test',
      left.account.uri,
      out.account.url,
    ])
      expect([resource, (await finger(resource)).status]).toEqual([resource, 410]);
  });

  test('the subscribe template leads somewhere, and what it is given is only text', async () => {
    const page = await get(
      `${instance.url}/authorize_interaction?uri=${encodeURIComponent('<script>alert(1)</script>')}`,
      { accept: browser },
    );
    expect(page.status).toBe(200);
    expect(page.text).toContain('&lt;script&gt;');
    expect(page.text).not.toContain('<script>');
  });
});

describe('host-meta', () => {
  const template = () => `${instance.url}/.well-known/webfinger?resource={uri}`;

  test('as XML', async () => {
    const { headers, text } = await get(`${instance.url}/.well-known/host-meta`, {
      accept: 'application/xrd+xml',
    });
    expect(headers.get('content-type')).toBe('application/xrd+xml; charset=utf-8');
    expect(text).toContain(`template="${template()}"`);
    expect((await get(`${instance.url}/.well-known/host-meta`, { accept: '*/*' })).text).toBe(text);
  });

  test('as JSON', async () => {
    const { json } = await get(`${instance.url}/.well-known/host-meta.json`);
    expect(json).toMatchObject({ links: [{ rel: 'lrdd', template: template() }] });
    expect((await get(`${instance.url}/.well-known/host-meta`, { accept: 'application/json' })).json).toEqual(
      json,
    );
  });
});

describe('NodeInfo', () => {
  test('leads to both versions', async () => {
    const { json, headers } = await get(`${instance.url}/.well-known/nodeinfo`);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    const links = json['links'] as { rel: string; href: string }[];
    expect(links.map((l) => l.rel)).toEqual([
      'http://nodeinfo.diaspora.software/ns/schema/2.1',
      'http://nodeinfo.diaspora.software/ns/schema/2.0',
      'https://www.w3.org/ns/activitystreams#Application',
    ]);
    for (const { href } of links) expect((await get(href)).status).toBe(200);
  });

  test.each(['2.0', '2.1'])(
    '%s has what the schema wants, and the hook by which clients know the API',
    async (version) => {
      await publishStatus(instance.ctx, alice.account, { text: 'Counted' });
      const { json, headers } = await get(`${instance.url}/nodeinfo/${version}`);
      expect(headers.get('content-type')).toContain(
        `profile="http://nodeinfo.diaspora.software/ns/schema/${version}#"`,
      );
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(json).toMatchObject({
        version,
        software: { name: 'landfall', version: expect.any(String) },
        protocols: ['activitypub'],
        services: { inbound: [], outbound: [] },
        openRegistrations: false,
        usage: {
          users: {
            total: expect.any(Number),
            activeMonth: expect.any(Number),
            activeHalfyear: expect.any(Number),
          },
          localPosts: expect.any(Number),
        },
        metadata: { upstream: { name: 'mastodon' } },
      });
    },
  );

  test('an unknown version is not there', async () => {
    expect((await get(`${instance.url}/nodeinfo/3.0`)).status).toBe(404);
  });
});
