import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';
import { expectEntity } from './contract.js';
import { clientOf, ok, refused, type Client } from './support.js';

let instance: Instance;
let asAlice: Client;

beforeAll(async () => {
  instance = await startInstance();
  asAlice = clientOf(instance, await instance.createUser('alice'));
});
afterAll(() => instance.close());

test('preferences tell the defaults for posting', async () => {
  expectEntity(await ok(asAlice.get('/api/v1/preferences')), 'Preferences');
  const source = { privacy: 'unlisted', quote_policy: 'nobody' };
  await ok(asAlice.patch('/api/v1/accounts/update_credentials', { source }));
  expect(await ok(asAlice.get('/api/v1/preferences'))).toMatchObject({
    'posting:default:visibility': 'unlisted',
    'posting:default:quote_policy': 'nobody',
  });
  await refused(clientOf(instance).get('/api/v1/preferences'), 401);
});

describe('markers', () => {
  test('are moved in JSON and in forms, and count their versions', async () => {
    const moved = await ok(asAlice.post('/api/v1/markers', { home: { last_read_id: '123' } }));
    expectEntity(moved, 'Markers');
    expect(moved).toMatchObject({ home: { last_read_id: '123', version: 0 } });
    const form = asAlice.post('/api/v1/markers').type('form').send('home[last_read_id]=456');
    expect(await ok(form)).toMatchObject({ home: { last_read_id: '456', version: 1 } });
    expect(
      await ok(asAlice.get('/api/v1/markers', { timeline: ['home', 'notifications', 'moon'] })),
    ).toMatchObject({
      home: { last_read_id: '456' },
    });
    expect(await ok(asAlice.get('/api/v1/markers'))).toEqual({});
  });
});
