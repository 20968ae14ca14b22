import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser, carol: TestUser;
let asAlice: Client, asBob: Client, asCarol: Client, asNobody: Client;

interface AccountJson {
  id: string;
  acct: string;
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice', { role: 'owner' });
  bob = await instance.createUser('bob');
  carol = await instance.createUser('carol', { locked: true });
  asAlice = clientOf(instance, alice);
  asBob = clientOf(instance, bob);
  asCarol = clientOf(instance, carol);
  asNobody = clientOf(instance);
});
afterAll(() => instance.close());

const path = (user: TestUser, rest = ''): string => `/api/v1/accounts/${user.account._id}${rest}`;

describe('reading', () => {
  test('verify_credentials tells the owner its role and source', async () => {
    const me = await ok<AccountJson>(asAlice.get('/api/v1/accounts/verify_credentials'));
    expectEntity(me, 'CredentialAccount');
    expect(me).toMatchObject({
      id: alice.account._id,
      acct: 'alice',
      url: `${instance.url}/@alice`,
      role: { id: '3', name: 'Owner', highlighted: true },
      roles: [{ name: 'Owner' }],
      source: { privacy: 'public', sensitive: false, language: null, follow_requests_count: 0 },
    });
    await refused(asNobody.get('/api/v1/accounts/verify_credentials'), 401, 'The access token is invalid');
  });

  test('pictures are real addresses even where there are none', async () => {
    const account = await ok<{ avatar: string; header: string }>(asNobody.get(path(bob)));
    expectEntity(account, 'Account');
    for (const url of [account.avatar, account.header]) {
      const res = await asNobody.get(new URL(url).pathname);
      expect({ status: res.status, type: res.type }).toEqual({ status: 200, type: 'image/png' });
    }
  });

  test('by id, by ids, and by handle in any form', async () => {
    await refused(asNobody.get('/api/v1/accounts/1'), 404, 'Record not found');
    const ids = [bob.account._id, alice.account._id, '1'];
    const several = await ok<AccountJson[]>(asNobody.get('/api/v1/accounts', { id: ids }));
    expectEntities(several, 'Account', 2);
    const host = new URL(instance.url).host;
    for (const acct of ['bob', '@BOB', `bob@${host}`])
      expect(await ok(asNobody.get('/api/v1/accounts/lookup', { acct }))).toMatchObject({ acct: 'bob' });
    await refused(asNobody.get('/api/v1/accounts/lookup', { acct: 'nobody' }), 404);
    await refused(asNobody.get('/api/v1/accounts/lookup'), 400, /acct/);
  });

  test('a wrong scope is refused where no token would do', async () => {
    const writer = await instance.createUser('writer', { scopes: ['write'] });
    await refused(clientOf(instance, writer).get(path(bob)), 403, /outside the authorized scopes/);
  });

  test('search finds by the beginning of the handle and by words of the name', async () => {
    await ok(asBob.patch('/api/v1/accounts/update_credentials', { display_name: 'Robert Q. Builder' }));
    for (const q of ['bo', '@bob', 'builder', 'ROBERT'])
      expect(await ok(asAlice.get('/api/v1/accounts/search', { q }))).toMatchObject([{ acct: 'bob' }]);
    expect(await ok(asAlice.get('/api/v1/accounts/search', { q: 'bo', offset: 1 }))).toEqual([]);
    expect(await ok(asAlice.get('/api/v1/accounts/search', { q: 'bo', following: true }))).toEqual([]);
    await refused(asNobody.get('/api/v1/accounts/search', { q: 'bo' }), 401);
  });
});

