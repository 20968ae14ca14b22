import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Test } from 'supertest';
import { startInstance, type Instance } from '../support/instance.js';
import { withStaff, type StaffedInstance } from './admin-support.js';
import { endpoints, expectByContract } from './contract.js';
import { clientOf, ok, post } from './support.js';

/** A happy call to each endpoint for staff, its answer held to the contract. None may be missing. */

let instance: Instance;
let staffed: StaffedInstance;
let site: Server;
let origin: string;
const passed = new Set<string>();
const root = '/api/v1/admin';

interface Thing {
  id: string;
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance();
  staffed = await withStaff(instance);
  site = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/html' }).end('<title>A story</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await instance.close();
  await new Promise((resolve) => site.close(resolve));
});

async function step<T = Thing>(endpoint: string, call: Test): Promise<T> {
  const [method = '', path = ''] = endpoint.split(' ');
  if (!endpoints.some((e) => e.method === method && e.path === path))
    throw new Error(`The contract has no ${endpoint}`);
  expect(new URL(call.url).pathname).toMatch(new RegExp(`^${path.replace(/:[a-z_]+/g, '[^/]+')}$`));
  const body = await ok<T>(call);
  // An empty list would prove nothing.
  if (Array.isArray(body)) expect({ endpoint, items: body.length }).not.toEqual({ endpoint, items: 0 });
  expectByContract(method, path, body);
  passed.add(endpoint);
  return body;
}

test('accounts', async () => {
  const { asOwner } = staffed;
  const at = async (name: string, options: { approved?: boolean } = {}): Promise<string> =>
    (await instance.createUser(name, options)).account._id;
  const id = await at('somebody');
  const path = `${root}/accounts/${id}`;
  await step(`GET ${root}/accounts`, asOwner.get(`${root}/accounts`));
  await step('GET /api/v2/admin/accounts', asOwner.get('/api/v2/admin/accounts'));
  await step(`GET ${root}/accounts/:id`, asOwner.get(path));
  for (const [type, undo] of [
    ['sensitive', 'unsensitive'],
    ['silence', 'unsilence'],
    ['disable', 'enable'],
    ['suspend', 'unsuspend'],
  ]) {
    await step(`POST ${root}/accounts/:id/action`, asOwner.post(`${path}/action`, { type }));
    await step(`POST ${root}/accounts/:id/${undo}`, asOwner.post(`${path}/${undo}`));
  }
  const first = await at('first', { approved: false });
  await step(`POST ${root}/accounts/:id/approve`, asOwner.post(`${root}/accounts/${first}/approve`));
  const second = await at('second', { approved: false });
  await step(`POST ${root}/accounts/:id/reject`, asOwner.post(`${root}/accounts/${second}/reject`));
  await ok(asOwner.post(`${path}/action`, { type: 'suspend' }));
  await step(`DELETE ${root}/accounts/:id`, asOwner.delete(path));
});

test('reports', async () => {
  const { asOwner, asUser, moderator } = staffed;
  const { id } = await ok<Thing>(asUser.post('/api/v1/reports', { account_id: moderator.account._id }));
  const path = `${root}/reports/${id}`;
  await step(`GET ${root}/reports`, asOwner.get(`${root}/reports`));
  await step(`GET ${root}/reports/:id`, asOwner.get(path));
  await step(`PUT ${root}/reports/:id`, asOwner.put(path, { category: 'spam' }));
  for (const name of ['assign_to_self', 'unassign', 'resolve', 'reopen'])
    await step(`POST ${root}/reports/:id/${name}`, asOwner.post(`${path}/${name}`));
});

test('blocks', async () => {
  const { asOwner } = staffed;
  for (const [noun, body, change] of [
    ['domain_allows', { domain: 'a.example' }, null],
    ['domain_blocks', { domain: 'b.example' }, { severity: 'suspend' }],
    ['email_domain_blocks', { domain: 'c.example' }, null],
    ['canonical_email_blocks', { email: 'd@d.example' }, null],
    ['ip_blocks', { ip: '192.0.2.0/24', severity: 'no_access' }, { comment: 'Noise' }],
  ] as const) {
    const path = `${root}/${noun}`;
    const { id } = await step(`POST ${path}`, asOwner.post(path, body));
    await step(`GET ${path}`, asOwner.get(path));
    await step(`GET ${path}/:id`, asOwner.get(`${path}/${id}`));
    if (change) await step(`PUT ${path}/:id`, asOwner.put(`${path}/${id}`, change));
    if (noun === 'canonical_email_blocks')
      await step(`POST ${path}/test`, asOwner.post(`${path}/test`, { email: 'd+x@d.example' }));
    await step(`DELETE ${path}/:id`, asOwner.delete(`${path}/${id}`));
  }
});

test('hashtags and trends', async () => {
  const { asOwner, asUser, asNobody } = staffed;
  const asOther = clientOf(instance, await instance.createUser('other'));
  for (const client of [asUser, asOther]) {
    const made = await post(client, `#walk ${origin}/story`);
    for (const fan of [asUser, asOther]) await ok(fan.post(`/api/v1/statuses/${made.id}/favourite`));
  }
  await instance.idle();
  const [tag] = await step<Thing[]>(`GET ${root}/tags`, asOwner.get(`${root}/tags`));
  await step(`GET ${root}/tags/:id`, asOwner.get(`${root}/tags/${tag?.id}`));
  await step(`PUT ${root}/tags/:id`, asOwner.put(`${root}/tags/${tag?.id}`, { display_name: 'Walk' }));
  for (const noun of ['tags', 'links/publishers', 'links', 'statuses']) {
    const path = `${root}/trends/${noun}`;
    const seen = noun === 'links/publishers' ? 'links' : noun;
    const shown = async (): Promise<number> =>
      (await ok<object[]>(asNobody.get(`/api/v1/trends/${seen}`))).length;
    const before = await shown();
    expect(before).toBeGreaterThan(0);
    const [first] = await step<Thing[]>(`GET ${path}`, asOwner.get(path));
    await step(`POST ${path}/:id/reject`, asOwner.post(`${path}/${first?.id}/reject`));
    expect(await shown()).toBe(before - 1);
    expect(await ok<object[]>(asOwner.get(path))).toContainEqual(expect.objectContaining({ id: first?.id }));
    await step(`POST ${path}/:id/approve`, asOwner.post(`${path}/${first?.id}/approve`));
    expect(await shown()).toBe(before);
  }
});

test('figures', async () => {
  const { asOwner } = staffed;
  const start_at = new Date(Date.now() - 86_400_000).toISOString();
  const end_at = new Date().toISOString();
  const span = { start_at, end_at };
  await step(`POST ${root}/measures`, asOwner.post(`${root}/measures`, { ...span, keys: ['new_users'] }));
  await step(
    `POST ${root}/dimensions`,
    asOwner.post(`${root}/dimensions`, { ...span, keys: ['software_versions'] }),
  );
  await step(`POST ${root}/retention`, asOwner.post(`${root}/retention`, { ...span, frequency: 'day' }));
});

test('every endpoint for staff was called', () => {
  const all = endpoints.filter((e) => e.tier === 'admin').map((e) => `${e.method} ${e.path}`);
  expect(all.filter((name) => !passed.has(name))).toEqual([]);
  process.stdout.write(`Contract: ${passed.size} of ${all.length} endpoints for staff pass here\n`);
});
