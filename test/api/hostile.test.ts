import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { endpoints, type Endpoint } from './contract.js';
import { clientOf, ok, post, type Client } from './support.js';

const inUse = endpoints.filter(
  (e) => !e.removed && e.path.startsWith('/api/') && !e.path.includes('/streaming'),
);

let instance: Instance;
let alice: TestUser;
let asAlice: Client;
/** Ids of things that exist, so that random requests get past the first 404. */
let ids: string[];

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice', { role: 'owner' });
  asAlice = clientOf(instance, alice);
  const bob = await instance.createUser('bob');
  const status = await post(asAlice, { status: 'Mine', poll: { options: ['a', 'b'], expires_in: 600 } });
  const theirs = await post(clientOf(instance, bob), {
    status: 'Theirs',
    poll: { options: ['a', 'b'], expires_in: 600 },
  });
  ids = [
    alice.account._id,
    bob.account._id,
    status.id,
    theirs.id,
    '0',
    '999999999999999999',
    'x',
    '%00',
    '..',
  ];
});
afterAll(() => instance.close());

const words = fc.constantFrom(
  '',
  'true',
  '0',
  '-1',
  '1e309',
  'public',
  '0,0',
  '2025-01-01T00:00:00Z',
  '[]',
  '\u0000',
  '\ud800',
  '__proto__',
);
const scalar = fc.oneof(
  fc.string({ maxLength: 60 }),
  words,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 12 }), tie('value'), { maxKeys: 4 }),
  ),
}));

/** The first part of each parameter's name, e.g. `poll` of `poll[options][]`, with random JSON; or nothing but random. */
function bodyOf(endpoint: Endpoint): fc.Arbitrary<unknown> {
  const names = (endpoint.params ?? [])
    .filter((p) => p.in !== 'path')
    .map((p) => p.name.replace(/\[.*$/, ''));
  const known = [...new Set(names)];
  const record = fc.record(Object.fromEntries(known.map((n) => [n, value])), { requiredKeys: [] });
  return fc.oneof({ weight: 6, arbitrary: record }, { weight: 1, arbitrary: value });
}

/** Signing up is tested with OAuth. */
const skipped = new Set(['/api/v1/accounts']);

describe('random input never breaks the server', () => {
  const writes = inUse.filter((e) => e.method !== 'GET' && !skipped.has(e.path));
  test.each(writes.map((e) => [`${e.method} ${e.path}`, e] as const))('%s', async (_name, endpoint) => {
    await fc.assert(
      fc.asyncProperty(bodyOf(endpoint), fc.infiniteStream(fc.nat()), async (body, picks) => {
        const path = endpoint.path.replace(
          /:[a-z_]+/g,
          () => ids[(picks.next().value ?? 0) % ids.length] ?? 'x',
        );
        const send = asAlice[endpoint.method.toLowerCase() as 'post'](path)
          .type('json')
          .send(JSON.stringify(body));
        const res = await send;
        expect({ path, body, status: res.status, answer: res.status >= 500 && res.text }).toMatchObject({
          answer: false,
        });
        expect(res.type).toBe('application/json');
      }),
      { numRuns: 15 },
    );
  });

  const reads = inUse.filter((e) => e.method === 'GET');
  test('reading', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...reads),
        fc.dictionary(
          fc.constantFrom(
            'limit',
            'max_id',
            'min_id',
            'since_id',
            'id',
            'id[]',
            'q',
            'offset',
            'types[]',
            'tagged',
            'acct',
            'url',
            'local',
            'timeline[]',
          ),
          fc.oneof(words, fc.string()),
        ),
        fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8),
        async (endpoint, query, pick) => {
          const path = endpoint.path.replace(/:[a-z_]+/g, ids[pick] ?? 'x');
          const params = new URLSearchParams();
          for (const [name, text] of Object.entries(query)) params.append(name, text);
          const res = await asAlice.get(`${path}?${params.toString()}`);
          expect({ path, query, status: res.status, answer: res.status >= 500 && res.text }).toMatchObject({
            answer: false,
          });
          expect(res.type).toBe('application/json');
        },
      ),
      { numRuns: 400 },
    );
  });

  test('and the account still works afterwards', async () => {
    expect(await ok(asAlice.get('/api/v1/accounts/verify_credentials'))).toMatchObject({
      id: alice.account._id,
    });
  });
});
