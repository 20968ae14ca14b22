import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import request, { type Test } from 'supertest';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
let token: string;

beforeAll(async () => {
  instance = await startInstance();
  ({ token } = await instance.createUser('lena'));
});
afterAll(() => instance.close());

const as2 = 'application/activity+json';
const get = (path: string): Test =>
  request(instance.app).get(path).set('Accept', as2).set('Authorization', `Bearer ${token}`);
const post = (path: string): Test => request(instance.app).post(path).set('Content-Type', as2).send('{}');

// A router that is left at its end goes on in the next turn of the event loop, behind everything else that waits.
test.each([
  ['an account', () => get('/api/v1/accounts/verify_credentials'), 200],
  ['the instance', () => get('/api/v2/instance'), 200],
  ['an actor', () => get('/users/lena'), 200],
  ['NodeInfo', () => get('/.well-known/nodeinfo'), 200],
  ['an inbox', () => post('/inbox'), 401],
])('%s is found without waiting for another turn of the event loop', async (_name, ask, status) => {
  const later: string[] = [];
  const { setImmediate: original } = globalThis;
  const spy = jest.spyOn(globalThis, 'setImmediate').mockImplementation(((...args: [() => void]) => {
    const stack = new Error('who').stack ?? '';
    if (!stack.includes('handleError')) later.push(callerOf(stack));
    return original(...args);
  }) as typeof setImmediate);
  try {
    expect((await ask()).status).toBe(status);
  } finally {
    spy.mockRestore();
  }
  expect(later.filter((caller) => caller.includes('node_modules/router/'))).toEqual([]);
});

/** The first line of a stack that is neither here nor jest's. */
function callerOf(stack: string): string {
  const lines = stack.split('\n').slice(1);
  return lines.find((line) => !/jest-mock|turns\.test/.test(line)) ?? '';
}
