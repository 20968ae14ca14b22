import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { MailExchangers, Resolve } from '../../federation/fetch/resolver.js';
import type { Clock } from '../../federation/ports.js';
import { loadSettings } from '../../src/config/load.js';
import type { Settings } from '../../src/config/settings.js';
import { createContext, type Context } from '../../src/context.js';
import { createAccount, type NewAccount } from '../../src/domain/accounts.js';
import { registerApp } from '../../src/domain/apps.js';
import { issueToken } from '../../src/domain/tokens.js';
import { silentLogger, type Logger } from '../../src/log.js';
import type { Account, User } from '../../src/model/account.js';
import type { Store } from '../../src/store/port.js';
import { startServer } from '../../src/server.js';

/** Child processes run the sources too. */
const loader = ['--import', new URL('./typescript.mjs', import.meta.url).href];

export interface InstanceOverrides extends Partial<Settings> {
  clock?: Clock;
  random?: () => number;
  log?: Logger;
  /** Further arguments for node in child processes. */
  execArgv?: string[];
  /** Names to addresses, so that a test can have hosts of its own and none beside them. */
  resolve?: Resolve;
  /** Mail domains to their servers; default: none names any. */
  mailExchangers?: MailExchangers;
  /** An open store instead of one of its own. */
  store?: Store;
  /** Authorities whose certificates other servers may show. */
  ca?: string;
}

export interface TestUser {
  account: Account;
  user: User;
  /** A bearer token. */
  token: string;
}

export interface Instance {
  ctx: Context;
  /** For supertest. */
  app: RequestListener;
  /** Where it listens, and its public origin, e.g. `http://localhost:40123`. */
  url: string;
  settings: Settings;
  /** Resolves when no work is due or running: drain, then assert. */
  idle(): Promise<void>;
  /** An account with a user and a token of a client of its own. */
  createUser(username: string, options?: Partial<NewAccount> & { scopes?: string[] }): Promise<TestUser>;
  close(): Promise<void>;
}

/**
 * A whole server on loopback: the embedded store in memory, real HTTP, a worker, federation with other servers on
 * loopback. Its data folder is removed on close, unless `data` was given.
 */
export async function startInstance(overrides: InstanceOverrides = {}): Promise<Instance> {
  const { clock, random, log = silentLogger, resolve, ca, store, execArgv = [], ...rest } = overrides;
  const { mailExchangers = async () => [], ...given } = rest;
  const data = given.data ?? (await mkdtemp(join(tmpdir(), 'landfall-test-')));
  const port = given.port ?? (await freePort());
  const settings = loadSettings(
    {},
    {
      url: `http://localhost:${port}`,
      databaseUrl: 'embedded:memory',
      federateLoopback: true,
      testMode: true,
      logLevel: 'silent',
      rateLimits: false,
      // A start of a process for each test that uploads something would take long.
      imageProcess: false,
      drainSeconds: 2,
      ...given,
      data,
      port,
    },
  );
  const ctx = await createContext(settings, {
    log,
    execArgv: [...loader, ...execArgv],
    mailExchangers,
    // Tests of what has expired look for it themselves; in the others it would come after a minute, at any step.
    sweeps: false,
    ...(clock && { clock }),
    ...(random && { random }),
    ...(resolve && { resolve }),
    ...(ca !== undefined && { ca }),
    ...(store && { store }),
  });
  const server = await startServer(ctx);
  return {
    ctx,
    app: server.app,
    url: settings.url,
    settings,
    idle: () => ctx.jobs.idle(),
    createUser: (username, options = {}) => createUser(ctx, username, options),
    close: async () => {
      await server.close();
      if (given.data === undefined) await rm(data, { recursive: true, force: true });
    },
  };
}

async function createUser(
  ctx: Context,
  username: string,
  { scopes = ['read', 'write', 'follow', 'push'], ...options }: Partial<NewAccount> & { scopes?: string[] },
): Promise<TestUser> {
  const { account, user } = await createAccount(ctx, {
    email: `${username}@mail.example`,
    ...options,
    username,
  });
  const redirectUris = ['urn:ietf:wg:oauth:2.0:oob'];
  const { app } = await registerApp(ctx, { name: 'Test client', redirectUris, scopes });
  const { secret } = await issueToken(ctx, { app, user, scopes });
  return { account, user, token: secret };
}

/** Jest's workers have ports of their own: what one of them finds free, no other takes meanwhile. */
const shares = 16;
const share = Number(process.env['JEST_WORKER_ID'] ?? 0) % shares;

/**
 * A port that was free a moment ago: the origin must be known before the server listens. From below the range that
 * systems give to outgoing connections, so that none of those takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000 / shares, 32_000 / shares) * shares + share;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
