import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isSuspended } from '../../src/policy/domains.js';
import { domainRules } from '../../src/domain/domains.js';
import { startInstance, type Instance } from '../support/instance.js';
import { createTestClock } from '../support/clock.js';
import { actsOn, expectStaffOnly, withStaff, type StaffedInstance } from './admin-support.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, refused } from './support.js';

let instance: Instance;
let staffed: StaffedInstance;
const clock = createTestClock(new Date('2025-06-01T12:00:00.000Z'));

interface Block {
  id: string;
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance({ clock });
  staffed = await withStaff(instance);
});
afterAll(() => instance.close());

let count = 0;
/** Somebody asks to join, from the address that a trusted proxy names. */
async function join(email: string, from = '192.0.2.1') {
  count += 1;
  const asApp = await appClient();
  return asApp
    .post('/api/v1/accounts', { username: `joiner${count}`, email, password: 'long enough', agreement: true })
    .set('X-Forwarded-For', from);
}

async function appClient() {
  const app = await ok<{ client_id: string; client_secret: string }>(
    staffed.asNobody.post('/api/v1/apps', {
      client_name: 'x',
      redirect_uris: 'urn:ietf:wg:oauth:2.0:oob',
      scopes: 'read write',
    }),
  );
  const { access_token: token } = await ok<{ access_token: string }>(
    staffed.asNobody.post('/oauth/token', { grant_type: 'client_credentials', scope: 'read write', ...app }),
  );
  return clientOf(instance, { token });
}

describe.each([
  { noun: 'domain_blocks', entity: 'Admin::DomainBlock', body: { domain: 'one.example' } },
  { noun: 'domain_allows', entity: 'Admin::DomainAllow', body: { domain: 'one.example' } },
  { noun: 'email_domain_blocks', entity: 'Admin::EmailDomainBlock', body: { domain: 'one.example' } },
  { noun: 'ip_blocks', entity: 'Admin::IpBlock', body: { ip: '198.51.100.7', severity: 'sign_up_block' } },
  { noun: 'canonical_email_blocks', entity: 'Admin::CanonicalEmailBlock', body: { email: 'a@one.example' } },
])('$noun', ({ noun, entity, body }) => {
  const path = `/api/v1/admin/${noun}`;

  test('are made, shown, listed and removed, each on record', async () => {
    const made = await ok<Block>(staffed.asAdmin.post(path, body));
    expectEntity(made, entity);
    const one = await ok<Block>(staffed.asAdmin.get(`${path}/${made.id}`));
    expect(one).toEqual(made);
    const other = await ok<Block>(
      staffed.asAdmin.post(path, {
        ...body,
        domain: 'two.example',
        ip: '198.51.100.8',
        email: 'b@one.example',
      }),
    );
    const res = await staffed.asAdmin.get(path, { limit: 1 });
    expectEntities(res.body, entity);
    expect((res.body as Block[])[0]?.id).toBe(other.id);
    const older = await ok<Block[]>(
      staffed.asAdmin.get(path, { max_id: linksOf(res)['next']?.get('max_id') }),
    );
    expect(older.map((b) => b.id)).toEqual([made.id]);
    expectEntity(await ok(staffed.asAdmin.delete(`${path}/${made.id}`)), entity);
    await ok(staffed.asAdmin.delete(`${path}/${other.id}`));
    await refused(staffed.asAdmin.get(`${path}/${made.id}`), 404);
    const target = (made['domain'] ?? made['ip'] ?? made['canonical_email_hash']) as string;
    expect((await actsOn(instance, target)).length).toBeGreaterThanOrEqual(2);
  });

  test('are for admins: moderators and others are refused', async () => {
    for (const call of [
      (c: typeof staffed.asAdmin) => c.get(path),
      (c: typeof staffed.asAdmin) => c.get(`${path}/1`),
      (c: typeof staffed.asAdmin) => c.post(path, body),
      (c: typeof staffed.asAdmin) => c.delete(`${path}/1`),
    ]) {
      await expectStaffOnly(instance, staffed, call);
      await refused(call(staffed.asModerator), 403, 'This action is not allowed');
    }
    await refused(staffed.asAdmin.get(`${path}/12345`), 404);
    await refused(staffed.asAdmin.delete(`${path}/12345`), 404);
    await refused(staffed.asAdmin.post(path, {}), 422);
  });
});

