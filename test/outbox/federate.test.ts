import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance();
});
afterAll(() => instance.close());

test('starts', async () => {
  const { account } = await instance.createUser('alice');
  const res = await fetch(`${instance.url}/users/alice`, { headers: { accept: 'application/activity+json' } });
  expect(res.status).toBe(200);
  expect(await res.json()).toMatchObject({ id: account.uri });
});
