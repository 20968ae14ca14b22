import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../federation/ports.js';
import { loadSettings } from '../../src/config/load.js';
import type { Settings } from '../../src/config/settings.js';
import { createContext, type Context } from '../../src/context.js';
import { createAccount } from '../../src/domain/accounts.js';
import type { DomainEvent } from '../../src/domain/events.js';
import { silentLogger } from '../../src/log.js';
import type { Account } from '../../src/model/account.js';
import { federate } from '../../src/outbox/index.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { remoteAccount } from './objects/samples.js';

/** A context whose workers never run: what is written stays to be looked at, and nothing leaves the process. */
export interface Kit {
  ctx: Context;
  clock: TestClock;
  local(username: string, changed?: Partial<Account>): Promise<Account>;
  remote(username: string, host: string, changed?: Partial<Account>): Promise<Account>;
  follow(follower: Account, target: Account, state?: 'accepted' | 'pending'): Promise<string>;
  /** Federates everything that verbs published since the last call, in order. */
  settle(): Promise<DomainEvent[]>;
  /** Activities and the inboxes they are to go to, in order of their making; forgets them. */
  sent(): Promise<Sent[]>;
  close(): Promise<void>;
}

export interface Sent {
  activity: JsonObject;
  type: string;
  /** Sorted. */
  inboxes: string[];
  public: boolean;
}

export async function openKit(settings: Partial<Settings> = {}): Promise<Kit> {
  const data = await mkdtemp(join(tmpdir(), 'landfall-outbox-'));
  const clock = createTestClock();
  const ctx = await createContext(
    loadSettings(
      {},
      {
        url: 'https://social.example',
        handleDomain: 'example',
        databaseUrl: 'embedded:memory',
        logLevel: 'silent',
        ...settings,
        data,
      },
    ),
    { log: silentLogger, clock, mode: 'command' },
  );
  return {
    ctx,
    clock,
    local: (username, changed) => addLocal(ctx, username, changed),
    remote: (username, host, changed) => addRemote(ctx, { username, host, changed }),
    follow: (follower, target, state) => addFollow(ctx, { follower, target, state }),
    settle: () => settle(ctx),
    sent: () => takeSent(ctx),
    close: async () => {
      await ctx.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function addLocal(ctx: Context, username: string, changed: Partial<Account> = {}): Promise<Account> {
  const { account } = await createAccount(ctx, { username });
  if (Object.keys(changed).length)
    await ctx.db.accounts.updateOne({ _id: account._id }, { $set: { ...changed } });
  return { ...account, ...changed };
}

async function addRemote(
  ctx: Context,
  {
    username,
    host,
    changed = {},
  }: { username: string; host: string; changed?: Partial<Account> | undefined },
): Promise<Account> {
  const account = { ...remoteAccount(username, host), _id: ctx.ids.next(), ...changed };
  await ctx.db.accounts.insertOne(account);
  return account;
}

async function addFollow(
  ctx: Context,
  {
    follower,
    target,
    state = 'accepted',
  }: { follower: Account; target: Account; state?: 'accepted' | 'pending' | undefined },
): Promise<string> {
  const _id = ctx.ids.next();
  const uri = `${follower.uri}/follows/${_id}`;
  await ctx.db.follows.insertOne({
    _id,
    accountId: follower._id,
    targetId: target._id,
    state,
    uri,
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: ctx.clock.now().toISOString(),
  });
  return uri;
}

async function settle(ctx: Context): Promise<DomainEvent[]> {
  const jobs = await ctx.db.jobs
    .find({ kind: 'event', state: { $in: ['ready', 'leased'] } })
    .sort({ _id: 1 })
    .toArray();
  const events = jobs.map((job) => job.payload['event'] as DomainEvent);
  for (const event of events) await federate(ctx, event);
  await ctx.db.jobs.deleteMany({ _id: { $in: jobs.map((job) => job._id) } });
  return events;
}

async function takeSent(ctx: Context): Promise<Sent[]> {
  const activities = await ctx.db.activities.find({}).sort({ _id: 1 }).toArray();
  const deliveries = await ctx.db.deliveries.find({}).toArray();
  await ctx.db.deliveries.deleteMany({});
  return activities
    .map((stored) => ({
      activity: JSON.parse(stored.body) as JsonObject,
      type: stored.type,
      inboxes: deliveries
        .filter((d) => d.activityId === stored._id)
        .map((d) => d.inbox)
        .sort(),
      public: stored.public,
    }))
    .filter((sent) => sent.inboxes.length > 0);
}
