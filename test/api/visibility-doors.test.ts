import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSocket, type Socket } from '../streaming/kit.js';
import { startInstance, type Instance } from '../support/instance.js';
import { clientOf, ok, post, refused, type Client, type StatusJson } from './support.js';

/**
 * Who meets a post where it was not asked for by name: in threads, lists, marks, quotes, notifications, conversations
 * and streams; with blocks in both directions and mutes. (By name, in timelines and in search: visibility.test.ts.)
 */

const visibilities = ['public', 'unlisted', 'private', 'direct'] as const;
type Visibility = (typeof visibilities)[number];
/** `blocked`: the author blocks it. `blocker`: it blocks the author. Both followed before. */
const viewers = ['author', 'mentioned', 'follower', 'muter', 'stranger', 'blocked', 'blocker'] as const;
type Viewer = (typeof viewers)[number];
const everybody = [...viewers, 'nobody'] as const;
type Anybody = (typeof everybody)[number];

/** The rules, written again and independently of policy/. */
const open = (v: Visibility): boolean => v === 'public' || v === 'unlisted';
const follows = (x: Anybody): boolean => x === 'follower' || x === 'muter';
const hides = (x: Anybody): boolean => x === 'muter' || x === 'blocker';
function may(v: Visibility, x: Anybody): boolean {
  if (x === 'author') return true;
  if (x === 'blocked') return false;
  if (open(v)) return true;
  return x === 'mentioned' || (v === 'private' && follows(x));
}

let instance: Instance;

const clients = {} as Record<Anybody | 'host', Client>;
const tokens = {} as Record<Viewer, string>;
const ids = {} as Record<Viewer, string>;
const lists = {} as Partial<Record<Viewer, string>>;
const replies = {} as Record<Visibility, StatusJson>;
let root: StatusJson;
let quoting: StatusJson;

beforeAll(async () => {
  instance = await startInstance();
  for (const name of viewers) {
    const user = await instance.createUser(name);

    [clients[name], tokens[name], ids[name]] = [clientOf(instance, user), user.token, user.account._id];
  }
  clients.nobody = clientOf(instance);
  const host = await instance.createUser('host');
  clients.host = clientOf(instance, host);
  await ok(clients.mentioned.patch('/api/v2/notifications/policy', { for_private_mentions: 'accept' }));
  for (const name of ['follower', 'muter', 'blocked', 'blocker'] as const) {
    await ok(clients[name].post(`/api/v1/accounts/${ids.author}/follow`));
    const list = await ok<{ id: string }>(
      clients[name].post('/api/v1/lists', { title: 'L', replies_policy: 'followed' }),
    );
    await ok(clients[name].post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [ids.author] }));
    lists[name] = list.id;
    await ok(clients[name].post(`/api/v1/accounts/${host.account._id}/follow`));
  }
  root = await post(clients.host, { status: 'Root', quote_approval_policy: 'public' });
  for (const visibility of visibilities)
    replies[visibility] = await post(clients.author, {
      status: `@mentioned ${visibility}`,
      visibility,
      in_reply_to_id: root.id,
      quote_approval_policy: 'public',
    });
  quoting = await post(clients.host, { status: 'Look', quoted_status_id: replies.public.id });
  await instance.idle();
  for (const name of viewers)
    for (const visibility of visibilities)
      for (const act of ['bookmark', 'favourite'])
        await clients[name].post(`/api/v1/statuses/${replies[visibility].id}/${act}`);
  await ok(clients.author.post(`/api/v1/accounts/${ids.blocked}/block`));
  await ok(clients.blocker.post(`/api/v1/accounts/${ids.author}/block`));
  await ok(clients.muter.post(`/api/v1/accounts/${ids.author}/mute`));
  await instance.idle();
}, 900_000);
afterAll(() => instance.close());

const idsAt = async (viewer: Anybody, path: string, query: object = {}): Promise<string[]> =>
  (await ok<{ id: string }[]>(clients[viewer].get(path, { limit: 40, ...query }))).map((s) => s.id);