describe('changing one’s own account', () => {
  test('text, fields and flags', async () => {
    const me = await ok<AccountJson>(
      asBob.patch('/api/v1/accounts/update_credentials', {
        display_name: 'Bob :)',
        note: 'I know @alice and #cats',
        bot: 'true',
        discoverable: 'false',
        indexable: '1',
        hide_collections: 'off',
        fields_attributes: { 0: { name: 'Home', value: 'https://bob.example' }, 1: { name: '', value: '' } },
      }),
    );
    expectEntity(me, 'CredentialAccount');
    expect(me).toMatchObject({
      display_name: 'Bob :)',
      bot: true,
      discoverable: false,
      indexable: true,
      source: { note: 'I know @alice and #cats', fields: [{ name: 'Home', value: 'https://bob.example' }] },
    });
    expect(me['note']).toContain(`href="${instance.url}/@alice"`);
    const [field] = me['fields'] as { value: string }[];
    expect(field?.value).toContain('rel="nofollow noopener noreferrer me"');
  });

  test('fields as a list, and what is left out stays', async () => {
    const me = await ok<AccountJson>(
      asBob.patch('/api/v1/accounts/update_credentials', { fields_attributes: [{ name: 'A', value: 'B' }] }),
    );
    expect(me).toMatchObject({
      display_name: 'Bob :)',
      fields: [{ name: 'A', value: 'B', verified_at: null }],
    });
  });

  test.each([
    [{ display_name: 'x'.repeat(31) }, /Display name is too long/],
    [{ note: 'x'.repeat(501) }, /Note is too long/],
    [{ source: { privacy: 'direct' } }, /privacy/i],
    [{ fields_attributes: Array.from({ length: 5 }, (_, i) => ({ name: `n${i}`, value: 'v' })) }, /Fields/],
    [{ attribution_domains: ['not a domain'] }, /Attribution domains/],
  ])('refuses what is out of bounds (%#)', async (body, text) => {
    await refused(asBob.patch('/api/v1/accounts/update_credentials', body), 422, text);
  });

  test('an avatar with its description, and without', async () => {
    const png = await pixel();
    const sent = asBob
      .patch('/api/v1/accounts/update_credentials')
      .field('avatar_description', 'A square')
      .attach('avatar', png, 'a.png');
    const me = await ok<{ avatar: string }>(sent);
    expect(me).toMatchObject({ avatar_description: 'A square' });
    expect(me.avatar).toMatch(/\/media\/.+\.(png|webp|jpg)$/);
    const without = await ok<{ avatar: string }>(asBob.delete('/api/v1/profile/avatar'));
    expectEntity(without, 'CredentialAccount');
    expect(without.avatar).toContain('missing.png');
    await ok(asBob.delete('/api/v1/profile/header'));
  });

  test('what only says to be a picture is refused', async () => {
    const sent = asBob
      .patch('/api/v1/accounts/update_credentials')
      .attach('avatar', Buffer.from('<svg onload="alert(1)">'), {
        filename: 'a.png',
        contentType: 'image/png',
      });
    await refused(sent, 422, /not supported/);
  });
});

/** A tiny picture: 1×1, transparent. */
async function pixel(): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp({ create: { width: 8, height: 8, channels: 3, background: '#0b6b57' } })
    .png()
    .toBuffer();
}

