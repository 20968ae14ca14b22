import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { expectEntity } from '../api/contract.js';
import { clientOf, ok, post, type Client, type StatusJson } from '../api/support.js';
import { countQueries } from '../support/count-queries.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { about, openSocket, type Socket } from './kit.js';

let instance: Instance;
let bob: TestUser, carol: TestUser, dave: TestUser;
let asBob: Client, asCarol: Client, asDave: Client;
const open: Socket[] = [];

beforeAll(async () => {
  instance = await startInstance();
  [bob, carol, dave] = [
    await instance.createUser('bob'),
    await instance.createUser('carol'),
    await instance.createUser('dave'),
  ];
  [asBob, asCarol, asDave] = [clientOf(instance, bob), clientOf(instance, carol), clientOf(instance, dave)];
  await ok(asCarol.post(`/api/v1/accounts/${bob.account._id}/follow`));
  await ok(asDave.post(`/api/v1/accounts/${bob.account._id}/follow`));
  await instance.idle();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((s) => s.close()));
});
afterAll(() => instance.close());

async function listen(user: TestUser, query: Record<string, string>): Promise<Socket> {
  const socket = await openSocket(instance.url, user.token, { query });
  open.push(socket);
  return socket;
}

/** Whether a socket heard of a status, by the time that it hears of a later one that nothing filters. */
async function heard(socket: Socket, id: string, event = 'update'): Promise<boolean> {
  await instance.idle();
  const marker = await post(asBob, 'a marker');
  await socket.next(about('update', marker.id));
  return socket.heard.some(about(event, id));
}

async function withFilter(body: object, run: (id: string) => Promise<void>): Promise<void> {
  const { id } = await ok<{ id: string }>(asCarol.post('/api/v2/filters', body));
  try {
    await run(id);
  } finally {
    await ok(asCarol.delete(`/api/v2/filters/${id}`));
  }
}

const filter = (action: string, ...context: string[]) => ({
  title: 'weather',
  filter_action: action,
  context,
  keywords_attributes: [{ keyword: 'rain', whole_word: true }],
});

describe('what a filter hides is not sent', () => {
  test('on home, but on public streams, and to others', () =>
    withFilter(filter('hide', 'home'), async (id) => {
      const [home, everybody, another] = [
        await listen(carol, { stream: 'user' }),
        await listen(carol, { stream: 'public' }),
        await listen(dave, { stream: 'user' }),
      ];
      const status = await post(asBob, 'rain again');
      const reblog = await ok<StatusJson>(asBob.post(`/api/v1/statuses/${status.id}/reblog`));
      expect(await heard(home, status.id)).toBe(false);
      expect(home.heard.some(about('update', reblog.id))).toBe(false);
      const { payload } = await everybody.next(about('update', status.id));
      expectEntity(payload, 'Status');
      expect(payload).toMatchObject({ filtered: [{ filter: { id, filter_action: 'hide' } }] });
      await another.next(about('update', reblog.id));
    }));

  test('on public streams and hashtags, but on home', () =>
    withFilter(filter('hide', 'public'), async () => {
      const home = await listen(carol, { stream: 'user' });
      const socket = await listen(carol, { stream: 'public:local' });
      socket.send({ type: 'subscribe', stream: 'hashtag', tag: 'wet' });
      const status = await post(asBob, 'rain #wet');
      await home.next(about('update', status.id));
      expect(await heard(socket, status.id)).toBe(false);
    }));

  test('on lists, where home is filtered', () =>
    withFilter(filter('hide', 'home'), async () => {
      const { id } = await ok<{ id: string }>(asCarol.post('/api/v1/lists', { title: 'friends' }));
      await ok(asCarol.post(`/api/v1/lists/${id}/accounts`, { account_ids: [bob.account._id] }));
      const socket = await listen(carol, { stream: 'list', list: id });
      const status = await post(asBob, 'more rain');
      expect(await heard(socket, status.id)).toBe(false);
    }));

  test('by an edit either', () =>
    withFilter(filter('hide', 'home'), async () => {
      const socket = await listen(carol, { stream: 'user' });
      const status = await post(asBob, 'sun');
      await socket.next(about('update', status.id));
      await ok(asBob.put(`/api/v1/statuses/${status.id}`, { status: 'rain' }));
      expect(await heard(socket, status.id, 'status.update')).toBe(false);
      await ok(asBob.delete(`/api/v1/statuses/${status.id}`));
      await socket.next(about('delete', status.id));
    }));

  test('as a notification', async () => {
    const notified = (r: { event?: string; payload?: unknown }): string =>
      r.event === 'notification' ? (r.payload as { status: StatusJson }).status.content : '';
    await withFilter(filter('hide', 'notifications'), async () => {
      const socket = await listen(carol, { stream: 'user:notification' });
      await post(asBob, '@carol rain');
      await instance.idle();
      await post(asBob, '@carol sun');
      await socket.next((r) => notified(r).includes('sun'));
      expect(socket.heard.some((r) => notified(r).includes('rain'))).toBe(false);
    });
    await withFilter(filter('warn', 'notifications'), async (id) => {
      const socket = await listen(carol, { stream: 'user' });
      await post(asBob, '@carol rain');
      const { payload } = await socket.next((r) => notified(r).includes('rain'));
      expectEntity(payload, 'Notification');
      expect(payload).toMatchObject({
        status: { filtered: [{ filter: { id }, keyword_matches: ['rain'] }] },
      });
    });
  });
});

