import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { revokeTokens } from '../../src/domain/tokens.js';
import { expectEntity } from '../api/contract.js';
import { clientOf, ok, post, type Client } from '../api/support.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { about, openEvents } from './kit.js';

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client;

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, bob)];
});
afterAll(() => instance.close());

const open = (path: string, token: string | null = alice.token) => openEvents(instance.url, path, token);

test('health is plain text', async () => {
  const res = await request(instance.url).get('/api/v1/streaming/health');
  expect([res.status, res.type, res.text]).toEqual([200, 'text/plain', 'OK']);
});

test('a stream of events', async () => {
  const stream = await open('/api/v1/streaming/user');
  expect(stream.status).toBe(200);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'private, no-store',
    'access-control-allow-origin': '*',
  });
  const status = await post(asAlice, 'line one\nline two');
  const { payload } = await stream.next(about('update', status.id));
  expectEntity(payload, 'Status');
  await ok(asBob.post(`/api/v1/statuses/${status.id}/favourite`));
  const told = await stream.next((r) => r.event === 'notification');
  expectEntity(told.payload, 'Notification');
  await ok(asAlice.delete(`/api/v1/statuses/${status.id}`));
  await stream.next((r) => r.event === 'delete' && r.payload === status.id);
  expect(stream.text()).toMatch(/^:\)\n/);
  await stream.close();
});

describe('paths', () => {
  test.each([
    ['public', true],
    ['public/local', true],
    ['public?only_media=true', false],
    ['public/remote', false],
    ['hashtag?tag=Sse', true],
    ['hashtag/local?tag=sse', true],
    ['hashtag?tag=other', false],
    ['user/notification', false],
    ['direct', false],
  ])('%s hears a public post with #sse: %s', async (path, hears) => {
    const [stream, marker] = await Promise.all([
      open(`/api/v1/streaming/${path}`),
      open('/api/v1/streaming/public'),
    ]);
    const status = await post(asBob, 'over #sse');
    await marker.next(about('update', status.id));
    if (hears) await stream.next(about('update', status.id));
    // Each message reaches all its listeners in one go, and this one is after the other.
    await marker.next(about('update', (await post(asBob, 'after')).id));
    expect(stream.heard.some(about('update', status.id))).toBe(hears);
    await Promise.all([stream.close(), marker.close()]);
  });

  test('the token may be in the query', async () => {
    const stream = await open(`/api/v1/streaming/user?access_token=${alice.token}`, null);
    const status = await post(asAlice, 'query');
    await stream.next(about('update', status.id));
    await stream.close();
  });
});

describe('refusals are JSON', () => {
  test.each<[string, () => string | null, number]>([
    ['/api/v1/streaming/user', () => null, 401],
    ['/api/v1/streaming/public', () => null, 401],
    ['/api/v1/streaming/user', () => 'nonsense', 401],
    ['/api/v1/streaming/hashtag', () => alice.token, 400],
    ['/api/v1/streaming/list?list=abc', () => alice.token, 400],
    ['/api/v1/streaming/nonsense', () => alice.token, 404],
  ])('%s', async (path, token, status) => {
    const res = await open(path, token());
    await res.closed;
    expect(res.status).toBe(status);
    expect(res.headers['content-type']).toMatch('application/json');
    expect(typeof (JSON.parse(res.text()) as { error: unknown }).error).toBe('string');
  });

  test('a scope that does not reach', async () => {
    const carol = await instance.createUser('carol', { scopes: ['write'] });
    expect((await open('/api/v1/streaming/user', carol.token)).status).toBe(403);
  });
});

describe('ends', () => {
  test('HEAD has nothing to wait for', async () => {
    const res = await openEvents(instance.url, '/api/v1/streaming/user', alice.token, 'HEAD');
    expect(res.status).toBe(200);
    await res.closed;
  });

  test('with its token', async () => {
    const dave = await instance.createUser('dave');
    const stream = await open('/api/v1/streaming/user', dave.token);
    await revokeTokens(instance.ctx, { userId: dave.user._id });
    await stream.closed;
  });

  test('with the server, which does not wait for it', async () => {
    const other = await startInstance({ drainSeconds: 600 });
    const erin = await other.createUser('erin');
    const stream = await openEvents(other.url, '/api/v1/streaming/user', erin.token);
    await Promise.all([stream.closed, other.close()]);
  });
});