describe('following', () => {
  test('an open account at once, with options', async () => {
    const relation = await ok(
      asAlice.post(path(bob, '/follow'), { notify: true, languages: ['en', 'xx-bad'] }),
    );
    expectEntity(relation, 'Relationship');
    expect(relation).toMatchObject({
      id: bob.account._id,
      following: true,
      requested: false,
      notifying: true,
      showing_reblogs: true,
      languages: ['en'],
    });
    expect(await ok(asAlice.post(path(bob, '/follow'), { reblogs: false }))).toMatchObject({
      showing_reblogs: false,
      notifying: true,
    });
    expect(await ok(asAlice.get('/api/v1/accounts/relationships', { id: bob.account._id }))).toMatchObject([
      { id: bob.account._id, following: true, followed_by: false },
    ]);
    await refused(asAlice.post(path(alice, '/follow')), 403);
  });

  test('a locked account after it agreed', async () => {
    expect(await ok(asAlice.post(path(carol, '/follow')))).toMatchObject({
      following: false,
      requested: true,
    });
    const requests = await ok<AccountJson[]>(asCarol.get('/api/v1/follow_requests'));
    expectEntities(requests, 'Account');
    expect(requests.map((a) => a.acct)).toEqual(['alice']);
    expect(await ok(asCarol.get('/api/v1/accounts/verify_credentials'))).toMatchObject({
      source: { follow_requests_count: 1 },
    });
    const answer = await ok(asCarol.post(`/api/v1/follow_requests/${alice.account._id}/authorize`));
    expectEntity(answer, 'Relationship');
    expect(answer).toMatchObject({ followed_by: true, requested_by: false });
    await refused(asCarol.post(`/api/v1/follow_requests/${alice.account._id}/authorize`), 404);
    await ok(asCarol.post(path(alice, '/remove_from_followers')));
    expect(await ok(asAlice.post(path(carol, '/follow')))).toMatchObject({ requested: true });
    await ok(asCarol.post(`/api/v1/follow_requests/${alice.account._id}/reject`));
    expect(
      await ok(asAlice.get('/api/v1/accounts/relationships', { id: [carol.account._id] })),
    ).toMatchObject([{ following: false, requested: false }]);
  });

  test('the lists page by ids of their own, and can be hidden', async () => {
    await ok(asCarol.post(path(bob, '/follow')));
    const first = await asNobody.get(path(bob, '/followers'), { limit: 1 });
    expectEntities(first.body, 'Account');
    expect(first.body).toMatchObject([{ acct: 'carol' }]);
    const { next, prev } = linksOf(first);
    expect(next?.get('limit')).toBe('1');
    expect(prev?.has('since_id')).toBe(true);
    const second = await asNobody.get(path(bob, '/followers'), { limit: 1, max_id: next?.get('max_id') });
    expect(second.body).toMatchObject([{ acct: 'alice' }]);
    expectEntities(await ok(asNobody.get(path(alice, '/following'))), 'Account');
    await ok(asBob.patch('/api/v1/accounts/update_credentials', { hide_collections: true }));
    expect(await ok(asNobody.get(path(bob, '/followers')))).toEqual([]);
    expect(await ok<unknown[]>(asBob.get(path(bob, '/followers')))).toHaveLength(2);
    await ok(asBob.patch('/api/v1/accounts/update_credentials', { hide_collections: false }));
  });

  test('familiar followers', async () => {
    await ok(asAlice.post(path(carol, '/unfollow')));
    const dave = await instance.createUser('dave');
    await ok(clientOf(instance, dave).post(path(carol, '/follow')));
    const familiar = await ok<{ id: string; accounts: AccountJson[] }[]>(
      clientOf(instance, dave).get('/api/v1/accounts/familiar_followers', { id: [bob.account._id] }),
    );
    expectEntities(familiar, 'FamiliarFollowers');
    expect(familiar[0]?.accounts).toEqual([]);
    await ok(clientOf(instance, dave).post(path(alice, '/follow')));
    expect(
      await ok(clientOf(instance, dave).get('/api/v1/accounts/familiar_followers', { id: bob.account._id })),
    ).toMatchObject([{ id: bob.account._id, accounts: [{ acct: 'alice' }] }]);
  });
});