test.each(['mute', 'block'])(
  'an edit that mentions somebody is not sent to those who %s them',
  async (act) => {
    const socket = await listen(carol, { stream: 'user' });
    const status = await post(asBob, 'about @dave');
    await socket.next(about('update', status.id));
    await ok(asCarol.post(`/api/v1/accounts/${dave.account._id}/${act}`));
    await instance.idle();
    await ok(asBob.put(`/api/v1/statuses/${status.id}`, { status: 'more about @dave' }));
    expect(await heard(socket, status.id, 'status.update')).toBe(false);
    await ok(asCarol.post(`/api/v1/accounts/${dave.account._id}/un${act}`));
    await instance.idle();
    await ok(asBob.put(`/api/v1/statuses/${status.id}`, { status: 'and more about @dave' }));
    await socket.next(about('status.update', status.id));
  },
);

test('the number of queries does not grow with listeners who filter, nor for reblogs and edits', async () => {
  const fans: TestUser[] = [];
  for (let i = 0; i < 5; i += 1) {
    const fan = await instance.createUser(`fan${i}`);
    const as = clientOf(instance, fan);
    await ok(as.post(`/api/v1/accounts/${bob.account._id}/follow`));
    await ok(as.post('/api/v2/filters', filter('warn', 'home')));
    fans.push(fan);
  }
  await instance.idle();
  const queries = countQueries(instance.ctx);
  const rendering = /^(filters|media|bookmarks|favourites|threadMutes|pollVotes|blocks|mutes)\./;
  const cost = async (): Promise<number> => {
    queries.reset();
    const status = await post(asBob, 'rain for everybody');
    await Promise.all(open.map((s) => s.next(about('update', status.id))));
    const reblog = await ok<StatusJson>(asBob.post(`/api/v1/statuses/${status.id}/reblog`));
    await Promise.all(open.map((s) => s.next(about('update', reblog.id))));
    await ok(asBob.put(`/api/v1/statuses/${status.id}`, { status: 'more rain' }));
    await Promise.all(open.map((s) => s.next(about('status.update', status.id))));
    await instance.idle();
    return queries.list().filter((q) => rendering.test(q)).length;
  };
  await listen(fans[0]!, { stream: 'user' });
  const one = await cost();
  for (const fan of fans.slice(1)) await listen(fan, { stream: 'user' });
  expect(await cost()).toBe(one);
});