describe.each(visibilities.flatMap((v) => everybody.map((x) => [v, x] as const)))(
  'a %s post, for %s',
  (v, x) => {
    const id = (): string => replies[v].id;

    test('by name', async () => {
      expect((await clients[x].get(`/api/v1/statuses/${id()}`)).status).toBe(may(v, x) ? 200 : 404);
    });

    test('in its thread', async () => {
      const path = `/api/v1/statuses/${root.id}/context`;
      const { descendants } = await ok<{ descendants: StatusJson[] }>(clients[x].get(path));
      expect(descendants.some((s) => s.id === id())).toBe(may(v, x) && !hides(x));
    });

    test('among what one marked', async () => {
      if (x === 'nobody') return void (await refused(clients.nobody.get('/api/v1/bookmarks'), 401));
      expect((await idsAt(x, '/api/v1/bookmarks')).includes(id())).toBe(may(v, x));
      expect((await idsAt(x, '/api/v1/favourites')).includes(id())).toBe(may(v, x));
    });

    test('among who marked it', async () => {
      const res = await clients[x].get(`/api/v1/statuses/${id()}/favourited_by`);
      expect(res.status).toBe(may(v, x) ? 200 : 404);
    });

    test('in a list', async () => {
      const list = lists[x as Viewer];
      if (list === undefined) return expect(x).not.toBe('follower');
      // A block ends the membership; a list of somebody muted stays, and shows nothing of them.
      const shown = x === 'follower' && v !== 'direct';
      expect((await idsAt(x, `/api/v1/timelines/list/${list}`)).includes(id())).toBe(shown);
    });

    test('in notifications and conversations', async () => {
      if (x === 'nobody') return void (await refused(clients.nobody.get('/api/v1/notifications'), 401));
      const told = await ok<{ type: string; status?: StatusJson }[]>(
        clients[x].get('/api/v1/notifications', { 'types[]': 'mention' }),
      );
      expect(told.some((n) => n.status?.id === id())).toBe(x === 'mentioned');
      const threads = await ok<{ last_status: StatusJson }[]>(clients[x].get('/api/v1/conversations'));
      const part = v === 'direct' && (x === 'mentioned' || x === 'author');
      expect(threads.some((c) => c.last_status.id === id())).toBe(part);
    });
  },
);

describe('a quote of it', () => {
  test.each(everybody)('for %s', async (x) => {
    const shown = await ok<{ quote: { state: string; quoted_status: StatusJson | null } }>(
      clients[x].get(`/api/v1/statuses/${quoting.id}`),
    );
    const { state, quoted_status: quoted } = shown.quote;
    // As in Mastodon: what one hides oneself is shown after a click.
    const states: Partial<Record<Anybody, string>> = {
      blocked: 'unauthorized',
      blocker: 'blocked_account',
      muter: 'muted_account',
    };
    expect(state).toBe(states[x] ?? 'accepted');
    expect(quoted?.id ?? null).toBe(may('public', x) ? replies.public.id : null);
  });
});

test('an upload is its owner’s alone until it is posted', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const { id } = await ok<{ id: string }>(clients.author.post('/api/v2/media').attach('file', png, 'a.png'));
  for (const x of viewers)
    expect((await clients[x].get(`/api/v1/media/${id}`)).status).toBe(x === 'author' ? 200 : 404);
  await refused(clients.stranger.post('/api/v1/statuses', { status: 'Mine?', media_ids: [id] }), 422);
});

describe('in streams', () => {
  const sockets = {} as Record<Viewer, { home: Socket; all: Socket }>;
  const sent = {} as Record<Visibility, StatusJson>;

  beforeAll(async () => {
    for (const x of viewers)
      sockets[x] = {
        home: await openSocket(instance.url, tokens[x], { query: { stream: 'user' } }),
        all: await openSocket(instance.url, tokens[x], { query: { stream: 'public' } }),
      };
    for (const visibility of visibilities)
      sent[visibility] = await post(clients.author, { status: `@mentioned now ${visibility}`, visibility });
    await instance.idle();
    // The last that all of them hear: what has not come before it does not come.
    const last = await post(clients.host, 'The end');
    for (const x of viewers) {
      await sockets[x].all.next((r) => (r.payload as StatusJson | undefined)?.id === last.id);
      const own = await post(clients[x], { status: 'Own', visibility: 'private' });
      await sockets[x].home.next((r) => (r.payload as StatusJson | undefined)?.id === own.id);
    }
  }, 900_000);
  afterAll(async () => {
    for (const x of viewers) await Promise.all([sockets[x].home.close(), sockets[x].all.close()]);
  });

  const hears = (socket: Socket, id: string): boolean =>
    socket.heard.some((r) => r.event === 'update' && (r.payload as StatusJson).id === id);

  test.each(visibilities.flatMap((v) => viewers.map((x) => [v, x] as const)))('a %s post, for %s', (v, x) => {
    expect(hears(sockets[x].all, sent[v].id)).toBe(v === 'public' && may(v, x) && !hides(x));
    const home = x === 'author' || (x === 'follower' && v !== 'direct');
    expect(hears(sockets[x].home, sent[v].id)).toBe(home);
    const told = sockets[x].home.heard.some(
      (r) => r.event === 'notification' && (r.payload as { status?: StatusJson }).status?.id === sent[v].id,
    );
    expect(told).toBe(x === 'mentioned');
  });
});
