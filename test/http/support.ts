import { randomBytes } from 'node:crypto';
import express, { type Express, type Router } from 'express';
import request from 'supertest';
import { loadSettings } from '../../src/config/load.js';
import type { Settings } from '../../src/config/settings.js';
import { createAccount, type NewAccount } from '../../src/domain/accounts.js';
import { registerApp, type NewApp } from '../../src/domain/apps.js';
import type { Ctx, HubMessage } from '../../src/domain/ctx.js';
import { createKeyStore } from '../../src/domain/keys.js';
import { createRuleBook } from '../../src/domain/rule-book.js';
import { createSeals } from '../../src/domain/seals.js';
import { createPasswords } from '../../src/domain/passwords.js';
import { createNewcomers } from '../../src/domain/remote/newcomers.js';
import { issueToken } from '../../src/domain/tokens.js';
import type { JobRequest, JobsPort } from '../../src/jobs/port.js';
import { createApp } from '../../src/http/app.js';
import { createIds } from '../../src/model/ids.js';
import type { App } from '../../src/model/access.js';
import type { Account, User } from '../../src/model/account.js';
import { collections, toDb } from '../../src/store/collections.js';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';

/** A context for the front rooms alone: real store, passwords and keys; a clock that tests move; no network, no jobs. */
export interface Base {
  ctx: Ctx;
  /** Moves the clock on. */
  pass(ms: number): void;
  published: HubMessage[];
  /** Jobs that were asked for; nobody does them. */
  enqueued: JobRequest[];
  logged: { level: string; fields: Record<string, unknown>; message: string }[];
  close(): Promise<void>;
}

export async function startBase(overrides: Partial<Settings> = {}): Promise<Base> {
  const settings = loadSettings({}, { url: 'https://social.example', rateLimits: false, ...overrides });
  const store = await openEmbeddedStore({ path: ':memory:', specs: collections });
  await store.migrate();
  const db = toDb(store);
  let offsetMs = 0;
  const clock = { now: () => new Date(Date.UTC(2030, 0, 1) + offsetMs) };
  const ids = createIds(clock);
  const published: HubMessage[] = [];
  const enqueued: JobRequest[] = [];
  const logged: Base['logged'] = [];
  const logger = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields: fields as Record<string, unknown>, message });
  const host = new URL(settings.url).host;
  const ctx: Ctx = {
    settings,
    clock,
    ids,
    db,
    rules: createRuleBook(db, { limited: settings.limitedFederation }).rules,
    randomToken: (bytes = 32) => randomBytes(bytes).toString('base64url'),
    random: Math.random,
    log: { debug: logger('debug'), info: logger('info'), warn: logger('warn'), error: logger('error') },
    names: { origin: settings.url, host, handleDomain: host, isOwn: (name) => name === host },
    newcomers: createNewcomers(clock, settings),
    keys: createKeyStore({ db, instanceKey: randomBytes(32), ids, clock, ahead: false }),
    passwords: createPasswords(),
    seals: createSeals(randomBytes(32)),
    hub: { publish: (message) => void published.push(message), subscribe: () => () => undefined },
    statusText: absent('statusText'),
    files: absent('files'),
    http: absent('http'),
    documents: absent('documents'),
    media: absent('media'),
    mail: absent('mail'),
    mailExchangers: absent('mailExchangers'),
    jobs: recorder(enqueued),
  };
  return {
    ctx,
    published,
    enqueued,
    logged,
    pass: (ms) => void (offsetMs += ms),
    close: () => store.close(),
  };
}

function recorder(enqueued: JobRequest[]): JobsPort {
  const jobs = absent<JobsPort>('jobs');
  return {
    enqueue: async (job) => void enqueued.push(job),
    intend: (job) => jobs.intend(job),
    enqueueMany: (many) => jobs.enqueueMany(many),
    takeReceived: (received) => jobs.takeReceived(received),
    addDeliveries: (deliveries) => jobs.addDeliveries(deliveries),
    nudge: (queue) => jobs.nudge(queue),
  };
}

/** A port that these rooms must not touch. */
function absent<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get: (_target, member) => {
      throw new Error(`${name}.${String(member)} was used`);
    },
  });
}

/** The application with routes of a test's own. */
export function appWith(ctx: Ctx, build: (router: Router) => void): Express {
  const router = express.Router();
  build(router);
  return createApp(ctx, { routers: [router] });
}

export async function personOf(
  ctx: Ctx,
  input: Partial<NewAccount> & { username: string },
): Promise<{ account: Account; user: User }> {
  return createAccount(ctx, { email: `${input.username}@mail.example`, ...input });
}

export async function appOf(
  ctx: Ctx,
  input: Partial<NewApp> = {},
): Promise<{ app: App; clientSecret: string }> {
  return registerApp(ctx, {
    name: 'Testing client',
    redirectUris: ['https://client.example/callback'],
    scopes: ['read', 'write', 'follow', 'push'],
    ...input,
  });
}

export async function tokenOf(ctx: Ctx, user: User | null, scopes: string[]): Promise<string> {
  const { app } = await appOf(ctx);
  const { secret } = await issueToken(ctx, { app, user, scopes });
  return secret;
}

export { request };