describe('hiding people', () => {
  test('mute with an end, and unmute', async () => {
    const relation = await ok(asAlice.post(path(carol, '/mute'), { notifications: false, duration: 3600 }));
    expectEntity(relation, 'Relationship');
    expect(relation).toMatchObject({ muting: true, muting_notifications: false });
    const mutes = await ok(asAlice.get('/api/v1/mutes'));
    expectEntities(mutes, 'MutedAccount');
    expect(await ok(asAlice.post(path(carol, '/unmute')))).toMatchObject({ muting: false });
    expect(await ok(asAlice.get('/api/v1/mutes'))).toEqual([]);
  });

  test('a block ends what was between the two, and hides each from the other', async () => {
    const status = await post(asCarol, 'Before the block');
    expect(await ok(asCarol.post(path(bob, '/block')))).toMatchObject({ blocking: true, following: false });
    expect(await ok(asBob.get('/api/v1/accounts/relationships', { id: carol.account._id }))).toMatchObject([
      { blocked_by: true },
    ]);
    await refused(asBob.post(path(carol, '/follow')), 403);
    await refused(asBob.get(`/api/v1/statuses/${status.id}`), 404);
    expect(await ok(asBob.get(path(carol, '/statuses')))).toEqual([]);
    expectEntities(await ok(asCarol.get('/api/v1/blocks')), 'Account');
    expect(await ok(asCarol.post(path(bob, '/unblock')))).toMatchObject({ blocking: false });
  });

  test('a note is for oneself', async () => {
    expect(await ok(asAlice.post(path(bob, '/note'), { comment: 'owes me' }))).toMatchObject({
      note: 'owes me',
    });
    expect(await ok(asBob.get('/api/v1/accounts/relationships', { id: alice.account._id }))).toMatchObject([
      { note: '' },
    ]);
    expect(await ok(asAlice.post(path(bob, '/note')))).toMatchObject({ note: '' });
    await refused(asAlice.post(path(bob, '/note'), { comment: 'x'.repeat(2001) }), 422, /too long/);
  });

  test('domains', async () => {
    expect(await ok(asAlice.post('/api/v1/domain_blocks', { domain: 'https://Bad.Example/' }))).toEqual({});
    expect(await ok(asAlice.get('/api/v1/domain_blocks'))).toEqual(['bad.example']);
    expectEntity(
      await ok(asAlice.get('/api/v1/domain_blocks/preview', { domain: 'bad.example' })),
      'DomainBlockPreview',
    );
    expect(await ok(asAlice.delete('/api/v1/domain_blocks', { domain: 'bad.example' }))).toEqual({});
    expect(await ok(asAlice.get('/api/v1/domain_blocks'))).toEqual([]);
    await refused(asAlice.post('/api/v1/domain_blocks', { domain: 'no domain' }), 422);
    await refused(asAlice.post('/api/v1/domain_blocks'), 422, /Domain/);
  });
});

describe('what an account posted', () => {
  test('all filters, and paging both ways', async () => {
    const erin = await instance.createUser('erin');
    const asErin = clientOf(instance, erin);
    const first = await post(asErin, 'One #apples');
    const reply = await post(asErin, { status: '@bob Reply', in_reply_to_id: (await post(asBob, 'x')).id });
    const reblog = await ok<StatusJson>(
      asErin.post(`/api/v1/statuses/${(await post(asBob, 'y')).id}/reblog`),
    );
    await post(asErin, { status: 'Secret', visibility: 'direct' });
    const ids = async (query: object = {}): Promise<string[]> =>
      (await ok<StatusJson[]>(asNobody.get(path(erin, '/statuses'), query))).map((s) => s.id);
    expect(await ids()).toEqual([reblog.id, reply.id, first.id]);
    expect(await ids({ exclude_replies: true })).toEqual([reblog.id, first.id]);
    expect(await ids({ exclude_reblogs: 'true' })).toEqual([reply.id, first.id]);
    expect(await ids({ tagged: 'Apples' })).toEqual([first.id]);
    expect(await ids({ only_media: 1 })).toEqual([]);
    expect(await ids({ limit: 1, max_id: reply.id })).toEqual([first.id]);
    expect(await ids({ limit: 1, min_id: first.id })).toEqual([reply.id]);
    expect(await ids({ since_id: reply.id })).toEqual([reblog.id]);
    const page = await asNobody.get(path(erin, '/statuses'), { limit: 2, exclude_replies: false });
    expectEntities(page.body, 'Status', 2);
    const { next, prev } = linksOf(page);
    expect(next?.get('max_id')).toBe(reply.id);
    expect(next?.get('exclude_replies')).toBe('false');
    expect(prev?.get('min_id')).toBe(reblog.id);
  });
});
