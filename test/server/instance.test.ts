import { afterEach, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance | null = null;
afterEach(async () => {
  await instance?.close();
  instance = null;
});

describe('a whole instance', () => {
  test('answers once it is ready, and runs the consequences of a verb', async () => {
    instance = await startInstance();
    const health = await fetch(`${instance.url}/health`);
    expect(health.status).toBe(200);
    expect(await health.json()).toEqual({ status: 'UP' });
    const alice = await instance.createUser('alice');
    const posted = await fetch(`${instance.url}/api/v1/statuses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'Hello' }),
    });
    expect(posted.status).toBe(200);
    const { id } = (await posted.json()) as { id: string };
    await instance.idle();
    expect(await instance.ctx.db.homeEntries.findOne({ accountId: alice.account._id })).toMatchObject({
      statusId: id,
    });
    expect(await instance.ctx.db.jobs.countDocuments({})).toBe(0);
  });
});
