import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { deleteAnnouncement, publishAnnouncement } from '../../src/domain/announcements.js';
import { expectEntity } from '../api/contract.js';
import { clientOf, ok } from '../api/support.js';
import { createTestClock } from '../support/clock.js';
import { countQueries } from '../support/count-queries.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { openEvents, openSocket, type Ear } from './kit.js';

const clock = createTestClock();
let instance: Instance;
let alice: TestUser, bob: TestUser;
const open: Ear[] = [];

beforeAll(async () => {
  instance = await startInstance({ clock });
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((ear) => ear.close()));
});
afterAll(() => instance.close());

async function listen<T extends Ear>(opening: Promise<T>): Promise<T> {
  const ear = await opening;
  open.push(ear);
  return ear;
}
const user = (who: TestUser) => listen(openSocket(instance.url, who.token, { query: { stream: 'user' } }));
const event = (name: string) => (r: { event?: string }) => r.event === name;

test('is told on everybody’s own stream, with reactions, until it is taken back', async () => {
  const ears = [
    await user(alice),
    await user(bob),
    await listen(openEvents(instance.url, '/api/v1/streaming/user', alice.token)),
  ];
  const other = await listen(openSocket(instance.url, alice.token, { query: { stream: 'public' } }));
  const { _id: id } = await publishAnnouncement(instance.ctx, { text: 'News https://example.com' });
  for (const ear of ears) {
    const { payload } = await ear.next(event('announcement'));
    expectEntity(payload, 'Announcement');
    expect(payload).toMatchObject({ id, content: expect.stringContaining('News') });
    expect(payload).not.toHaveProperty('read');
  }
  const party = `/api/v1/announcements/${id}/reactions/${encodeURIComponent('🎉')}`;
  await ok(clientOf(instance, bob).put(party));
  await ok(clientOf(instance, bob).put(party));
  await ok(clientOf(instance, alice).put(party));
  await ok(clientOf(instance, bob).delete(party));
  await deleteAnnouncement(instance.ctx, id);
  for (const ear of ears) {
    expect(await ear.next(event('announcement.delete'))).toMatchObject({ payload: id });
    const counts = ear.heard.filter(event('announcement.reaction')).map((r) => r.payload);
    const told = { name: '🎉', announcement_id: id };
    expect(counts).toEqual([1, 2, 1].map((count) => ({ ...told, count })));
  }
  expect(ears[0]?.heard.find(event('announcement'))).toMatchObject({ stream: ['user'] });
  expect(other.heard).toEqual([]);
});

test('is over when its time is', async () => {
  const ear = await user(alice);
  const endsAt = new Date(clock.now().getTime() + 3_600_000);
  const { _id: id } = await publishAnnouncement(instance.ctx, { text: 'For an hour', endsAt });
  await ear.next(event('announcement'));
  await instance.idle();
  expect(ear.heard.some(event('announcement.delete'))).toBe(false);
  clock.advance({ hours: 1 });
  instance.ctx.jobs.nudge('jobs');
  expect(await ear.next(event('announcement.delete'))).toMatchObject({ payload: id });
});

test('nothing comes after one has left the stream', async () => {
  const ear = await user(alice);
  ear.send({ type: 'unsubscribe', stream: 'user' });
  ear.send({ type: 'subscribe', stream: 'public' });
  ear.send({ type: 'subscribe', stream: 'user:notification' });
  await publishAnnouncement(instance.ctx, { text: 'Unheard' });
  await instance.idle();
  await ok(clientOf(instance, bob).post('/api/v1/statuses', { status: 'a marker' }));
  await ear.next(event('update'));
  expect(ear.heard.some(event('announcement'))).toBe(false);
});

test('the number of queries does not depend on how many listen', async () => {
  const queries = countQueries(instance.ctx);
  const cost = async (): Promise<number> => {
    queries.reset();
    const { _id: id } = await publishAnnouncement(instance.ctx, { text: 'Counted' });
    const told = (r: { event?: string; payload?: unknown }): boolean =>
      event('announcement')(r) && (r.payload as { id: string }).id === id;
    await Promise.all(open.map((ear) => ear.next(told)));
    await instance.idle();
    return queries.list().filter((q) => q.startsWith('announcement')).length;
  };
  await user(alice);
  const one = await cost();
  for (let i = 0; i < 4; i += 1) await user(i % 2 ? alice : bob);
  expect(await cost()).toBe(one);
});
