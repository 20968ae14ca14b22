import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { countQueries } from '../support/count-queries.js';
import { expectEntity } from '../api/contract.js';
import { clientOf, ok, post, type Client, type StatusJson } from '../api/support.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { about, openSocket, type Socket } from './kit.js';

let instance: Instance;
const users: Record<string, TestUser> = {};
const as: Record<string, Client> = {};
const open: Socket[] = [];

beforeAll(async () => {
  instance = await startInstance();
  for (const name of ['alice', 'bob', 'carol', 'dave']) {
    const user = await instance.createUser(name);
    users[name] = user;
    as[name] = clientOf(instance, user);
  }
  await ok(client('alice').post(`/api/v1/accounts/${idOf('bob')}/follow`));
  await instance.idle();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((s) => s.close()));
});
afterAll(() => instance.close());

const client = (name: string): Client => as[name] ?? clientOf(instance);
const idOf = (name: string): string => users[name]?.account._id ?? '';

async function listen(name: string, query: Record<string, string>): Promise<Socket> {
  const socket = await openSocket(instance.url, users[name]?.token ?? null, { query });
  open.push(socket);
  return socket;
}

/** True when the socket heard it, by the time that it hears what came after. */
async function hears(
  socket: Socket,
  status: StatusJson,
  marker: () => Promise<StatusJson>,
): Promise<boolean> {
  await instance.idle();
  const after = await marker();
  await socket.next(about('update', after.id));
  return socket.heard.some(about('update', status.id));
}

describe('the life of a status on the home stream of a follower', () => {
  test('update, status.update, delete', async () => {
    const socket = await listen('alice', { stream: 'user' });
    const status = await post(client('bob'), { status: 'first', spoiler_text: 'careful' });
    const arrived = await socket.next(about('update', status.id));
    expectEntity(arrived.payload, 'Status');
    expect(arrived.stream).toEqual(['user']);
    await ok(client('bob').put(`/api/v1/statuses/${status.id}`, { status: 'second' }));
    const edited = await socket.next(about('status.update', status.id));
    expectEntity(edited.payload, 'Status');
    expect(edited.payload).toMatchObject({ content: '<p>second</p>', edited_at: expect.any(String) });
    await ok(client('bob').delete(`/api/v1/statuses/${status.id}`));
    await socket.next(about('delete', status.id));
  });

  test('a reblog, with what it shows', async () => {
    const socket = await listen('alice', { stream: 'user' });
    const status = await post(client('dave'), 'worth a reblog');
    const reblog = await ok<StatusJson>(client('bob').post(`/api/v1/statuses/${status.id}/reblog`));
    const { payload } = await socket.next(about('update', reblog.id));
    expectEntity(payload, 'Status');
    expect(payload).toMatchObject({ reblog: { id: status.id } });
    await ok(client('dave').delete(`/api/v1/statuses/${status.id}`));
    await socket.next(about('delete', reblog.id));
  });

  test('the marks in a payload are the viewer’s own', async () => {
    const [mine, theirs] = [
      await listen('bob', { stream: 'user' }),
      await listen('alice', { stream: 'user' }),
    ];
    const poll = { options: ['a', 'b'], expires_in: 600 };
    const status = await post(client('bob'), { status: 'choose', poll });
    const own = (await mine.next(about('update', status.id))).payload;
    const other = (await theirs.next(about('update', status.id))).payload;
    expectEntity(own, 'Status');
    expectEntity(other, 'Status');
    expect(own).toMatchObject({ pinned: false, poll: { voted: true } });
    expect(other).toMatchObject({ poll: { voted: false }, favourited: false });
    expect(other).not.toHaveProperty('pinned');

    await ok(client('alice').post(`/api/v1/statuses/${status.id}/favourite`));
    await ok(client('bob').put(`/api/v1/statuses/${status.id}`, { status: 'choose well', poll }));
    expect((await theirs.next(about('status.update', status.id))).payload).toMatchObject({
      favourited: true,
    });
    expect((await mine.next(about('status.update', status.id))).payload).toMatchObject({ favourited: false });
  });

  test('filters apply to those who have them only', async () => {
    const filter = { title: 'rain', context: ['home'], keywords_attributes: [{ keyword: 'rain' }] };
    await ok(client('carol').post(`/api/v1/accounts/${idOf('bob')}/follow`));
    await instance.idle();
    const { id } = await ok<{ id: string }>(client('carol').post('/api/v2/filters', filter));
    const [carol, alice] = [
      await listen('carol', { stream: 'user' }),
      await listen('alice', { stream: 'user' }),
    ];
    const status = await post(client('bob'), 'rain again');
    expect((await carol.next(about('update', status.id))).payload).toMatchObject({
      filtered: [{ filter: { id }, keyword_matches: ['rain'] }],
    });
    expect((await alice.next(about('update', status.id))).payload).toMatchObject({ filtered: [] });
    await ok(client('carol').delete(`/api/v2/filters/${id}`));
    expect(await carol.next((r) => r.event === 'filters_changed')).toMatchObject({ stream: ['user'] });
  });
});

