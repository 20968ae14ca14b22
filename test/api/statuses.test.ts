import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client, asNobody: Client;

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob, asNobody] = [clientOf(instance, alice), clientOf(instance, bob), clientOf(instance)];
});
afterAll(() => instance.close());

describe('posting', () => {
  test('a status with everything in it answers the entity', async () => {
    const status = await post(asAlice, {
      status: 'Hello @bob, look: https://example.com/page #Caturday',
      spoiler_text: 'cats',
      visibility: 'unlisted',
      language: 'de',
    });
    expectEntity(status, 'Status');
    expect(status).toMatchObject({
      visibility: 'unlisted',
      spoiler_text: 'cats',
      sensitive: true,
      language: 'de',
      mentions: [{ id: bob.account._id, username: 'bob', acct: 'bob' }],
      tags: [{ name: 'caturday' }],
      application: { name: 'Test client', website: null },
      favourited: false,
      pinned: false,
      reblog: null,
    });
    expect(status.content).toContain('class="mention hashtag"');
    expect(status.uri).toBe(`${instance.url}/users/alice/statuses/${status.id}`);
  });

  test.each([
    ['form', 'application/x-www-form-urlencoded', 'status=From+a+form&visibility=private'],
    ['JSON', 'application/json', JSON.stringify({ status: 'From a form', visibility: 'private' })],
  ])('takes a %s body', async (_name, type, body) => {
    const sent = asAlice.post('/api/v1/statuses').set('Content-Type', type).send(body);
    expect(await ok<StatusJson>(sent)).toMatchObject({
      visibility: 'private',
      content: '<p>From a form</p>',
    });
  });

  test('takes multipart and the query string', async () => {
    const multipart = asAlice.post('/api/v1/statuses').field('status', 'Multipart');
    expect(await ok<StatusJson>(multipart)).toMatchObject({ content: '<p>Multipart</p>' });
    const query = clientOf(instance, alice).post('/api/v1/statuses?status=Query&visibility=direct');
    expect(await ok<StatusJson>(query)).toMatchObject({ content: '<p>Query</p>', visibility: 'direct' });
  });

  test('the same Idempotency-Key makes one status', async () => {
    const send = (): Promise<StatusJson> =>
      ok(asAlice.post('/api/v1/statuses', { status: 'Once' }).set('Idempotency-Key', 'key-1'));
    const [first, second] = [await send(), await send()];
    expect(second.id).toBe(first.id);
  });

  test.each([
    [{ status: '   ' }, 422, /can't be blank/],
    [{ status: 'x', visibility: 'secret' }, 422, /Visibility/],
    [{ status: 'x', in_reply_to_id: '1' }, 404, /not found/],
    [{ status: 'x', media_ids: ['1'] }, 422, /could not be found/],
    [{ status: 'x', poll: { options: ['one'], expires_in: 3600 } }, 422, /more than one item/],
    [{ status: { nested: true } }, 422, /not a text/],
  ])('refuses %j', async (body, status, text) => {
    await refused(asAlice.post('/api/v1/statuses', body), status, text);
  });

  test('refuses a status that is too long', async () => {
    await refused(asAlice.post('/api/v1/statuses', { status: 'x'.repeat(5001) }), 422, /character limit/);
  });

  test('asks who it is', async () => {
    await refused(asNobody.post('/api/v1/statuses', { status: 'x' }), 401, 'The access token is invalid');
    const reader = await instance.createUser('reader', { scopes: ['read'] });
    const asReader = clientOf(instance, reader);
    await refused(asReader.post('/api/v1/statuses', { status: 'x' }), 403, /outside the authorized scopes/);
  });

  test('allowed_mentions refuses others, and names them', async () => {
    const body = { status: 'Hi @bob', allowed_mentions: [alice.account._id] };
    const res = await refused(asAlice.post('/api/v1/statuses', body), 422);
    expect(res.body).toMatchObject({ unexpected_accounts: [{ acct: 'bob' }] });
    await post(asAlice, { status: 'Hi @bob', allowed_mentions: [bob.account._id] });
  });

  test('what is left out comes from the author’s preferences', async () => {
    const carol = await instance.createUser('carol');
    const asCarol = clientOf(instance, carol);
    const source = { privacy: 'private', sensitive: true, language: 'fr' };
    await ok(asCarol.patch('/api/v1/accounts/update_credentials', { source }));
    expect(await post(asCarol, 'Bonjour')).toMatchObject({
      visibility: 'private',
      sensitive: true,
      language: 'fr',
    });
  });
});

describe('reading', () => {
  test('one, several, and only what one may see', async () => {
    const open = await post(asAlice, 'Open');
    const closed = await post(asAlice, { status: 'Closed', visibility: 'private' });
    expectEntity(await ok(asNobody.get(`/api/v1/statuses/${open.id}`)), 'Status');
    await refused(asNobody.get(`/api/v1/statuses/${closed.id}`), 404, 'Record not found');
    await refused(asBob.get(`/api/v1/statuses/${closed.id}`), 404);
    await refused(asBob.get('/api/v1/statuses/nonsense'), 404);
    const several = await ok<StatusJson[]>(asBob.get('/api/v1/statuses', { id: [closed.id, open.id] }));
    expect(several.map((s) => s.id)).toEqual([open.id]);
  });

  test('marks are only for those who are signed in', async () => {
    const status = await post(asAlice, 'Marks');
    const open = await ok<StatusJson>(asNobody.get(`/api/v1/statuses/${status.id}`));
    expect(open).not.toHaveProperty('favourited');
    expect(open).not.toHaveProperty('pinned');
    expect(await ok(asBob.get(`/api/v1/statuses/${status.id}`))).toMatchObject({ favourited: false });
  });

  test('a thread', async () => {
    const root = await post(asAlice, 'Root');
    const reply = await post(asBob, { status: '@alice Reply', in_reply_to_id: root.id });
    const nested = await post(asAlice, { status: '@bob Nested', in_reply_to_id: reply.id });
    const context = await ok<{ ancestors: StatusJson[]; descendants: StatusJson[] }>(
      asNobody.get(`/api/v1/statuses/${reply.id}/context`),
    );
    expectEntity(context, 'Context');
    expect(context.ancestors.map((s) => s.id)).toEqual([root.id]);
    expect(context.descendants.map((s) => s.id)).toEqual([nested.id]);
    expect(reply).toMatchObject({ in_reply_to_id: root.id, in_reply_to_account_id: alice.account._id });
    await instance.idle();
    expect(await ok(asBob.get(`/api/v1/statuses/${root.id}`))).toMatchObject({ replies_count: 1 });
  });
});

describe('editing', () => {
  test('changes the text, keeps a history, and tells what was typed', async () => {
    const status = await post(asAlice, { status: 'First', spoiler_text: 'a' });
    const edited = await ok<StatusJson>(
      asAlice.put(`/api/v1/statuses/${status.id}`, { status: 'Second', spoiler_text: 'b' }),
    );
    expectEntity(edited, 'Status');
    expect(edited).toMatchObject({ content: '<p>Second</p>', spoiler_text: 'b' });
    expect(edited['edited_at']).not.toBeNull();
    const history = await ok<{ content: string }[]>(asNobody.get(`/api/v1/statuses/${status.id}/history`));
    expectEntities(history, 'StatusEdit', 2);
    expect(history.map((e) => e.content)).toEqual(['<p>First</p>', '<p>Second</p>']);
    const source = await ok(asAlice.get(`/api/v1/statuses/${status.id}/source`));
    expectEntity(source, 'StatusSource');
    expect(source).toEqual({ id: status.id, text: 'Second', spoiler_text: 'b' });
  });

  test('PATCH is as good as PUT; others may not', async () => {
    const status = await post(asAlice, 'Mine');
    await refused(asBob.put(`/api/v1/statuses/${status.id}`, { status: 'Yours' }), 404);
    expect(await ok(asAlice.patch(`/api/v1/statuses/${status.id}`, { status: 'Still mine' }))).toMatchObject({
      content: '<p>Still mine</p>',
    });
  });

  test('the quote policy can be changed alone', async () => {
    const status = await post(asAlice, { status: 'Quote me', quote_approval_policy: 'public' });
    expect(status['quote_approval']).toMatchObject({ automatic: ['public'], current_user: 'automatic' });
    const path = `/api/v1/statuses/${status.id}/interaction_policy`;
    await ok(asAlice.put(path, { quote_approval_policy: 'nobody' }));
    expect(await ok(asBob.get(`/api/v1/statuses/${status.id}`))).toMatchObject({
      quote_approval: { automatic: [], manual: [], current_user: 'denied' },
    });
  });
});

describe('deleting', () => {
  test('answers what was typed, and then it is gone', async () => {
    const status = await post(asAlice, 'Delete and redraft');
    await refused(asBob.delete(`/api/v1/statuses/${status.id}`), 404);
    const deleted = await ok<StatusJson>(asAlice.delete(`/api/v1/statuses/${status.id}`));
    expectEntity(deleted, 'StatusWithSource');
    expect(deleted).toMatchObject({ id: status.id, text: 'Delete and redraft' });
    expect(deleted).not.toHaveProperty('content');
    await refused(asAlice.get(`/api/v1/statuses/${status.id}`), 404);
  });
});

describe('what people do with a status', () => {
  test.each([
    ['favourite', 'unfavourite', 'favourited'],
    ['bookmark', 'unbookmark', 'bookmarked'],
    ['mute', 'unmute', 'muted'],
  ])('%s and %s', async (doing, undoing, mark) => {
    const status = await post(asAlice, `For ${doing}`);
    const done = await ok<StatusJson>(asBob.post(`/api/v1/statuses/${status.id}/${doing}`));
    expectEntity(done, 'Status');
    expect(done).toMatchObject({ id: status.id, [mark]: true });
    expect(await ok(asBob.post(`/api/v1/statuses/${status.id}/${doing}`))).toMatchObject({ [mark]: true });
    expect(await ok(asBob.post(`/api/v1/statuses/${status.id}/${undoing}`))).toMatchObject({ [mark]: false });
    await refused(asBob.post(`/api/v1/statuses/1/${doing}`), 404);
    await refused(asNobody.post(`/api/v1/statuses/${status.id}/${doing}`), 401);
  });

  test('reblog answers the reblog around the status; unreblog the status', async () => {
    const status = await post(asAlice, 'Reblog me');
    const reblog = await ok<StatusJson>(asBob.post(`/api/v1/statuses/${status.id}/reblog`));
    expectEntity(reblog, 'Status');
    expect(reblog).toMatchObject({ account: { acct: 'bob' }, reblog: { id: status.id, reblogged: true } });
    expect(await ok<StatusJson>(asBob.post(`/api/v1/statuses/${status.id}/reblog`))).toMatchObject({
      id: reblog.id,
    });
    await instance.idle();
    expect(await ok(asBob.get(`/api/v1/statuses/${status.id}`))).toMatchObject({ reblogs_count: 1 });
    const people = await ok<{ acct: string }[]>(asNobody.get(`/api/v1/statuses/${status.id}/reblogged_by`));
    expectEntities(people, 'Account');
    expect(people.map((a) => a.acct)).toEqual(['bob']);
    expect(await ok(asBob.post(`/api/v1/statuses/${status.id}/unreblog`))).toMatchObject({
      id: status.id,
      reblogged: false,
    });
  });

  test('private posts are reblogged by nobody else', async () => {
    const status = await post(asAlice, { status: '@bob Private', visibility: 'private' });
    await refused(asBob.post(`/api/v1/statuses/${status.id}/reblog`), 403, 'This action is not allowed');
  });

  test('favourited_by pages by its own ids', async () => {
    const status = await post(asAlice, 'Popular');
    await ok(asBob.post(`/api/v1/statuses/${status.id}/favourite`));
    await ok(asAlice.post(`/api/v1/statuses/${status.id}/favourite`));
    const path = `/api/v1/statuses/${status.id}/favourited_by`;
    const first = await asNobody.get(path, { limit: 1 });
    expectEntities(first.body, 'Account');
    expect(first.body).toMatchObject([{ acct: 'alice' }]);
    const { next, prev } = linksOf(first);
    expect(prev?.has('since_id')).toBe(true);
    const second = await asNobody.get(path, { limit: 1, max_id: next?.get('max_id') });
    expect(second.body).toMatchObject([{ acct: 'bob' }]);
  });

  test('pin and unpin one’s own', async () => {
    const status = await post(asAlice, 'Pin me');
    expect(await ok(asAlice.post(`/api/v1/statuses/${status.id}/pin`))).toMatchObject({ pinned: true });
    await refused(asBob.post(`/api/v1/statuses/${status.id}/pin`), 422, /cannot be pinned/);
    const pinned = await ok<StatusJson[]>(
      asNobody.get(`/api/v1/accounts/${alice.account._id}/statuses`, { pinned: true }),
    );
    expect(pinned.map((s) => s.id)).toEqual([status.id]);
    expect(await ok(asAlice.post(`/api/v1/statuses/${status.id}/unpin`))).toMatchObject({ pinned: false });
  });

  test('translations are not to be had', async () => {
    const status = await post(asAlice, 'Übersetze mich');
    await refused(asBob.post(`/api/v1/statuses/${status.id}/translate`), 404);
  });
});

describe('quotes', () => {
  test('the quoted status is shown, one level deep, until consent is taken back', async () => {
    const quoted = await post(asAlice, 'Quotable');
    const quoting = await post(asBob, { status: 'Look', quoted_status_id: quoted.id });
    expectEntity(quoting, 'Status');
    expect(quoting['quote']).toMatchObject({ state: 'accepted', quoted_status: { id: quoted.id } });
    const again = await post(asAlice, { status: 'Look again', quoted_status_id: quoting.id });
    expect(again['quote']).toMatchObject({
      quoted_status: { id: quoting.id, quote: { state: 'accepted', quoted_status_id: quoted.id } },
    });
    await ok(asAlice.post(`/api/v1/statuses/${quoted.id}/quotes/${quoting.id}/revoke`));
    expect(await ok(asBob.get(`/api/v1/statuses/${quoting.id}`))).toMatchObject({
      quote: { state: 'revoked', quoted_status: null },
    });
  });

  test('who may not see the quoted status, sees a quote without it', async () => {
    const quoted = await post(asAlice, { status: 'For followers', visibility: 'private' });
    const quoting = await post(asAlice, {
      status: 'Mine',
      quoted_status_id: quoted.id,
      visibility: 'public',
    });
    expect(await ok(asBob.get(`/api/v1/statuses/${quoting.id}`))).toMatchObject({
      quote: { state: 'unauthorized', quoted_status: null },
    });
  });
});

describe('polls', () => {
  const poll = { options: ['Red', 'Blue'], expires_in: 3600, hide_totals: true };

  test('are made, voted in once, and hide their tallies until the end', async () => {
    const status = await post(asAlice, { status: 'Colour?', poll });
    const id = (status['poll'] as { id: string }).id;
    expectEntity(status['poll'], 'Poll');
    expect(await ok(asNobody.get(`/api/v1/polls/${id}`))).not.toHaveProperty('voted');
    await refused(asBob.post(`/api/v1/polls/${id}/votes`, { choices: ['7'] }), 422);
    await refused(asBob.post(`/api/v1/polls/${id}/votes`, {}), 422, /Choices/);
    const voted = await ok(asBob.post(`/api/v1/polls/${id}/votes`, { choices: ['1'] }));
    expectEntity(voted, 'Poll');
    expect(voted).toMatchObject({
      voted: true,
      own_votes: [1],
      votes_count: 1,
      options: [{ votes_count: null }, { votes_count: null }],
    });
    await refused(asBob.post(`/api/v1/polls/${id}/votes`, { choices: ['0'] }), 422, /already voted/);
  });

  test('show their tallies when they do not hide them', async () => {
    const status = await post(asAlice, { status: 'Colour?', poll: { ...poll, hide_totals: false } });
    const id = (status['poll'] as { id: string }).id;
    expect(await ok(asBob.post(`/api/v1/polls/${id}/votes`, { choices: [0] }))).toMatchObject({
      options: [
        { title: 'Red', votes_count: 1 },
        { title: 'Blue', votes_count: 0 },
      ],
    });
  });
});
