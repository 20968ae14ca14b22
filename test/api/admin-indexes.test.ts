import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { countQueries } from '../support/count-queries.js';
import { startInstance, type Instance } from '../support/instance.js';
import { withStaff, type StaffedInstance } from './admin-support.js';
import { ok } from './support.js';

/** Every question that a list for staff asks of the database is answered by an index, and pages cost the same. */

let instance: Instance;
let staffed: StaffedInstance;
let queries: ReturnType<typeof countQueries>;

beforeAll(async () => {
  instance = await startInstance();
  staffed = await withStaff(instance);
  await ok(staffed.asUser.post('/api/v1/reports', { account_id: staffed.admin.account._id }));
  await instance.idle();
  queries = countQueries(instance.ctx);
});
afterAll(() => instance.close());

/** Read whole on purpose: a handful of documents. */
const small = new Set(['instance', 'domainRules']);
const v1 = '/api/v1/admin';

async function scansOf(call: () => Promise<unknown>): Promise<unknown[]> {
  queries.reset();
  await call();
  const found: unknown[] = [];
  for (const { collection, method, filter, sort } of queries.all()) {
    if (small.has(collection) || /^(insert|bulk)/.test(method)) continue;
    if ((await instance.ctx.store.explain(collection, filter, sort)) === 'scan')
      found.push({ collection, method, filter, sort });
  }
  return found;
}

test.each([
  'accounts',
  'accounts?local=true',
  'accounts?remote=true&max_id=1',
  'accounts?pending=true',
  'accounts?disabled=true',
  'accounts?silenced=true',
  'accounts?suspended=true&min_id=1',
  'accounts?sensitized=true',
  'accounts?staff=true',
  'accounts?username=a',
  'accounts?display_name=a',
  'accounts?by_domain=a.example',
  'accounts?email=a',
  'accounts?ip=10.0.0.0/8',
  'reports',
  'reports?resolved=true',
  'reports?account_id=1',
  'reports?target_account_id=1&max_id=1',
  'domain_allows',
  'domain_blocks',
  'email_domain_blocks',
  'ip_blocks?since_id=1',
  'canonical_email_blocks',
  'tags',
  'trends/tags',
  'trends/links',
  'trends/links/publishers',
  'trends/statuses',
])('%s', async (path) => {
  expect(await scansOf(() => ok(staffed.asOwner.get(`${v1}/${path}`)))).toEqual([]);
});

test.each([
  ['measures', ['active_users', 'new_users', 'interactions', 'opened_reports', 'resolved_reports']],
  ['measures', ['tag_uses', 'tag_accounts', 'tag_servers']],
  ['measures', ['instance_accounts', 'instance_statuses', 'instance_reports', 'instance_follows']],
  ['dimensions', ['languages', 'sources', 'servers', 'space_usage']],
  ['dimensions', ['tag_servers', 'tag_languages', 'instance_accounts', 'instance_languages']],
  ['retention', []],
])('%s of %j', async (name, keys) => {
  const about = Object.fromEntries(keys.map((key) => [key, { id: '1', domain: 'a.example' }]));
  const end_at = new Date().toISOString();
  const body = { keys, ...about, start_at: end_at, end_at, frequency: 'day' };
  expect(await scansOf(() => ok(staffed.asOwner.post(`${v1}/${name}`, body)))).toEqual([]);
});

test('a page of accounts costs the same, however long', async () => {
  const costOf = async (): Promise<number> => {
    queries.reset();
    await ok(staffed.asOwner.get(`${v1}/accounts`, { limit: 50 }));
    return queries.all().length;
  };
  await costOf();
  const before = await costOf();
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) await instance.createUser(name);
  await instance.idle();
  expect(await costOf()).toBe(before);
});
