import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext } from '../../src/context.js';
import { silentLogger } from '../../src/log.js';
import { createCli, type Cli } from './support.js';

let cli: Cli;
beforeEach(async () => {
  cli = await createCli();
});
afterEach(() => cli.remove());

interface Result {
  accounts: Record<string, unknown>[];
  apps: Record<string, unknown>[];
  tokens: Record<string, unknown>[];
}

const provision = async (file: unknown) => cli.run(['provision', '-'], JSON.stringify(file));

const full = {
  accounts: [
    {
      username: 'alice',
      email: 'alice@mail.example',
      password: 'correct horse',
      role: 'owner',
      locked: true,
      discoverable: false,
      locale: 'de',
    },
    { username: 'bob' },
  ],
  apps: [
    {
      name: 'Client',
      client_id: 'client',
      client_secret: 'hush',
      redirect_uris: ['https://client.example/cb'],
      scopes: 'read write',
    },
  ],
  tokens: [
    { account: 'alice', client_id: 'client', token: 'alices-token', scopes: 'read' },
    { account: 'bob', client_id: 'client' },
  ],
};

describe('provision', () => {
  test('makes what the file says, and prints it with what was missing', async () => {
    const { code, json } = await provision(full);
    expect(code).toBe(0);
    const { accounts, apps, tokens } = json<Result>();
    expect(accounts).toEqual([
      { ...full.accounts[0], id: expect.stringMatching(/^\d+$/) },
      {
        id: expect.stringMatching(/^\d+$/),
        username: 'bob',
        email: null,
        role: 'user',
        locked: false,
        discoverable: true,
        locale: 'en',
        password: expect.stringMatching(/^[\w-]{22}$/),
      },
    ]);
    expect(apps).toEqual([{ ...full.apps[0], id: expect.stringMatching(/^\d+$/) }]);
    expect(tokens).toEqual([
      full.tokens[0],
      {
        account: 'bob',
        client_id: 'client',
        token: expect.stringMatching(/^[\w-]{43}$/),
        scopes: 'read write',
      },
    ]);
  });

  test('again changes nothing and prints the same', async () => {
    const first = await provision(full);
    const snapshot = async () => {
      const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
      const { users, accounts, apps, accessTokens, audit, jobs } = ctx.db;
      const all = await Promise.all(
        [users, accounts, apps, accessTokens, audit, jobs].map((c) => c.find({}).sort({ _id: 1 }).toArray()),
      );
      await ctx.close();
      return all;
    };
    const before = await snapshot();
    const second = await provision(full);
    expect(second.out).toBe(first.out);
    expect(await snapshot()).toEqual(before);
  });

  test('a file that it printed can be given back', async () => {
    const first = await provision(full);
    const second = await cli.run(['provision', '-'], first.out);
    expect({ code: second.code, out: second.out }).toEqual({ code: 0, out: first.out });
  });

  test('does not take back a password that somebody changed', async () => {
    await provision(full);
    await cli.run(['account', 'password', 'alice', '--password-stdin'], 'my own words');
    const { accounts } = (await provision(full)).json<Result>();
    expect(accounts[0]).not.toHaveProperty('password');
  });

  test('gives different instances different secrets', async () => {
    const other = await createCli();
    const file = JSON.stringify({ accounts: [{ username: 'bob' }], tokens: [{ account: 'bob' }] });
    const [a, b] = [
      (await cli.run(['provision', '-'], file)).json<Result>(),
      (await other.run(['provision', '-'], file)).json<Result>(),
    ];
    await other.remove();
    expect(a.tokens[0]?.['token']).not.toBe(b.tokens[0]?.['token']);
    expect(a.accounts[0]?.['password']).not.toBe(b.accounts[0]?.['password']);
  });

  test('reads a file', async () => {
    const path = join(cli.data, 'people.json');
    await writeFile(path, JSON.stringify({ accounts: [{ username: 'dora' }] }));
    expect((await cli.run(['provision', path])).code).toBe(0);
  });

  test('60 accounts at once, each with a token', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `user${i}`);
    const file = {
      accounts: names.map((username) => ({ username })),
      tokens: names.map((account) => ({ account })),
    };
    const { accounts, tokens } = (await provision(file)).json<Result>();
    expect(accounts.map((a) => a['username'])).toEqual(names);
    expect(new Set(tokens.map((t) => t['token'])).size).toBe(60);
  });

  test.each([
    ['no JSON', '{', /not JSON/],
    ['another shape', '[]', /cannot be used/],
    ['a bad name', '{"accounts":[{"username":"a b"}]}', /accounts\.0\.username/],
    ['a role that is none', '{"accounts":[{"username":"a","role":"king"}]}', /role/],
    ['an account named twice', '{"accounts":[{"username":"a"},{"username":"A"}]}', /twice/],
    ['an unknown account', '{"tokens":[{"account":"nobody"}]}', /nobody/],
    ['an unknown client', '{"tokens":[{"client_id":"none"}]}', /none/],
    ['an unknown scope', '{"apps":[{"name":"x","scopes":"everything"}]}', /everything/],
  ])('refuses %s with exit code 1', async (_name, text, message) => {
    const { code, out, err } = await cli.run(['provision', '-'], text);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
  });

  test('refuses a token that belongs to somebody else', async () => {
    await provision(full);
    const { code, err } = await provision({
      tokens: [{ account: 'bob', client_id: 'client', token: 'alices-token' }],
    });
    expect(code).toBe(1);
    expect(err).toContain('belongs to another account');
  });
});
