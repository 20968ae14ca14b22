import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setBackdating } from '../../src/domain/staff.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { about, openSocket } from '../streaming/kit.js';
import { clientOf, ok, post, refused, type Client, type StatusJson } from './support.js';

const scopes = ['read', 'write', 'follow', 'write:statuses:backdate'];
const clock = createTestClock(new Date('2026-03-01T12:00:00.000Z'));
let instance: Instance;
let alice: TestUser;
let asAlice: Client, asBob: Client;

beforeAll(async () => {
  instance = await startInstance({ clock });
  alice = await instance.createUser('alice', { scopes });
  asAlice = clientOf(instance, alice);
  asBob = clientOf(instance, await instance.createUser('bob', { scopes }));
  await allow(alice, true);
  await ok(asBob.post(`/api/v1/accounts/${alice.account._id}/follow`, { notify: true }));
  await instance.idle();
});
afterAll(() => instance.close());

const allow = (user: TestUser, allowed: boolean): Promise<void> =>
  setBackdating(instance.ctx, 'console:test', { account: user.account, allowed });
const backdate = (createdAt: string, body: object = {}): Promise<StatusJson> =>
  post(asAlice, { status: `Of ${createdAt}`, created_at: createdAt, ...body });
const ids = (statuses: StatusJson[]): string[] => statuses.map((s) => s.id);

test('posts keep the date they are given and stand in its order, of before 2018 too', async () => {
  const today = await post(asAlice, 'Today');
  const dates = [
    '2024-05-05T05:05:05.005Z',
    '2009-01-01T00:00:00Z',
    '2017-12-31T23:59:59.999+00:00',
    '2009-01-02',
  ];
  const [y2024, y2009, y2017, later2009] = await Promise.all(dates.map((date) => backdate(date)));
  expect(y2024).toMatchObject({ created_at: '2024-05-05T05:05:05.005Z' });
  expect(y2009).toMatchObject({ created_at: '2009-01-01T00:00:00.000Z' });
  const listed = await ok<StatusJson[]>(asBob.get(`/api/v1/accounts/${alice.account._id}/statuses`));
  expect(ids(listed)).toEqual(ids([today, y2024!, y2017!, later2009!, y2009!]));
  expect(new Set(listed.map((s) => s.id.length))).toEqual(new Set([18]));
  const page = await ok<StatusJson[]>(
    asBob.get(`/api/v1/accounts/${alice.account._id}/statuses`, { max_id: y2017!.id }),
  );
  expect(ids(page)).toEqual(ids([later2009!, y2009!]));
  expect(await ok(asBob.get(`/api/v1/statuses/${y2009!.id}`))).toMatchObject({ id: y2009!.id });
});

test('posts of before 2018 are found by their words and their date', async () => {
  const old = await backdate('2010-06-01', { status: 'Trilobites' });
  await backdate('2019-06-01', { status: 'More trilobites' });
  await instance.idle();
  const found = async (q: string): Promise<string[]> =>
    ids(
      (await ok<{ statuses: StatusJson[] }>(asAlice.get('/api/v2/search', { q, type: 'statuses' }))).statuses,
    );
  expect(await found('trilobites')).toHaveLength(2);
  expect(await found('trilobites before:2011-01-01')).toEqual([old.id]);
  expect(await found('trilobites before:2010-06-01')).toEqual([]);
});

test('many of one instant have an id each', async () => {
  const all = await Promise.all(Array.from({ length: 40 }, () => backdate('2015-01-01T00:00:00Z')));
  expect(new Set(ids(all)).size).toBe(40);
});

test('an id that is taken is not given again', async () => {
  const at = new Date('2012-12-12T00:00:00Z');
  const taken = await backdate(at.toISOString());
  const { ids: real, ...rest } = instance.ctx;
  const drawn = [taken.id, taken.id, real.next(at)];
  const { publishStatus } = await import('../../src/domain/statuses.js');
  const ctx = {
    ...rest,
    ids: { ...real, next: (born?: Date) => (born && drawn.shift()) ?? real.next(born) },
  };
  const status = await publishStatus(ctx, alice.account, { text: 'Another', createdAt: at });
  expect(status._id).not.toBe(taken.id);
  expect(drawn).toEqual([]);
});

test('nobody is told of what is older than a day: no notification, no stream, no mark on a conversation', async () => {
  const socket = await openSocket(instance.url, alice.token, { query: { stream: 'public:local' } });
  const old = await backdate('2026-02-28T11:59:59Z', { status: 'Old @bob' });
  const direct = await backdate('2020-01-01', { status: 'Old secret @bob', visibility: 'direct' });
  await instance.idle();
  const recent = await backdate('2026-02-28T12:00:01Z', { status: 'Recent @bob' });
  await instance.idle();
  await socket.next(about('update', recent.id));
  expect(socket.heard.some(about('update', old.id))).toBe(false);
  await socket.close();
  const told = await ok<{ type: string; status: StatusJson }[]>(asBob.get('/api/v1/notifications'));
  const about2 = told.map((n) => n.status.id);
  expect(about2).toContain(recent.id);
  expect(about2).not.toContain(old.id);
  expect(about2).not.toContain(direct.id);
  expect(await ok(asBob.get('/api/v1/conversations'))).toMatchObject([
    { unread: false, last_status: { id: direct.id } },
  ]);
});

test('an Idempotency-Key makes one of two', async () => {
  const send = () =>
    ok<StatusJson>(
      asAlice
        .post('/api/v1/statuses', { status: 'Once', created_at: '2013-03-03' })
        .set('Idempotency-Key', 'backdated-1'),
    );
  expect(new Set(ids(await Promise.all([send(), send()]))).size).toBe(1);
});

test.each([
  ['in the future', { created_at: '2026-03-01T12:00:01Z' }, /future: use scheduled_at/],
  ['that is no time', { created_at: 'yesterday' }, /Created at is not a time/],
  ['before 1970', { created_at: '1969-12-31' }, /before 1970/],
  ['and another for later', { created_at: '2020-01-01', scheduled_at: '2026-03-02' }, /exclude each other/],
])('a date %s is refused', async (_name, body, text) => {
  await refused(asAlice.post('/api/v1/statuses', { status: 'x', ...body }), 422, text);
});

test('it takes the scope, which nothing includes, and the owner’s consent, which can be taken back', async () => {
  const body = { status: 'x', created_at: '2020-01-01' };
  const plain = clientOf(instance, await instance.createUser('owner', { role: 'owner' }));
  await refused(plain.post('/api/v1/statuses', body), 403, /outside the authorized scopes/);
  await refused(asBob.post('/api/v1/statuses', body), 403, /not allowed/);
  const carol = await instance.createUser('carol', { scopes, role: 'owner' });
  await post(clientOf(instance, carol), body);
  const dave = await instance.createUser('dave', { scopes });
  await allow(dave, true);
  await post(clientOf(instance, dave), body);
  await allow(dave, false);
  await refused(clientOf(instance, dave).post('/api/v1/statuses', body), 403, /not allowed/);
});