describe('domain blocks', () => {
  const path = '/api/v1/admin/domain_blocks';

  test('are the rules that everything asks, and change with them', async () => {
    const made = await ok<Block>(
      staffed.asAdmin.post(path, {
        domain: 'https://Bad.example/',
        severity: 'suspend',
        public_comment: 'Spam',
      }),
    );
    expect(made).toMatchObject({ domain: 'bad.example', severity: 'suspend', public_comment: 'Spam' });
    expect(isSuspended(await domainRules(instance.ctx), 'sub.bad.example')).toBe(true);
    for (const method of ['put', 'patch'] as const) {
      const changed = await ok<Block>(staffed.asAdmin[method](`${path}/${made.id}`, { severity: 'silence' }));
      expectEntity(changed, 'Admin::DomainBlock');
      expect(changed).toMatchObject({ id: made.id, severity: 'silence', public_comment: 'Spam' });
    }
    expect(isSuspended(await domainRules(instance.ctx), 'bad.example')).toBe(false);
    await refused(staffed.asAdmin.put(`${path}/12345`, { severity: 'silence' }), 404);
  });

  test('a limited server is out of public timelines', async () => {
    const { db, ids } = instance.ctx;
    const status = await post(staffed.asUser, 'From afar #afar');
    const [accountId, statusId] = [ids.next(), ids.next()];
    const rest = { domain: 'far.example', username: 'far', acctKey: 'far@far.example' };
    const uri = 'https://far.example/users/far';
    await db.accounts.insertOne({ ...staffed.user.account, ...rest, _id: accountId, uri, url: uri });
    const stored = await db.statuses.findOne({ _id: status.id });
    if (!stored) throw new Error('The status is not there');
    await db.statuses.insertOne({ ...stored, _id: statusId, accountId, uri: `${uri}/1`, local: false });
    const listed = async (): Promise<boolean[]> => {
      const paths = ['/api/v1/timelines/public', '/api/v1/timelines/tag/afar'];
      const lists = paths.map((p) => ok<{ id: string }[]>(staffed.asUser.get(p)));
      return (await Promise.all(lists)).map((list) => list.some((s) => s.id === statusId));
    };
    expect(await listed()).toEqual([true, true]);
    const { id } = await ok<Block>(staffed.asAdmin.post(path, { domain: 'far.example' }));
    expect(await listed()).toEqual([false, false]);
    await ok(staffed.asAdmin.delete(`${path}/${id}`));
    expect(await listed()).toEqual([true, true]);
  });

  test('are not made twice, nor weaker below a stronger one, nor about ourselves', async () => {
    const made = await ok<Block>(
      staffed.asAdmin.post(path, { domain: 'worse.example', severity: 'suspend' }),
    );
    const twice = await refused(staffed.asAdmin.post(path, { domain: 'worse.example' }), 422);
    expect(twice.body).toMatchObject({ existing_domain_block: { id: made.id } });
    await refused(staffed.asAdmin.post(path, { domain: 'sub.worse.example' }), 422);
    await refused(staffed.asAdmin.post(path, { domain: new URL(instance.url).host }), 422);
    await refused(staffed.asAdmin.post(path, { domain: 'no domain' }), 422);
  });
});

describe('IP blocks', () => {
  const path = '/api/v1/admin/ip_blocks';
  const block = (body: object) => ok<Block>(staffed.asAdmin.post(path, body));

  test('are networks, and must be', async () => {
    expect(await block({ ip: '2001:DB8:0::1/32', severity: 'no_access' })).toMatchObject({
      ip: '2001:db8::/32',
    });
    expect(await block({ ip: '192.0.2.77/24', severity: 'sign_up_requires_approval' })).toMatchObject({
      ip: '192.0.2.0/24',
    });
    for (const ip of ['nonsense', '1.2.3.4/33', '1.2.3', '::1/129'])
      await refused(staffed.asAdmin.post(path, { ip, severity: 'no_access' }), 422);
    await refused(staffed.asAdmin.post(path, { ip: '192.0.2.5/24', severity: 'no_access' }), 422);
    await refused(staffed.asAdmin.post(path, { ip: '1.2.3.4', severity: 'odd' }), 422);
  });

  test('decide about sign-up until they run out', async () => {
    await block({ ip: '203.0.113.0/24', severity: 'sign_up_block', expires_in: 3600 });
    expect((await join('a@joined.example', '203.0.113.5')).status).toBe(403);
    expect((await join('a@joined.example', '203.0.114.5')).status).toBe(200);
    clock.advance({ seconds: 3601 });
    expect((await join('b@joined.example', '203.0.113.5')).status).toBe(200);
    const [seen] = await ok<Block[]>(staffed.asAdmin.get('/api/v1/admin/accounts', { ip: '203.0.113.0/24' }));
    expect(seen).toMatchObject({ email: 'b@joined.example', ip: '203.0.113.5', approved: true });
    expect(seen?.['created_by_application_id']).toEqual(expect.any(String));
  });

  test('have somebody wait for staff', async () => {
    await block({ ip: '198.18.0.0/15', severity: 'sign_up_requires_approval' });
    expect((await join('c@joined.example', '198.19.1.1')).status).toBe(200);
    const [pending] = await ok<Block[]>(staffed.asAdmin.get('/api/v1/admin/accounts', { pending: true }));
    expect(pending).toMatchObject({ email: 'c@joined.example', approved: false });
  });

  test('keep people from signing in, and let them again when changed', async () => {
    await instance.createUser('ivy', { password: 'correct horse' });
    const app = await ok<{ client_id: string; client_secret: string }>(
      staffed.asNobody.post('/api/v1/apps', { client_name: 'x', redirect_uris: 'urn:ietf:wg:oauth:2.0:oob' }),
    );
    const signIn = () =>
      staffed.asNobody
        .post('/oauth/token', { grant_type: 'password', username: 'ivy', password: 'correct horse', ...app })
        .set('X-Forwarded-For', '100.64.3.2');
    expect((await signIn()).status).toBe(200);
    const made = await block({ ip: '100.64.0.0/10', severity: 'no_access' });
    expect((await signIn()).status).toBe(400);
    for (const method of ['put', 'patch'] as const) {
      const changed = await ok<Block>(
        staffed.asAdmin[method](`${path}/${made.id}`, { severity: 'sign_up_block', expires_in: 60 }),
      );
      expectEntity(changed, 'Admin::IpBlock');
      expect(changed).toMatchObject({ ip: '100.64.0.0/10', expires_at: expect.any(String) });
    }
    expect((await signIn()).status).toBe(200);
    const forEver = await ok<Block>(staffed.asAdmin.put(`${path}/${made.id}`, { expires_in: null }));
    expect(forEver['expires_at']).toBeNull();
    await refused(staffed.asAdmin.put(`${path}/12345`, { severity: 'no_access' }), 404);
  });
});

