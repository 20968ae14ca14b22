import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request, { type Response, type Test } from 'supertest';
import { endpoints, expectByContract, isAbsent, nameOf, type Endpoint } from './contract.js';
import {
  encodings,
  startWorld,
  toPairs,
  type Encoding,
  type Setup,
  type World,
  type Write,
} from './writes/kit.js';
import { writeTable } from './writes/index.js';

/**
 * Every write of the contract, as every kind of client sends it: JSON, forms, multipart, query strings, nested and
 * repeated parameters, trailing slashes, PUT and PATCH. What was sent must have had its effect each time.
 */

const table = writeTable;

/** Writes of the contract that are not tried here, and why. */
const elsewhere: Record<string, string> = {
  'POST /api/v1/statuses/:id/translate': 'no translation service: 404 (errors.test.ts)',
  'POST /oauth/token': 'test/oauth/token.test.ts',
  'POST /oauth/revoke': 'test/oauth/token.test.ts',
  'POST /oauth/userinfo': 'test/oauth/token.test.ts',
  'POST /api/v1/admin/trends/links/:id/approve': 'cards need another server: admin-walk.test.ts',
  'POST /api/v1/admin/trends/links/:id/reject': 'cards need another server: admin-walk.test.ts',
  'POST /api/v1/admin/trends/links/publishers/:id/approve': 'cards need another server: admin-walk.test.ts',
  'POST /api/v1/admin/trends/links/publishers/:id/reject': 'cards need another server: admin-walk.test.ts',
};

/** Parameters of the contract that have no meaning here, and why. */
const meaningless: Record<string, string> = {
  'POST /api/v1/reports collection_ids[]': 'there are no collections',
  'POST /api/v1/reports forward_to_domains[]': 'reports go to the server of the one they are about',
  'PUT /api/v1/notifications/policy filter_bots': 'younger than the version we claim',
  'PATCH /api/v2/notifications/policy for_bots': 'younger than the version we claim',
  'POST /api/v2/filters keywords_attributes[][id]': 'a new filter has no keywords yet',
  'POST /api/v2/filters keywords_attributes[][_destroy]': 'a new filter has no keywords yet',
  'POST /api/v1/admin/accounts/:id/action warning_preset_id': 'there are no presets of warnings',
};

const writes = endpoints.filter((e) => e.method !== 'GET' && !isAbsent(e));

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 900_000);
afterAll(() => world.instance.close());

describe('the table', () => {
  test('has every write of the contract, or says why not', () => {
    const tried = new Set(Object.keys(table).map((key) => key.split(' # ')[0]));
    const missing = writes.map(nameOf).filter((name) => !tried.has(name) && !elsewhere[name]);
    expect(missing).toEqual([]);
  });

  test('sends every parameter of the contract, or says why not', async () => {
    const sent = new Set<string>();
    for (const [key, setup] of Object.entries(table)) {
      const { body = {}, files = {} } = await setup(world);
      const names = [...toPairs(body, 'empty').map(([name]) => name), ...Object.keys(files)];
      for (const name of names) sent.add(`${key.split(' # ')[0]} ${plain(name)}`);
    }
    const missing = writes
      .filter((e) => !elsewhere[nameOf(e)])
      .flatMap((e) =>
        (e.params ?? []).filter((p) => !/path|header/.test(p.in)).map((p) => `${nameOf(e)} ${plain(p.name)}`),
      )
      .filter((name) => !sent.has(name) && !meaningless[name] && !/admin\/(measures|dimensions)/.test(name));
    expect([...new Set(missing)]).toEqual([]);
  });
});

/** `a[0][b]`, `a[:index][b]` and `a[][b]` are one parameter; a list is the same as its entries. */
function plain(name: string): string {
  const lists = /^(redirect_uris|media_attributes|fields_attributes)\[.*$/;
  return name.replace(/\[(\d+|:index|)\]/g, '[]').replace(lists, '$1');
}

function endpointOf(key: string): Endpoint {
  const [name = ''] = key.split(' # ');
  const found = endpoints.find((e) => nameOf(e) === name);
  if (!found) throw new Error(`The contract has no ${name}`);
  return found;
}

function pathOf(endpoint: Endpoint, write: Write): string {
  const ids = [...(write.ids ?? [])];
  return endpoint.path.replace(/:[a-z_]+/g, () => encodeURIComponent(ids.shift() ?? 'missing'));
}

function open(method: string, path: string, write: Write): Test {
  const test = request(world.instance.url)[method.toLowerCase() as 'post'](path);
  const who = write.as === undefined ? world.alice : write.as;
  return who ? test.set('Authorization', `Bearer ${who.token}`) : test;
}

/** What must hold of any good answer. */
async function held(endpoint: Endpoint, write: Write, res: Response): Promise<void> {
  const name = nameOf(endpoint);
  expect({ name, status: res.status, body: res.status === 200 ? '' : res.text }).toEqual({
    name,
    status: 200,
    body: '',
  });
  expect(res.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(res.headers['access-control-allow-origin']).toBe('*');
  if (endpoint.returns_kind === 'empty') expect(res.body).toEqual({});
  expectByContract(endpoint.method, endpoint.path, res.body);
  if (write.shows) expect(res.body).toMatchObject(write.shows);
  await write.check?.();
}

describe.each(Object.keys(table))('%s', (key) => {
  const endpoint = endpointOf(key);
  const setup = table[key] as Setup;

  test.each(Object.keys(encodings) as Encoding[])('%s', async (encoding) => {
    const write = await setup(world);
    const needsFile = (endpoint.params ?? []).some((p) => p.name === 'file' && p.required);
    if (needsFile && encoding !== 'multipart') return;
    const test = open(endpoint.method, pathOf(endpoint, write), write);
    await held(endpoint, write, await encodings[encoding](test, write.body ?? {}, write.files ?? {}));
  });

  test('with a trailing slash', async () => {
    const write = await setup(world);
    const test = open(endpoint.method, `${pathOf(endpoint, write)}/`, write);
    await held(endpoint, write, await encodings.multipart(test, write.body ?? {}, write.files ?? {}));
  });

  const aliases = endpoint.also_methods ?? [];
  if (aliases.length) {
    test.each(aliases)('as %s', async (method) => {
      const write = await setup(world);
      const test = open(method, pathOf(endpoint, write), write);
      await held(endpoint, write, await encodings.json(test, write.body ?? {}));
    });
  }
});
