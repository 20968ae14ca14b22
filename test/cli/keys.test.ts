import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext } from '../../src/context.js';
import { silentLogger } from '../../src/log.js';
import { createCli, type Cli } from './support.js';

let cli: Cli;
beforeEach(async () => {
  cli = await createCli();
});
afterEach(() => cli.remove());

/** The key that others are shown of each account. */
async function publicKeys(): Promise<Record<string, string | undefined>> {
  const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
  const accounts = await ctx.db.accounts.find({ domain: null }).toArray();
  const found = await Promise.all(
    accounts.map(async ({ _id, username }) => [username, (await ctx.keys.publicKeys(_id))?.rsa.publicPem]),
  );
  await ctx.close();
  return Object.fromEntries(found) as Record<string, string | undefined>;
}

test('keys renew gives one account, or all, new keys, and leaves an entry', async () => {
  for (const name of ['alice', 'bob']) await cli.run(['account', 'create', name]);
  const before = await publicKeys();
  expect((await cli.run(['keys', 'renew', 'alice', '--json'])).json()).toEqual({ renewed: 1 });
  const after = await publicKeys();
  expect(after['alice']).not.toBe(before['alice']);
  expect(after['bob']).toBe(before['bob']);
  await cli.run(['keys', 'renew', '--all']);
  const last = await publicKeys();
  for (const name of ['alice', 'bob']) expect(last[name]).not.toBe(after[name]);
  expect((await cli.run(['keys', 'renew'])).code).toBe(2);
  expect((await cli.run(['keys', 'renew', 'nobody'])).code).toBe(1);
});
