import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let alice: TestUser;
let asAlice: Client, asBob: Client, asNobody: Client;

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  asAlice = clientOf(instance, alice);
  asBob = clientOf(instance, await instance.createUser('bob'));
  asNobody = clientOf(instance);
});
afterAll(() => instance.close());

describe('hashtags', () => {
  test('have a history of uses and people', async () => {
    await post(asAlice, '#Gardening');
    await post(asAlice, '#gardening again');
    await post(asBob, '#gardening too');
    await post(asBob, { status: '#gardening unseen', visibility: 'unlisted' });
    await instance.idle();
    const tag = await ok<{ history: { uses: string; accounts: string }[] }>(
      asNobody.get('/api/v1/tags/gardening'),
    );
    expectEntity(tag, 'Tag');
    expect(tag).not.toHaveProperty('following');
    expect(tag.history).toHaveLength(7);
    expect(tag.history[0]).toMatchObject({ uses: '3', accounts: '2' });
  });

  test('nobody used yet are there all the same; what can be none is not', async () => {
    expectEntity(await ok(asNobody.get('/api/v1/tags/NeverUsed')), 'Tag');
    await refused(asNobody.get('/api/v1/tags/no-tag!'), 404);
  });

  test('are followed once', async () => {
    const tag = await ok(asAlice.post('/api/v1/tags/Gardening/follow'));
    expectEntity(tag, 'Tag');
    expect(tag).toMatchObject({ following: true });
    await refused(asAlice.post('/api/v1/tags/gardening/follow'), 422, 'Duplicate record');
    expectEntities(await ok(asAlice.get('/api/v1/followed_tags')), 'Tag');
    expect(await ok(asAlice.post('/api/v1/tags/gardening/unfollow'))).toMatchObject({ following: false });
    expect(await ok(asAlice.get('/api/v1/followed_tags'))).toEqual([]);
    await refused(asNobody.post('/api/v1/tags/gardening/follow'), 401);
  });

  test('stand on a profile, ten at most', async () => {
    const suggested = await ok(asAlice.get('/api/v1/featured_tags/suggestions'));
    expectEntities(suggested, 'Tag');
    const featured = await ok<{ id: string }>(asAlice.post('/api/v1/featured_tags', { name: '#Gardening' }));
    expectEntity(featured, 'FeaturedTag');
    expect(featured).toMatchObject({
      name: 'Gardening',
      url: `${instance.url}/@alice/tagged/Gardening`,
      statuses_count: '2',
    });
    const theirs = await ok(asNobody.get(`/api/v1/accounts/${alice.account._id}/featured_tags`));
    expectEntities(theirs, 'FeaturedTag');
    expect(await ok(asAlice.get('/api/v1/featured_tags'))).toEqual(theirs);
    expect(await ok(asAlice.get('/api/v1/tags/gardening'))).toMatchObject({ featuring: true });
    for (let i = 1; i < 10; i += 1) await ok(asAlice.post(`/api/v1/tags/many${i}x/feature`));
    await refused(asAlice.post('/api/v1/featured_tags', { name: 'eleven' }), 422, /maximum/);
    await ok(asAlice.post('/api/v1/tags/many1x/unfeature'));
    expect(await ok(asAlice.delete(`/api/v1/featured_tags/${featured.id}`))).toEqual({});
    await refused(asAlice.delete(`/api/v1/featured_tags/${featured.id}`), 404);
    await refused(asAlice.post('/api/v1/featured_tags', { name: 'no tag' }), 422);
    await refused(asAlice.post('/api/v1/featured_tags'), 422);
  });
});