describe('notifications', () => {
  test.each<[string, (status: StatusJson) => Promise<unknown>]>([
    ['favourite', (s) => ok(client('bob').post(`/api/v1/statuses/${s.id}/favourite`))],
    ['reblog', (s) => ok(client('bob').post(`/api/v1/statuses/${s.id}/reblog`))],
    ['mention', (s) => post(client('bob'), { status: 'hi @carol', in_reply_to_id: s.id })],
    ['follow', () => ok(client('dave').post(`/api/v1/accounts/${idOf('carol')}/follow`))],
  ])('%s, on both streams', async (type, act) => {
    const status = await post(client('carol'), `to be told about: ${type}`);
    const sockets = [
      await listen('carol', { stream: 'user' }),
      await listen('carol', { stream: 'user:notification' }),
    ];
    await act(status);
    for (const socket of sockets) {
      const { payload } = await socket.next((r) => r.event === 'notification');
      expectEntity(payload, 'Notification');
      expect(payload).toMatchObject({ type });
    }
    expect(sockets[1]?.heard.map((r) => r.event)).toEqual(['notification']);
  });

  test('nobody hears those of others', async () => {
    const [carol, dave] = [
      await listen('carol', { stream: 'user' }),
      await listen('dave', { stream: 'user' }),
    ];
    await post(client('bob'), 'only @carol');
    await carol.next((r) => r.event === 'notification');
    await hears(dave, await post(client('bob'), 'x'), () => post(client('dave'), 'marker'));
    expect(dave.heard.filter((r) => r.event === 'notification')).toEqual([]);
  });
});

