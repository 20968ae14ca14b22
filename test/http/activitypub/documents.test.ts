import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deleteAccount } from '../../../src/domain/deletion.js';
import { favourite } from '../../../src/domain/favourites.js';
import { pin } from '../../../src/domain/pins.js';
import { reblog } from '../../../src/domain/reblogs.js';
import { publishStatus } from '../../../src/domain/statuses.js';
import { deleteStatus } from '../../../src/domain/statuses-delete.js';
import { loadActor } from '../../../src/outbox/objects/load.js';
import { toWire } from '../../../src/outbox/wire.js';
import { featureTag } from '../../../src/domain/featured-tags.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { activityJson, browser, follows, get } from './kit.js';

let instance: Instance;
let alice: TestUser;
let url: string;

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('Alice');
  url = instance.url;
});
afterAll(() => instance.close());

const post = (text: string, more: object = {}) =>
  publishStatus(instance.ctx, alice.account, { text, ...more });

describe('actors', () => {
  test('the actor, under its IRI and its page, in any case', async () => {
    for (const path of ['/users/Alice', '/users/alice', '/@alice', '/@ALICE']) {
      const { status, json, headers } = await get(url + path);
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('application/activity+json; charset=utf-8');
      expect(json).toMatchObject({
        id: `${url}/users/Alice`,
        type: 'Person',
        preferredUsername: 'Alice',
        inbox: `${url}/users/Alice/inbox`,
        publicKey: { owner: `${url}/users/Alice`, publicKeyPem: expect.stringContaining('BEGIN PUBLIC KEY') },
        assertionMethod: [{ type: 'Multikey' }],
      });
      expect(json['@context']).toBeDefined();
    }
  });

  test('the instance actor', async () => {
    const { json } = await get(`${url}/actor`);
    expect(json).toMatchObject({ id: `${url}/actor`, type: 'Application', inbox: `${url}/actor/inbox` });
    expect((await get(`${url}/actor/outbox`)).json).toMatchObject({ totalItems: 0 });
    expect((await get(`${url}/users/${encodeURIComponent(instance.ctx.names.handleDomain)}`)).status).toBe(
      404,
    );
  });

  test.each([
    '/users/nobody',
    '/@nobody',
    '/users/nobody/outbox',
    '/users/a b',
    '/users/..%2fAlice',
    '/@nobody/1',
  ])('%s is 404 as JSON', async (path) => {
    const { status, json } = await get(url + path);
    expect(status).toBe(404);
    expect(json).toHaveProperty('error');
  });
});

