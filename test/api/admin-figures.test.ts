import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectStaffOnly, withStaff, type StaffedInstance } from './admin-support.js';
import { expectEntities } from './contract.js';
import { clientOf, ok, post, refused } from './support.js';

/** Three days of a small server, counted. */

let instance: Instance;
let staffed: StaffedInstance;
let tagId: string;
let media: TestUser;
const clock = createTestClock(new Date('2025-06-01T12:00:00.000Z'));
const span = { start_at: '2025-06-01', end_at: '2025-06-03' };

interface Measure {
  key: string;
  total: string;
  previous_total?: string;
  data: { date: string; value: string }[];
}
interface Dimension {
  key: string;
  data: { key: string; human_key: string; value: string }[];
}

beforeAll(async () => {
  instance = await startInstance({ clock });
  staffed = await withStaff(instance);
  const { db, ids } = instance.ctx;
  media = await instance.createUser('early');
  const asEarly = clientOf(instance, media);
  const status = await post(asEarly, { status: 'First #regatta', language: 'de' });
  clock.advance({ days: 1 });
  const late = await instance.createUser('late');
  const asLate = clientOf(instance, late);
  await ok(asLate.post(`/api/v1/statuses/${status.id}/favourite`));
  await post(asLate, { status: '#regatta Reply', in_reply_to_id: status.id, language: 'de' });
  await ok(asLate.post('/api/v1/reports', { account_id: media.account._id }));
  await instance.idle();
  clock.advance({ days: 1 });
  await ok(asEarly.get('/api/v1/accounts/verify_credentials'));
  const [report] = await ok<{ id: string }[]>(staffed.asModerator.get('/api/v1/admin/reports'));
  await ok(staffed.asModerator.post(`/api/v1/admin/reports/${report?.id}/resolve`));
  tagId = (await db.tags.findOne({ name: 'regatta' }))?._id ?? '';

  const far = ids.next();
  await db.accounts.insertOne({
    ...media.account,
    _id: far,
    acctKey: 'far@far.example',
    username: 'far',
    domain: 'far.example',
    uri: 'https://far.example/users/far',
    url: 'https://far.example/@far',
  });
  await db.follows.insertOne({
    _id: ids.next(),
    accountId: late.account._id,
    targetId: far,
    state: 'accepted',
    uri: 'https://x.example/1',
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: clock.now().toISOString(),
  });
  await db.statuses.insertOne({
    ...((await db.statuses.findOne({ _id: status.id })) ?? raise()),
    _id: ids.next(),
    uri: 'https://far.example/1',
    url: 'https://far.example/@far/1',
    accountId: far,
    local: false,
    language: 'fr',
  });
  await db.media.insertOne({
    _id: ids.next(),
    accountId: far,
    statusId: null,
    type: 'image',
    state: 'ready',
    path: 'aa/bb/cc.png',
    previewPath: null,
    mime: 'image/png',
    bytes: 2048,
    sha256: null,
    remoteUrl: null,
    description: null,
    blurhash: null,
    meta: {},
    createdAt: clock.now().toISOString(),
  });
});
afterAll(() => instance.close());

function raise(): never {
  throw new Error('The status is not there');
}

const measures = (body: object) =>
  ok<Measure[]>(staffed.asModerator.post('/api/v1/admin/measures', { ...span, ...body }));
const dimensions = (body: object) =>
  ok<Dimension[]>(staffed.asModerator.post('/api/v1/admin/dimensions', { ...span, ...body }));

describe('measures', () => {
  test.each([
    ['new_users', '6', ['5', '1', '0']],
    // early on the first and third, late on the second, the moderator on the third.
    ['active_users', '3', ['1', '1', '2']],
    ['interactions', '2', ['0', '2', '0']],
    ['opened_reports', '1', ['0', '1', '0']],
    ['resolved_reports', '1', ['0', '0', '1']],
  ])('%s', async (key, total, days) => {
    const found = await measures({ keys: [key] });
    expectEntities(found, 'Admin::Measure');
    expect(found[0]).toMatchObject({ key, total, previous_total: '0' });
    expect(found[0]?.data.map((d) => d.value)).toEqual(days);
    expect(found[0]?.data[0]?.date).toBe('2025-06-01T00:00:00.000Z');
  });

  test.each([
    ['tag_uses', '2', ['1', '1', '0']],
    ['tag_accounts', '2', ['1', '1', '0']],
    ['tag_servers', '1', ['1', '1', '0']],
  ])('%s', async (key, total, days) => {
    const [found] = await measures({ keys: [key], [key]: { id: tagId } });
    expect(found).toMatchObject({ total });
    expect(found?.data.map((d) => d.value)).toEqual(days);
  });

  test.each([
    ['instance_accounts', '1'],
    ['instance_statuses', '1'],
    ['instance_follows', '1'],
    ['instance_followers', '0'],
    ['instance_reports', '0'],
    ['instance_media_attachments', '2048'],
  ])('%s', async (key, total) => {
    const found = await measures({ keys: [key], [key]: { domain: 'far.example' } });
    expectEntities(found, 'Admin::Measure');
    expect(found[0]).toMatchObject({ total });
    expect(found[0]?.data.map((d) => d.value)).toEqual(['0', '0', total]);
    const [other] = await measures({ keys: [key], [key]: { domain: 'other.example' } });
    expect(other).toMatchObject({ total: '0' });
  });

  test('leave out what there is no figure of', async () => {
    expect(await measures({ keys: ['nonsense', 'constructor', 'tag_uses', 'instance_accounts'] })).toEqual(
      [],
    );
  });

  test('are of days in order, a year at most', async () => {
    const send = (body: object) =>
      staffed.asModerator.post('/api/v1/admin/measures', { keys: ['new_users'], ...body });
    await refused(send({ start_at: '2025-06-03', end_at: '2025-06-01' }), 422);
    await refused(send({ start_at: '2020-06-03', end_at: '2025-06-01' }), 422);
    await refused(send({ start_at: 'soon', end_at: '2025-06-01' }), 422);
    await refused(send({ start_at: '2025-06-01' }), 422);
  });
});

