import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Delivery, OutActivity } from '../../src/model/work.js';
import { federate } from '../../src/outbox/index.js';
import { createClient } from '../support/client.js';
import { startInstance, type Instance } from '../support/instance.js';
import { startPeer, type Peer } from '../support/peer.js';

/** A crash between the last delivery that is written and the note that all of them are. */

let instance: Instance;
let peer: Peer;

beforeAll(async () => {
  instance = await startInstance();
  peer = await startPeer();
});
afterAll(async () => {
  await instance?.close();
  await peer?.close();
});

test('what was sent meanwhile is not sent again when the fan-out is repeated', async () => {
  const { ctx } = instance;
  const alice = await instance.createUser('alice');
  const remy = peer.actor('remy');
  const follow = { id: `${remy.uri}/follow`, type: 'Follow', actor: remy.uri, object: alice.account.uri };
  expect(await peer.send(`${instance.url}/inbox`, follow, remy)).toBe(202);
  const client = createClient(instance.url, alice.token);
  const { id } = await client.post<{ id: string }>('/api/v1/statuses', { status: 'Sent' });
  await instance.idle();
  const creates = (): number => peer.delivered.filter((d) => d.activity.type === 'Create').length;
  expect(creates()).toBe(1);
  expect(await ctx.db.deliveries.countDocuments({})).toBe(0);

  // As a crash leaves it: the delivery is there, the activity does not know that it was the last one.
  const activity = await ctx.db.activities.findOne({ statusId: id });
  if (!activity) throw new Error('no activity');
  const { fannedOutAt: _, ...unfinished } = { ...activity, _id: ctx.ids.next() };
  await ctx.db.activities.deleteOne({ _id: activity._id });
  await ctx.db.activities.insertOne(unfinished);
  await ctx.db.deliveries.insertOne(toDelivery(unfinished, ctx.ids.next()));
  ctx.jobs.nudge('deliveries');
  await instance.idle();
  expect(creates()).toBe(2);

  await federate(ctx, { type: 'status.published', statusId: id, quiet: false });
  await instance.idle();
  expect(creates()).toBe(2);
  expect(await ctx.db.activities.findOne({ _id: unfinished._id })).toHaveProperty('fannedOutAt');
});

function toDelivery({ _id: activityId, accountId, createdAt }: OutActivity, _id: string): Delivery {
  const inbox = `${peer.origin}/inbox`;
  const work = { state: 'ready', leaseUntil: null, attempts: 0, lastError: null } as const;
  const times = { dueAt: createdAt, createdAt };
  const key = `${activityId} ${inbox}`;
  return { _id, ...work, ...times, lane: peer.host, activityId, accountId, inbox, key, generation: 0 };
}