describe('document or page at one URL', () => {
  test('a browser at the actor is sent to the profile, which names its document', async () => {
    const sent = await get(`${url}/users/Alice`, { accept: browser });
    expect([sent.status, sent.headers.get('location')]).toEqual([302, `${url}/@Alice`]);
    const page = await get(`${url}/@Alice`, { accept: browser });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('link')).toBe(
      `<${url}/users/Alice>; rel="alternate"; type="application/activity+json"`,
    );
    expect(page.text).toContain('Alice');
  });

  test('a status', async () => {
    const status = await post('A post for people');
    const sent = await get(status.uri, { accept: browser });
    expect([sent.status, sent.headers.get('location')]).toEqual([302, status.url]);
    const page = await get(status.url!, { accept: browser });
    expect(page.text).toContain('A post for people');
    expect((await get(status.url!)).json).toMatchObject({ id: status.uri, type: 'Note' });
  });

  test('the front page, and hashtags', async () => {
    expect((await get(`${url}/`, { accept: browser })).headers.get('content-type')).toContain('text/html');
    expect((await get(`${url}/`)).headers.get('location')).toBe(`${url}/actor`);
    await post('about #Cats');
    expect((await get(`${url}/tags/cats`, { accept: browser })).text).toContain('Cats');
    const first = (await get(`${url}/tags/Cats`)).json['first'] as string;
    expect((await get(first)).json).toMatchObject({
      type: 'OrderedCollectionPage',
      orderedItems: [expect.any(String)],
    });
  });

  test('every answer says on what it depends, errors and redirects too', async () => {
    const status = await post('vary');
    for (const path of [
      '/users/Alice',
      '/users/nobody',
      '/@Alice',
      new URL(status.uri).pathname,
      '/users/Alice/statuses/1',
    ]) {
      for (const accept of [browser, activityJson]) {
        const { headers } = await get(url + path, { accept });
        expect(headers.get('vary')).toMatch(/Accept/);
        expect(headers.get('vary')).toMatch(/Signature/);
      }
    }
  });

  test('a document has an ETag and may be kept for a while; with a token it may not', async () => {
    const first = await get(`${url}/users/Alice`);
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
    const second = await get(`${url}/users/Alice`, { 'if-none-match': etag });
    expect([second.status, second.text]).toEqual([304, '']);
    const own = await get(`${url}/users/Alice`, { authorization: `Bearer ${alice.token}` });
    expect(own.headers.get('cache-control')).toBe('private, no-store');
    expect(own.headers.get('etag')).toBeNull();
  });

  test('bytes that were kept are those of now: after any change, and as if made anew', async () => {
    const { ctx } = instance;
    const carol = await instance.createUser('Carol');
    const { uri } = await publishStatus(ctx, carol.account, { text: 'kept' });
    const actor = `${url}/users/Carol`;
    const bare = async (at: string): Promise<string> => (await get(at)).text;
    for (const at of [actor, uri]) expect(await bare(at)).toBe(await bare(at));
    const stored = (await ctx.db.accounts.findOne({ _id: carol.account._id }))!;
    expect(await bare(actor)).toBe(JSON.stringify(toWire((await loadActor(ctx, { ...stored }))!)));
    await ctx.db.accounts.updateOne({ _id: stored._id }, { $set: { displayName: 'Caroline' } });
    expect((await get(actor)).json).toMatchObject({ name: 'Caroline' });
    await ctx.db.statuses.updateOne({ uri }, { $set: { content: '<p>changed</p>' } });
    expect((await get(uri)).json).toMatchObject({ content: '<p>changed</p>' });
    await ctx.db.accounts.updateOne({ _id: stored._id }, { $set: { suspendedAt: stored.createdAt } });
    expect((await get(uri)).status).toBe(404);
    await ctx.db.accounts.updateOne({ _id: stored._id }, { $set: { suspendedAt: null } });
    expect((await get(uri)).status).toBe(200);
    await deleteStatus(ctx, (await ctx.db.statuses.findOne({ uri }))!);
    expect((await get(uri)).status).toBe(410);
  });

  test('a HEAD has the headers of the GET, and no body', async () => {
    const [whole, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) =>
        fetch(`${url}/users/Alice`, { method, headers: { accept: activityJson } }),
      ),
    );
    const told = (response: Response) =>
      ['etag', 'content-length', 'content-type', 'cache-control', 'vary'].map((n) => response.headers.get(n));
    expect(told(head!)).toEqual(told(whole!));
    expect([head!.status, await head!.text()]).toEqual([200, '']);
  });

  test('nothing of the request gets into the answer', async () => {
    const plain = await get(`${url}/users/Alice`);
    const poisoned = await get(`${url}/users/Alice?x=evil.example`, {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-original-url': '/evil',
      'accept-language': 'fr',
    });
    expect(poisoned.text).toBe(plain.text);
  });
});

