import { expect } from '@jest/globals';
import request, { type Response, type Test } from 'supertest';
import { expectByContract } from './contract.js';
import type { Instance, TestUser } from '../support/instance.js';

export interface Client {
  get(path: string, query?: object): Test;
  post(path: string, body?: object): Test;
  put(path: string, body?: object): Test;
  patch(path: string, body?: object): Test;
  delete(path: string, body?: object): Test;
}

/** Calls an instance over HTTP as somebody, or as nobody. */
export function clientOf(instance: Pick<Instance, 'url'>, user?: Pick<TestUser, 'token'>): Client {
  const agent = request(instance.url);
  const as = (test: Test): Test => (user ? test.set('Authorization', `Bearer ${user.token}`) : test);
  return {
    get: (path, query = {}) => as(agent.get(path)).query(query),
    post: (path, body) => withBody(as(agent.post(path)), body),
    put: (path, body) => withBody(as(agent.put(path)), body),
    patch: (path, body) => withBody(as(agent.patch(path)), body),
    delete: (path, body) => withBody(as(agent.delete(path)), body),
  };
}

function withBody(test: Test, body: object | undefined): Test {
  return body === undefined ? test : test.send(body);
}

/** The body of an answer that went well. */
export async function ok<T = Record<string, never>>(test: Test, type = 'application/json'): Promise<T> {
  const res = await test;
  expect({ status: res.status, body: res.status === 200 ? undefined : (res.body as unknown) }).toEqual({
    status: 200,
    body: undefined,
  });
  expect(res.type).toBe(type);
  expectByContract(test.method, new URL(test.url).pathname, res.body);
  return res.body as T;
}

/** An error as every client reads it: its status, and JSON with a text. */
export async function refused(test: Test, status: number, text?: string | RegExp): Promise<Response> {
  const res = await test;
  expect(res.status).toBe(status);
  expect(res.type).toBe('application/json');
  expect(typeof (res.body as { error: unknown }).error).toBe('string');
  if (text !== undefined) expect((res.body as { error: string }).error).toMatch(text);
  return res;
}

/** The bounds in the `Link` header, by rel. */
export function linksOf(res: Response): Record<string, URLSearchParams> {
  const header = res.get('Link') ?? '';
  const links = [...header.matchAll(/<([^>]+)>; rel="(\w+)"/g)];
  return Object.fromEntries(links.map(([, url = '', rel = '']) => [rel, new URL(url).searchParams]));
}

export interface StatusJson {
  id: string;
  content: string;
  text?: string;
  visibility: string;
  account: { id: string; acct: string };
  reblog: StatusJson | null;
  [member: string]: unknown;
}

/** Posts as somebody. */
export function post(client: Client, body: object | string): Promise<StatusJson> {
  return ok<StatusJson>(client.post('/api/v1/statuses', typeof body === 'string' ? { status: body } : body));
}
