import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { clientOf, ok, post, type Client, type StatusJson } from './support.js';

/** Who may see what: every visibility, for every kind of viewer, at every door of the client API. */

const visibilities = ['public', 'unlisted', 'private', 'direct'] as const;
type Visibility = (typeof visibilities)[number];
const viewers = ['author', 'mentioned', 'follower', 'stranger', 'blocked', 'nobody'] as const;
type Viewer = (typeof viewers)[number];

/** The rule, written again and independently of policy/visibility.ts. */
const allowed: Record<Visibility, readonly Viewer[]> = {
  public: ['author', 'mentioned', 'follower', 'stranger', 'nobody'],
  unlisted: ['author', 'mentioned', 'follower', 'stranger', 'nobody'],
  private: ['author', 'mentioned', 'follower'],
  direct: ['author', 'mentioned'],
};

let instance: Instance;
let author: TestUser;
const clients = {} as Record<Viewer, Client>;
const statuses = {} as Record<Visibility, StatusJson>;
const ids = {} as Record<Viewer, string>;

beforeAll(async () => {
  instance = await startInstance();
  for (const name of viewers) {
    if (name === 'nobody') continue;
    const user = await instance.createUser(name);
    if (name === 'author') author = user;
    clients[name] = clientOf(instance, user);
    ids[name] = user.account._id;
  }
  clients.nobody = clientOf(instance);
  await ok(clients.author.patch('/api/v1/accounts/update_credentials', { indexable: true }));
  for (const name of ['follower', 'blocked'] as const)
    await ok(clients[name].post(`/api/v1/accounts/${ids.author}/follow`));
  for (const visibility of visibilities) {
    const poll = { options: ['yes', 'no'], expires_in: 600 };
    statuses[visibility] = await post(clients.author, {
      status: `@mentioned axolotl ${visibility} #axolotl`,
      visibility,
      poll,
    });
  }
  await ok(clients.author.post(`/api/v1/accounts/${ids.blocked}/block`));
  await instance.idle();
}, 900_000);
afterAll(() => instance.close());

const cases = visibilities.flatMap((v) => viewers.map((viewer) => [v, viewer] as const));

describe.each(cases)('a %s post, for %s', (visibility, viewer) => {
  const may = allowed[visibility].includes(viewer);
  const client = (): Client => clients[viewer];
  const id = (): string => statuses[visibility].id;
  const listed = async (path: string, query: object = {}): Promise<boolean> => {
    const res = await client().get(path, query);
    if (res.status !== 200) return false;
    const body = res.body as StatusJson[] | { statuses: StatusJson[] };
    const list = Array.isArray(body) ? body : body.statuses;
    return list.some((s) => s.id === id() || s.reblog?.id === id());
  };

  test.each([
    ['/api/v1/statuses/:id'],
    ['/api/v1/statuses/:id/context'],
    ['/api/v1/statuses/:id/history'],
    ['/api/v1/statuses/:id/favourited_by'],
    ['/api/v1/statuses/:id/reblogged_by'],
    ['/api/v1/polls/:id'],
  ])('GET %s', async (path) => {
    expect((await client().get(path.replace(':id', id()))).status).toBe(may ? 200 : 404);
  });

  test.each([
    ['/api/v1/statuses/:id/favourite'],
    ['/api/v1/statuses/:id/bookmark'],
    ['/api/v1/statuses/:id/mute'],
    ['/api/v1/statuses/:id/quotes'],
    ['/api/v1/statuses/:id/source'],
  ])('%s of those who are signed in', async (path) => {
    if (viewer === 'nobody')
      return expect((await client().post(path.replace(':id', id()))).status).not.toBe(200);
    const method = /quotes|source/.test(path) ? 'get' : 'post';
    expect((await client()[method](path.replace(':id', id()))).status).toBe(may ? 200 : 404);
  });

  test('in lists by id and by author', async () => {
    expect(await listed('/api/v1/statuses', { id: [id()] })).toBe(may);
    expect(await listed(`/api/v1/accounts/${author.account._id}/statuses`)).toBe(may);
  });

  test('in public timelines only what is public', async () => {
    const shown = may && visibility === 'public';
    expect(await listed('/api/v1/timelines/public')).toBe(shown);
    expect(await listed('/api/v1/timelines/tag/axolotl')).toBe(shown);
  });

  test('at home for those who follow', async () => {
    const follows = viewer === 'author' || viewer === 'follower';
    if (viewer === 'nobody') return expect((await client().get('/api/v1/timelines/home')).status).toBe(401);
    expect(await listed('/api/v1/timelines/home')).toBe(may && follows);
  });

  test('in search: what is one’s own, mentions one, or is open to all', async () => {
    const kept = viewer !== 'nobody' && may;
    // Everybody has favourited and bookmarked above what it may see, which makes it findable.
    expect(await listed('/api/v2/search', { q: 'axolotl', type: 'statuses' })).toBe(kept);
    const byUrl = await client().get('/api/v2/search', { q: statuses[visibility]['uri'] });
    expect((byUrl.body as { statuses: unknown[] }).statuses).toHaveLength(may ? 1 : 0);
  });

  test('reblogged: open posts by all, private ones by their author alone', async () => {
    if (viewer === 'nobody')
      return expect((await client().post(`/api/v1/statuses/${id()}/reblog`)).status).toBe(401);
    const open = visibility === 'public' || visibility === 'unlisted';
    const own = viewer === 'author' && visibility === 'private';
    const expected = !may ? 404 : open || own ? 200 : 403;
    expect((await client().post(`/api/v1/statuses/${id()}/reblog`)).status).toBe(expected);
  });
});

describe('a reblog of a followers-only post', () => {
  test('is seen by those who may see the post', async () => {
    await instance.idle();
    const seen = async (viewer: Viewer): Promise<boolean> => {
      const path = `/api/v1/accounts/${author.account._id}/statuses`;
      const list = await ok<StatusJson[]>(clients[viewer].get(path, { limit: 40 }));
      return list.some((s) => s.reblog?.id === statuses.private.id);
    };
    expect(await seen('follower')).toBe(true);
    expect(await seen('author')).toBe(true);
    expect(await seen('stranger')).toBe(false);
    expect(await seen('nobody')).toBe(false);
  });
});
