import { afterEach, expect, test } from '@jest/globals';
import { parseBind } from '../../src/http/metrics.js';
import { freePort, startInstance, type Instance } from '../support/instance.js';

let instance: Instance | null = null;
afterEach(async () => {
  await instance?.close();
  instance = null;
});

test('tells queues, their age, outcomes and breakers on a socket of its own, and nowhere else', async () => {
  const metricsBind = `127.0.0.1:${await freePort()}`;
  instance = await startInstance({ metricsBind });
  const { ctx } = instance;
  const before = new Date(ctx.clock.now().getTime() - 60_000).toISOString();
  const alice = await instance.createUser('alice');
  await ctx.db.deliveries.insertOne({
    _id: ctx.ids.next(),
    state: 'dead',
    dueAt: before,
    leaseUntil: null,
    attempts: 9,
    lane: 'gone.example',
    lastError: 'gave up',
    createdAt: before,
    activityId: '1',
    accountId: alice.account._id,
    inbox: 'https://gone.example/inbox',
    key: '1 x',
    generation: 1,
  });
  await ctx.jobs.enqueue({
    kind: 'event',
    payload: {},
    dueAt: new Date(ctx.clock.now().getTime() + 3_600_000),
  });
  await ctx.db.peers.insertOne({
    _id: 'slow.example',
    breaker: 'open',
    failures: 5,
    firstFailureAt: before,
    lastFailureAt: before,
    lastSuccessAt: null,
    nextProbeAt: before,
    lastReason: 'timeout',
    dialect: null,
    software: null,
  });
  const response = await fetch(`http://${metricsBind}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  const text = await response.text();
  expect(text).toContain('landfall_queue_items{queue="deliveries",state="dead"} 1');
  expect(text).toContain('landfall_queue_items{queue="jobs",state="waiting"} 1');
  expect(text).toMatch(/landfall_queue_oldest_seconds\{queue="jobs"\} \d/);
  expect(text).toContain('landfall_received_activities{outcome="processed"} 0');
  expect(text).toContain('landfall_delivery_hosts{breaker="open"} 1');
  expect(text).toContain(
    'landfall_delivery_host_waiting{host="slow.example",breaker="open",reason="timeout"} 0',
  );
  expect(text).toMatch(/landfall_queue_runs_total\{queue="jobs"\} \d/);
  expect(text).toContain('landfall_process_resident_memory_bytes');
  expect((await fetch(`http://${metricsBind}/api/v1/instance`)).status).toBe(404);
  expect((await fetch(`${instance.url}/metrics`)).status).toBe(404);
});

test('an address is a host and a port', () => {
  expect(parseBind('127.0.0.1:9464')).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(parseBind('[::1]:9464')).toEqual({ host: '::1', port: 9464 });
  for (const wrong of ['9464', '::1:9464', 'host:', 'host:99999']) expect(parseBind(wrong)).toBeNull();
});