describe('dimensions', () => {
  const part = (found: Dimension[]) => found[0]?.data.map((d) => [d.human_key, d.value]);

  test('split what there is by kind', async () => {
    const found = await dimensions({
      keys: ['languages', 'sources', 'servers', 'space_usage', 'software_versions'],
    });
    expectEntities(found, 'Admin::Dimension', 5);
    expect(part(found.filter((d) => d.key === 'languages'))).toEqual([['English', '3']]);
    expect(part(found.filter((d) => d.key === 'sources'))).toEqual([['Website', '6']]);
    expect(part(found.filter((d) => d.key === 'servers'))).toEqual([
      [new URL(instance.url).host, '2'],
      ['far.example', '1'],
    ]);
    expect(part(found.filter((d) => d.key === 'space_usage'))).toEqual([['Media storage', '2048']]);
    expect(part(found.filter((d) => d.key === 'software_versions'))?.[0]?.[0]).toBe('Landfall');
  });

  test.each([
    ['tag_servers', { id: true }, [['localhost', '2']]],
    [
      'tag_languages',
      { id: true },
      [
        ['German', '2'],
        ['French', '1'],
      ],
    ],
    ['instance_accounts', { domain: 'far.example' }, [['far', '1']]],
    ['instance_languages', { domain: 'far.example' }, [['French', '1']]],
  ])('%s', async (key, about, expected) => {
    const given = 'id' in about ? { id: tagId } : about;
    const found = await dimensions({ keys: [key], [key]: given });
    expectEntities(found, 'Admin::Dimension');
    expect(part(found)?.map(([name, value]) => [name?.replace(/:\d+$/, ''), value])).toEqual(expected);
    expect(await dimensions({ keys: [key] })).toEqual([]);
  });

  test('are cut to the limit, and of the last month unless said otherwise', async () => {
    const send = { keys: ['servers'], limit: 1 };
    const [found] = await ok<Dimension[]>(staffed.asModerator.post('/api/v1/admin/dimensions', send));
    expect(found?.data).toHaveLength(1);
  });
});

describe('retention', () => {
  const cohorts = (body: object) =>
    ok<{ period: string; data: { date: string; rate: number; value: string }[] }[]>(
      staffed.asModerator.post('/api/v1/admin/retention', { ...span, ...body }),
    );

  test('follows those who joined on a day', async () => {
    const found = await cohorts({ frequency: 'day' });
    expectEntities(found, 'Admin::Cohort', 3);
    // Of five who joined first, nobody came on the second day, and two on the third.
    expect(found[0]?.data.map((d) => [d.value, d.rate])).toEqual([
      ['5', 1],
      ['0', 0],
      ['2', 0.4],
    ]);
    expect(found[1]?.data.map((d) => d.value)).toEqual(['1', '0']);
    expect(found[2]?.data).toMatchObject([{ date: '2025-06-03T00:00:00.000Z', rate: 0, value: '0' }]);
  });

  test('and by month', async () => {
    const found = await cohorts({ frequency: 'month', start_at: '2025-05-10' });
    expect(found.map((c) => c.period)).toEqual(['2025-05-01T00:00:00.000Z', '2025-06-01T00:00:00.000Z']);
    expect(found[1]?.data).toMatchObject([{ value: '6', rate: 1 }]);
    await refused(staffed.asModerator.post('/api/v1/admin/retention', { ...span, frequency: 'year' }), 422);
  });
});

test.each(['measures', 'dimensions', 'retention'])('%s are for staff', async (name) => {
  const body = { ...span, keys: ['new_users'], frequency: 'day' };
  await expectStaffOnly(instance, staffed, (c) => c.post(`/api/v1/admin/${name}`, body));
});