describe('objects', () => {
  test('a Note, its Create, its replies, likes and shares', async () => {
    const status = await post('Hello world');
    const bob = await instance.createUser('bob1');
    const answer = await publishStatus(instance.ctx, bob.account, { text: 'Hi', inReplyToId: status._id });
    const own = await post('Me again', { inReplyToId: status._id });
    await publishStatus(instance.ctx, bob.account, {
      text: '@Alice psst',
      inReplyToId: status._id,
      visibility: 'direct',
    });
    await favourite(instance.ctx, bob.account, status._id);
    await reblog(instance.ctx, bob.account, status._id);
    await instance.idle();
    expect((await get(status.uri)).json).toMatchObject({
      type: 'Note',
      content: '<p>Hello world</p>',
      likes: { totalItems: 1 },
      shares: { totalItems: 1 },
      replies: { first: { items: [own.uri] } },
    });
    expect((await get(`${status.uri}/activity`)).json).toMatchObject({
      id: `${status.uri}/activity`,
      type: 'Create',
      object: { id: status.uri },
    });
    expect((await get(`${status.uri}/likes`)).json).toMatchObject({
      id: `${status.uri}/likes`,
      totalItems: 1,
    });
    expect((await get(`${status.uri}/shares`)).json).toMatchObject({ type: 'Collection', totalItems: 1 });
    const replies = (await get(`${status.uri}/replies`)).json;
    expect(replies).toMatchObject({ type: 'Collection', totalItems: 2, first: { items: [own.uri] } });
    const next = (replies['first'] as { next: string }).next;
    expect((await get(next)).json).toMatchObject({ type: 'CollectionPage', items: [answer.uri] });
  });

  test('an Announce', async () => {
    const bob = await instance.createUser('bob2');
    const status = await post('Boost me');
    const wrapper = await reblog(instance.ctx, bob.account, status._id);
    const { json } = await get(wrapper.uri);
    expect(json).toMatchObject({
      id: wrapper.uri,
      type: 'Announce',
      object: status.uri,
      actor: bob.account.uri,
    });
    await deleteStatus(instance.ctx, wrapper);
    const gone = await get(wrapper.uri);
    expect([gone.status, gone.json['type']]).toEqual([410, 'Tombstone']);
  });

  test('what was deleted leaves a Tombstone; people get a page', async () => {
    const status = await post('Soon gone');
    await deleteStatus(instance.ctx, status);
    const { status: code, json, headers } = await get(status.uri);
    expect(code).toBe(410);
    expect(json).toMatchObject({
      id: status.uri,
      type: 'Tombstone',
      formerType: 'Note',
      deleted: expect.any(String),
    });
    expect(headers.get('content-type')).toContain('application/activity+json');
    expect((await get(status.uri, { accept: browser })).status).toBe(410);
  });

  test('a deleted account leaves one too, under all its URLs', async () => {
    const { account } = await instance.createUser('leaver');
    await deleteAccount(instance.ctx, account);
    for (const path of ['', '/outbox', '/followers', '/statuses/1']) {
      const { status, json } = await get(account.uri + path);
      expect([path, status, json['type'], json['id']]).toEqual([path, 410, 'Tombstone', account.uri]);
    }
    expect((await fetch(`${account.uri}/inbox`, { method: 'POST', body: '{}' })).status).toBe(410);
  });

  test('a suspended account shows a stub, and nothing that it wrote', async () => {
    const { account } = await instance.createUser('bad');
    const status = await publishStatus(instance.ctx, account, { text: 'Bad words' });
    await instance.ctx.db.accounts.updateOne(
      { _id: account._id },
      { $set: { suspendedAt: new Date().toISOString(), displayName: 'Bad' } },
    );
    const actor = await get(account.uri);
    expect(actor.json).toMatchObject({ suspended: true, name: '' });
    for (const path of [
      status.uri,
      `${account.uri}/outbox`,
      `${account.uri}/outbox?page=true`,
      `${account.uri}/collections/featured`,
    ])
      expect([path, (await get(path)).status]).toEqual([path, 404]);
  });
});

