import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities } from './contract.js';
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

const idsOf = (list: StatusJson[]): string[] => list.map((s) => s.id);

describe('home', () => {
  test('holds one’s own and those of whom one follows, newest first, and pages', async () => {
    await ok(asAlice.post(`/api/v1/accounts/${bob.account._id}/follow`));
    const own = await post(asAlice, 'Mine');
    const theirs = await post(asBob, 'Yours');
    const reblog = await ok<StatusJson>(asBob.post(`/api/v1/statuses/${own.id}/reblog`));
    await instance.idle();
    const home = await asAlice.get('/api/v1/timelines/home', { limit: 2 });
    expectEntities(home.body, 'Status', 2);
    expect(idsOf(home.body as StatusJson[])).toEqual([reblog.id, theirs.id]);
    const { next, prev } = linksOf(home);
    expect(prev?.get('min_id')).toBe(reblog.id);
    const older = await ok<StatusJson[]>(
      asAlice.get('/api/v1/timelines/home', { limit: 2, max_id: next?.get('max_id') }),
    );
    expect(idsOf(older)).toContain(own.id);
    await refused(asNobody.get('/api/v1/timelines/home'), 401);
  });

  test('an empty page has no Link header', async () => {
    const lonely = await instance.createUser('lonely');
    const res = await clientOf(instance, lonely).get('/api/v1/timelines/home');
    expect(res.body).toEqual([]);
    expect(res.get('Link')).toBeUndefined();
  });
});

describe('public timelines', () => {
  test('show what is public, to anybody, without reblogs and replies to others', async () => {
    const open = await post(asAlice, 'For all #Fruit');
    const unlisted = await post(asAlice, { status: 'Quiet #fruit', visibility: 'unlisted' });
    const reply = await post(asBob, { status: '@alice No', in_reply_to_id: open.id });
    const shown = idsOf(await ok<StatusJson[]>(asNobody.get('/api/v1/timelines/public')));
    expect(shown).toContain(open.id);
    expect(shown).not.toContain(unlisted.id);
    expect(shown).not.toContain(reply.id);
    expect(idsOf(await ok(asNobody.get('/api/v1/timelines/public', { local: true })))).toContain(open.id);
    expect(await ok(asNobody.get('/api/v1/timelines/public', { remote: true }))).toEqual([]);
    expect(await ok(asNobody.get('/api/v1/timelines/public', { only_media: 'true' }))).toEqual([]);
  });

  test('a hashtag in any case, with other ones', async () => {
    const both = await post(asBob, 'More #FRUIT #Berries');
    const ids = async (query: object = {}): Promise<string[]> =>
      idsOf(await ok(asNobody.get('/api/v1/timelines/tag/fruit', query)));
    expect(await ids()).toContain(both.id);
    expect(await ids()).toHaveLength(2);
    expect(await ids({ all: ['berries'] })).toEqual([both.id]);
    expect(await ids({ none: ['Berries'] })).toHaveLength(1);
    expect(idsOf(await ok(asNobody.get('/api/v1/timelines/tag/none', { any: ['berries'] })))).toEqual([
      both.id,
    ]);
  });

  test('can be kept to those who are signed in', async () => {
    const closed = await startInstance({ publicTimelines: false });
    try {
      const user = await closed.createUser('user');
      await refused(clientOf(closed).get('/api/v1/timelines/public'), 422, /authenticated user/);
      await refused(clientOf(closed).get('/api/v1/timelines/tag/x'), 422);
      expect(await ok(clientOf(closed, user).get('/api/v1/timelines/public'))).toEqual([]);
    } finally {
      await closed.close();
    }
  });
});

describe('what one kept', () => {
  test.each([
    ['favourites', 'favourite'],
    ['bookmarks', 'bookmark'],
  ])('%s are in the order in which they were kept', async (list, act) => {
    const [older, newer] = [await post(asAlice, 'older'), await post(asAlice, 'newer')];
    await ok(asBob.post(`/api/v1/statuses/${newer.id}/${act}`));
    await ok(asBob.post(`/api/v1/statuses/${older.id}/${act}`));
    const first = await asBob.get(`/api/v1/${list}`, { limit: 1 });
    expectEntities(first.body, 'Status');
    expect(idsOf(first.body as StatusJson[])).toEqual([older.id]);
    const { next, prev } = linksOf(first);
    expect(prev?.has('min_id')).toBe(true);
    const second = await ok<StatusJson[]>(
      asBob.get(`/api/v1/${list}`, { limit: 1, max_id: next?.get('max_id') }),
    );
    expect(idsOf(second)).toEqual([newer.id]);
    await refused(asNobody.get(`/api/v1/${list}`), 401);
  });
});
