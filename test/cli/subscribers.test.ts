import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext, type Context } from '../../src/context.js';
import { silentLogger } from '../../src/log.js';
import { createCli, type Cli } from './support.js';

let cli: Cli;
beforeAll(async () => {
  cli = await createCli({ LANDFALL_EMAIL_SUBSCRIPTIONS: 'staff' });
  for (const [name, role] of [
    ['alice', 'owner'],
    ['bob', 'user'],
  ] as const)
    await cli.run(['account', 'create', name, '--role', role]);
});
afterAll(() => cli.remove());

async function inside<T>(env: NodeJS.ProcessEnv, look: (ctx: Context) => Promise<T>): Promise<T> {
  const ctx = await createContext(loadSettings(env), { mode: 'command', log: silentLogger });
  try {
    return await look(ctx);
  } finally {
    await ctx.close();
  }
}

const subscribe = (email: string, confirmedAt: string | null) =>
  inside(cli.env, async ({ db, ids }) => {
    const accountId = (await db.accounts.findOne({ acctKey: 'alice' }))?._id ?? '';
    const at = '2030-01-01T00:00:00.000Z';
    const known = {
      accountId,
      email,
      confirmedAt,
      tokenHash: email,
      request: '1',
      askedAt: at,
      createdAt: at,
    };
    await db.emailSubscriptions.insertOne({ _id: ids.next(), ...known, expiresAt: confirmedAt ? null : at });
  });

test('posts by mail are turned on and off, on record; how many have them is told, and not who', async () => {
  const show = async (...args: string[]) => (await cli.run(['account', 'subscribers', 'alice', ...args])).out;
  expect(JSON.parse(await show('--json'))).toEqual({
    acct: 'alice',
    email_subscriptions: false,
    subscribers: 0,
  });
  expect(await show('--on')).toContain('can be had by mail');
  await subscribe('reader@mail.example', '2030-01-01T00:00:00.000Z');
  await subscribe('pending@mail.example', null);
  const json = await show('--json');
  expect(JSON.parse(json)).toEqual({ acct: 'alice', email_subscriptions: true, subscribers: 1 });
  expect(json).not.toContain('mail.example');
  expect(await show('--off')).toContain('cannot be had by mail');
  const acts = await inside(cli.env, (ctx) => ctx.db.audit.find({ target: 'alice' }).toArray());
  expect(acts.map((a) => a.action)).toEqual(
    expect.arrayContaining(['account.allow_subscribers', 'account.forbid_subscribers']),
  );
});

test('it is refused for those whom the instance does not let, and both at once', async () => {
  expect((await cli.run(['account', 'subscribers', 'bob', '--on'])).code).toBe(1);
  expect((await cli.run(['account', 'subscribers', 'alice', '--on', '--off'])).code).toBe(2);
});

test('a backup has the subscriptions', async () => {
  const place = await mkdtemp(join(tmpdir(), 'landfall-subscribers-'));
  await subscribe('saved@mail.example', '2030-01-01T00:00:00.000Z');
  expect((await cli.run(['backup', join(place, 'backup')])).code).toBe(0);
  const other = await createCli({ LANDFALL_DATA: join(place, 'data') });
  expect((await other.run(['restore', join(place, 'backup')])).code).toBe(0);
  expect(
    await inside(other.env, (ctx) =>
      ctx.db.emailSubscriptions.countDocuments({ email: 'saved@mail.example' }),
    ),
  ).toBe(1);
  await other.remove();
  await rm(place, { recursive: true, force: true });
});