describe('blocks of mail', () => {
  test('a provider is refused with its subdomains, and counted', async () => {
    const path = '/api/v1/admin/email_domain_blocks';
    const made = await ok<Block>(staffed.asAdmin.post(path, { domain: 'throwaway.example' }));
    const res = await join('x@mail.throwaway.example');
    expect(res.status).toBe(422);
    expect(res.body).toMatchObject({ details: { email: [{ error: 'ERR_BLOCKED' }] } });
    await join('y@throwaway.example');
    const seen = await ok<{ history: object[] }>(staffed.asAdmin.get(`${path}/${made.id}`));
    expect(seen.history).toHaveLength(7);
    expect(seen.history[0]).toMatchObject({ uses: '2', accounts: '1' });
    await refused(staffed.asAdmin.post(path, { domain: 'throwaway.example' }), 422);
    await ok(staffed.asAdmin.delete(`${path}/${made.id}`));
    expect((await join('x@mail.throwaway.example')).status).toBe(200);
  });

  test('a provider may be let in by staff only', async () => {
    const body = { domain: 'doubtful.example', allow_with_approval: true };
    expect(await ok(staffed.asAdmin.post('/api/v1/admin/email_domain_blocks', body))).toMatchObject(body);
    expect((await join('z@doubtful.example')).status).toBe(200);
    const [pending] = await ok<Block[]>(
      staffed.asAdmin.get('/api/v1/admin/accounts', { email: 'z@doubtful' }),
    );
    expect(pending).toMatchObject({ approved: false });
  });

  test('a mailbox is known however it is spelt, and only by its hash', async () => {
    const path = '/api/v1/admin/canonical_email_blocks';
    const made = await ok<Block>(staffed.asAdmin.post(path, { email: 'Some.One+spam@box.example' }));
    const tested = await ok<Block[]>(staffed.asAdmin.post(`${path}/test`, { email: 'someone@BOX.example' }));
    expectEntities(tested, 'Admin::CanonicalEmailBlock');
    expect(tested[0]).toEqual(made);
    expect(await ok(staffed.asAdmin.post(`${path}/test`, { email: 'other@box.example' }))).toEqual([]);
    const res = await join('s.o.meone+2@box.example');
    expect(res.status).toBe(422);
    expect(res.body).toMatchObject({ details: { email: [{ error: 'ERR_TAKEN' }] } });
    expect((await join('other@box.example')).status).toBe(200);
    const hash = made['canonical_email_hash'] as string;
    await ok(staffed.asAdmin.delete(`${path}/${made.id}`));
    expect(await ok(staffed.asAdmin.post(path, { canonical_email_hash: hash }))).toMatchObject({
      canonical_email_hash: hash,
    });
    await refused(staffed.asAdmin.post(path, { canonical_email_hash: hash }), 422);
    await refused(staffed.asAdmin.post(path, { canonical_email_hash: 'short' }), 422);
    await refused(staffed.asAdmin.post(`${path}/test`, {}), 422);
    await expectStaffOnly(instance, staffed, (c) => c.post(`${path}/test`, { email: 'a@b.example' }));
    expect(JSON.stringify(await instance.ctx.db.canonicalEmailBlocks.find({}).toArray())).not.toContain(
      'box',
    );
  });
});