describe('public streams', () => {
  test.each<[string, object]>([
    ['unlisted', { visibility: 'unlisted' }],
    ['private', { visibility: 'private' }],
    ['direct', { visibility: 'direct' }],
  ])('%s posts are not on them, nor on hashtags', async (_, options) => {
    const socket = await listen('carol', { stream: 'public' });
    socket.send({ type: 'subscribe', stream: 'hashtag', tag: 'quiet' });
    const status = await post(client('bob'), { status: 'a #quiet word', ...options });
    expect(await hears(socket, status, () => post(client('bob'), 'loud'))).toBe(false);
  });

  test('reblogs and replies to others are not on them', async () => {
    const socket = await listen('carol', { stream: 'public' });
    const status = await post(client('dave'), 'root');
    const reblog = await ok<StatusJson>(client('bob').post(`/api/v1/statuses/${status.id}/reblog`));
    const reply = await post(client('bob'), { status: 'reply #answers', in_reply_to_id: status.id });
    expect(await hears(socket, reblog, () => post(client('bob'), 'marker'))).toBe(false);
    expect(socket.heard.some(about('update', reply.id))).toBe(false);
  });

  test('a reply is on its hashtag', async () => {
    const socket = await listen('carol', { stream: 'hashtag', tag: 'answers' });
    const status = await post(client('dave'), 'root');
    const reply = await post(client('bob'), { status: 'reply #answers', in_reply_to_id: status.id });
    await socket.next(about('update', reply.id));
  });

  test('edits and deletions reach them', async () => {
    const socket = await listen('carol', { stream: 'public:local' });
    const status = await post(client('bob'), 'one');
    await socket.next(about('update', status.id));
    await ok(client('bob').put(`/api/v1/statuses/${status.id}`, { status: 'two' }));
    await socket.next(about('status.update', status.id));
    await ok(client('bob').delete(`/api/v1/statuses/${status.id}`));
    await socket.next(about('delete', status.id));
  });

  test('media streams have posts with media only', async () => {
    const socket = await listen('carol', { stream: 'public:media' });
    const status = await post(client('bob'), 'bare');
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const withMedia = async (): Promise<StatusJson> => {
      const upload = client('bob').post('/api/v2/media').attach('file', png, 'a.png');
      const { id } = await ok<{ id: string }>(upload);
      return post(client('bob'), { status: 'pictured', media_ids: [id] });
    };
    expect(await hears(socket, status, withMedia)).toBe(false);
  });

  test.each<[string, (undo: '' | 'un') => Promise<unknown>]>([
    [
      'whom the viewer blocks',
      (undo) => ok(client('carol').post(`/api/v1/accounts/${idOf('bob')}/${undo}block`)),
    ],
    [
      'whom the viewer mutes',
      (undo) => ok(client('carol').post(`/api/v1/accounts/${idOf('bob')}/${undo}mute`)),
    ],
    [
      'who block the viewer',
      (undo) => ok(client('bob').post(`/api/v1/accounts/${idOf('carol')}/${undo}block`)),
    ],
  ])('nothing of those %s', async (_, act) => {
    await act('');
    await instance.idle();
    const socket = await listen('carol', { stream: 'public' });
    const status = await post(client('bob'), 'unseen');
    const mention = await post(client('dave'), 'about @bob');
    expect(await hears(socket, status, () => post(client('dave'), 'seen'))).toBe(false);
    expect(socket.heard.some(about('update', mention.id))).toBe(false);
    await act('un');
    await instance.idle();
    expect(await hears(socket, await post(client('bob'), 'seen'), () => post(client('dave'), 'x'))).toBe(
      true,
    );
  });

  test('nothing of limited accounts', async () => {
    const set = (silencedAt: string | null) =>
      instance.ctx.db.accounts.updateOne({ _id: idOf('bob') }, { $set: { silencedAt } });
    const socket = await listen('carol', { stream: 'public' });
    await set(new Date().toISOString());
    const status = await post(client('bob'), 'limited');
    const wasHeard = await hears(socket, status, () => post(client('dave'), 'marker'));
    await set(null);
    expect(wasHeard).toBe(false);
  });

  test('the number of queries does not grow with the listeners', async () => {
    const queries = countQueries(instance.ctx);
    const cost = async (): Promise<number> => {
      const sockets = open;
      queries.reset();
      const status = await post(client('bob'), 'counted');
      await Promise.all(sockets.map((s) => s.next(about('update', status.id))));
      await instance.idle();
      return queries.list().filter((q) => /^(blocks|mutes|accounts|filters|media|favourites)\./.test(q))
        .length;
    };
    await listen('carol', { stream: 'public' });
    const one = await cost();
    for (let i = 0; i < 8; i += 1) await listen(i % 2 ? 'carol' : 'dave', { stream: 'public' });
    expect(await cost()).toBe(one);
  });
});

describe('streams of one’s own', () => {
  test('a list has what its members post', async () => {
    const { id } = await ok<{ id: string }>(client('alice').post('/api/v1/lists', { title: 'friends' }));
    await ok(client('alice').post(`/api/v1/lists/${id}/accounts`, { account_ids: [idOf('bob')] }));
    const socket = await listen('alice', { stream: 'list', list: id });
    const foreign = await listen('carol', { stream: 'list', list: id });
    foreign.send({ type: 'subscribe', stream: 'public' });
    const status = await post(client('bob'), 'for the list');
    const { stream, payload } = await socket.next(about('update', status.id));
    expect(stream).toEqual(['list', id]);
    expectEntity(payload, 'Status');
    await foreign.next(about('update', status.id));
    await hears(foreign, status, () => post(client('bob'), 'more'));
    expect(foreign.heard.filter((r) => r.stream?.[0] === 'list')).toEqual([]);
  });

  test('conversations', async () => {
    const socket = await listen('alice', { stream: 'direct' });
    const status = await post(client('bob'), { status: 'psst @alice', visibility: 'direct' });
    const { stream, payload } = await socket.next((r) => r.event === 'conversation');
    expect(stream).toEqual(['direct']);
    expectEntity(payload, 'Conversation');
    expect(payload).toMatchObject({ unread: true, last_status: { id: status.id } });
  });
});