describe('collections', () => {
  test('the outbox is paged, newest first, open posts only, and its number says nothing about the others', async () => {
    const { account } = await instance.createUser('writer');
    const open: string[] = [];
    for (let i = 0; i < 25; i += 1) {
      const visibility = i % 5 === 4 ? 'private' : i % 5 === 3 ? 'unlisted' : 'public';
      const { uri } = await publishStatus(instance.ctx, account, { text: `Post ${i}`, visibility });
      if (visibility !== 'private') open.unshift(uri);
    }
    const top = (await get(`${account.uri}/outbox`)).json;
    expect(top).toMatchObject({
      type: 'OrderedCollection',
      totalItems: 20,
      first: `${account.uri}/outbox?page=true`,
    });
    const seen: string[] = [];
    for (let next = top['first'] as string | undefined; next !== undefined && seen.length < 100;) {
      const { json } = await get(next);
      expect(json['id']).toBe(next);
      const items = json['orderedItems'] as { type: string; object: { id: string } }[];
      seen.push(...items.map((item) => item.object.id));
      next = json['next'] as string | undefined;
    }
    expect(seen).toEqual(open);
  });

  test('followers and following in pages', async () => {
    const { account } = await instance.createUser('popular');
    const fans: string[] = [];
    for (let i = 0; i < 45; i += 1) {
      const fan = {
        ...alice.account,
        _id: instance.ctx.ids.next(),
        username: `f${i}`,
        acctKey: `f${i}@x.test`,
        domain: 'x.test',
        uri: `http://x.test/f${i}`,
      };
      await instance.ctx.db.accounts.insertOne(fan);
      await follows(instance, fan, account);
      fans.unshift(fan.uri);
    }
    await instance.ctx.db.accounts.updateOne({ _id: account._id }, { $set: { followersCount: 45 } });
    const top = (await get(`${account.uri}/followers`)).json;
    expect(top).toMatchObject({ totalItems: 45, first: `${account.uri}/followers?page=true` });
    const one = (await get(top['first'] as string)).json;
    const two = (await get(one['next'] as string)).json;
    expect([...(one['orderedItems'] as string[]), ...(two['orderedItems'] as string[])]).toEqual(fans);
    expect(two).not.toHaveProperty('next');
    expect((await get(`${account.uri}/following`)).json).toMatchObject({ totalItems: 0 });
  });

  test('who hides them tells their number only', async () => {
    const shy = await instance.createUser('shy');
    await follows(instance, alice.account, shy.account);
    await instance.ctx.db.accounts.updateOne(
      { _id: shy.account._id },
      { $set: { hideCollections: true, followersCount: 1 } },
    );
    const top = (await get(`${shy.account.uri}/followers`)).json;
    expect(top).toMatchObject({ totalItems: 1 });
    expect(top).not.toHaveProperty('first');
    expect((await get(`${shy.account.uri}/followers?page=true`)).status).toBe(404);
    const own = await get(`${shy.account.uri}/followers?page=true`, { authorization: `Bearer ${shy.token}` });
    expect(own.json['orderedItems']).toEqual([alice.account.uri]);
  });

  test('pinned posts and featured tags', async () => {
    const status = await post('Pinned');
    const secret = await post('Pinned for followers', { visibility: 'private' });
    await pin(instance.ctx, alice.account, status._id);
    await pin(instance.ctx, alice.account, secret._id);
    const featured = (await get(`${alice.account.uri}/collections/featured`)).json;
    expect(featured).toMatchObject({
      type: 'OrderedCollection',
      totalItems: 1,
      orderedItems: [{ id: status.uri }],
    });
    await featureTag(instance.ctx, alice.account, '#Dogs');
    expect((await get(`${alice.account.uri}/collections/tags`)).json).toMatchObject({
      type: 'Collection',
      items: [{ type: 'Hashtag', name: '#Dogs', href: `${url}/tags/dogs` }],
    });
  });

  test.each([
    'max_id=abc',
    'max_id=9999999999999999999999',
    'min_id[]=1',
    'max_id=%00',
    'page=true&page=true',
  ])('odd paging (?%s) is no failure', async (query) => {
    expect((await get(`${alice.account.uri}/outbox?page=true&${query}`)).status).toBeLessThan(500);
  });
});

test.each([
  ['GET', '/inbox', 'POST'],
  ['PUT', '/inbox', 'POST'],
  ['DELETE', '/users/Alice/inbox', 'GET, HEAD, POST'],
  ['POST', '/users/Alice', 'GET, HEAD'],
  ['PUT', '/users/Alice/outbox', 'GET, HEAD, POST'],
  ['POST', '/actor', 'GET, HEAD'],
])('%s %s is 405 and says what is possible', async (method, path, allow) => {
  const response = await fetch(url + path, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
});

test('a former name of the server leads to the same documents, and they keep their URLs', async () => {
  const status = await post('Born here');
  const old = 'http://old.test/users/Alice/statuses/77';
  await instance.ctx.db.hosts.insertOne({ _id: '9', name: 'old.test', role: 'former' });
  const moved = { ...status, _id: '77', uri: old };
  await instance.ctx.db.statuses.insertOne(moved);
  expect((await get(`${url}/users/Alice/statuses/77`)).json).toMatchObject({ id: old });
});
