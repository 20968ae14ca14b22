import { createVerify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from '../../src/model/account.js';
import type { Delivery } from '../../src/model/work.js';
import { createClient } from '../support/client.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { startInstance, type Instance, type InstanceOverrides } from '../support/instance.js';
import { startHost, type Host, type Person } from './kit.js';

/** For faults: our server with a clock that is moved by hand, bob, and as many other servers as a row needs. */
export interface World {
  us: Instance;
  clock: TestClock;
  bob: Person;
  person(name: string): Promise<Person>;
  /** A server whose inboxes answer as `answer` does; by default 202. Closed with the world. */
  inboxes(answer?: Answer): Promise<Inboxes>;
  /** An account of another server that follows one of ours, as if both had agreed long ago. */
  follower(of: Person, server: Pick<Inboxes, 'host' | 'origin'>, options?: FollowerOptions): Promise<Account>;
  /** bob writes something. @returns its URI and id */
  post(status: string, extra?: object): Promise<{ id: string; uri: string }>;
  /** Moves the clock in steps and lets what falls due happen at each. */
  pass(step: Parameters<TestClock['advance']>[0], times?: number): Promise<void>;
  waiting(): Promise<Delivery[]>;
  close(): Promise<void>;
}

export type Answer = (res: ServerResponse, req: IncomingMessage, activity: Arrived) => unknown;

export interface Arrived {
  id: string;
  type: string;
  object: unknown;
  /** Of the object, or the object itself where it is only named. */
  about: string;
  path: string;
  headers: IncomingMessage['headers'];
  raw: string;
}

/** Another server, as far as deliveries are concerned. */
export interface Inboxes extends Host {
  got: Arrived[];
  answer(next: Answer): void;
}

export interface FollowerOptions {
  name?: string;
  /** Without one: a personal inbox only. */
  shared?: boolean;
}

export async function startWorld(overrides: InstanceOverrides = {}): Promise<World> {
  const clock = createTestClock();
  const us = await startInstance({ clock, random: () => 0.5, drainSeconds: 0, ...overrides });
  const servers: { close(): Promise<void> }[] = [];
  const person = async (name: string): Promise<Person> => {
    const user = await us.createUser(name);
    return { ...user, client: createClient(us.url, user.token) };
  };
  const bob = await person('bob');
  await us.idle();
  return {
    us,
    clock,
    bob,
    person,
    inboxes: async (answer) => {
      const server = await startInboxes(answer);
      servers.push(server);
      return server;
    },
    follower: (of, server, options) => addFollower(us, of, { server, ...options }),
    post: (status, extra = {}) =>
      bob.client.post<{ id: string; uri: string }>('/api/v1/statuses', { status, ...extra }),
    pass: async (step, times = 1) => {
      for (let i = 0; i < times; i++) {
        clock.advance(step);
        await us.idle();
      }
    },
    waiting: () => us.ctx.db.deliveries.find({ state: 'ready' }).sort({ _id: 1 }).toArray(),
    close: async () => {
      await us.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

const accepted: Answer = (res) => res.writeHead(202).end();
export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (res) =>
    res.writeHead(code, headers).end();

/** A server that keeps what its inboxes were sent. */
export async function startInboxes(first: Answer = accepted): Promise<Inboxes> {
  const got: Arrived[] = [];
  let answer = first;
  const host = await startHost((req, res) => {
    if (req.method !== 'POST') return void res.writeHead(404).end();
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const arrived = toArrived(req, Buffer.concat(chunks).toString());
      got.push(arrived);
      answer(res, req, arrived);
    });
  });
  return { ...host, got, answer: (next) => void (answer = next) };
}

function toArrived(req: IncomingMessage, raw: string): Arrived {
  const { id, type, object } = JSON.parse(raw) as Pick<Arrived, 'id' | 'type' | 'object'>;
  const about = typeof object === 'object' && object !== null && 'id' in object ? object.id : object;
  return { id, type, object, about: String(about), path: req.url ?? '', headers: req.headers, raw };
}

/** Checks a signature in the manner of draft-cavage by hand. */
export function isSignedBy({ headers, path }: Arrived, publicPem: string): boolean {
  const signature = String(headers['signature']);
  const covered = /headers="([^"]*)"/.exec(signature)?.[1]?.split(' ') ?? [];
  const lines = covered.map((name) =>
    name === '(request-target)' ? `${name}: post ${path}` : `${name}: ${headers[name]}`,
  );
  const bytes = /signature="([^"]*)"/.exec(signature)?.[1] ?? '';
  return (
    covered.includes('digest') &&
    createVerify('sha256').update(lines.join('\n')).verify(publicPem, bytes, 'base64')
  );
}

/** Many servers in one: every name leads to it, so that each is a lane of its own. */
export async function startManyHosts(
  answer: (req: IncomingMessage, res: ServerResponse) => unknown,
): Promise<{
  port: number;
  server: Server;
  close(): Promise<void>;
}> {
  const server = createServer((req, res) => {
    req.resume();
    req.on('end', () => answer(req, res));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port, server, close };
}

let serial = 0;

/** The documents of a follower, for those who need many: without any request. */
export function followerOf(
  { ctx }: Pick<Instance, 'ctx'>,
  of: Person,
  { server, name = `fan${(serial += 1)}`, shared = true }: FollowerOptions & { server: { host: string } },
) {
  const uri = `http://${server.host}/users/${name}`;
  const at = ctx.clock.now().toISOString();
  const account: Account = {
    ...of.account,
    _id: ctx.ids.next(),
    uri,
    url: uri,
    username: name,
    displayName: name,
    domain: server.host,
    acctKey: `${name}@${server.host}`.toLowerCase(),
    remote: {
      inbox: `${uri}/inbox`,
      sharedInbox: shared ? `http://${server.host}/inbox` : null,
      outbox: null,
      followersUri: `${uri}/followers`,
      followingUri: null,
      featuredUri: null,
      featuredTagsUri: null,
      fetchedAt: at,
      remoteFollowers: null,
      remoteFollowing: null,
      remoteStatuses: null,
    },
  };
  const follow = {
    _id: ctx.ids.next(),
    accountId: account._id,
    targetId: of.account._id,
    state: 'accepted' as const,
    uri: `${uri}/follow`,
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: at,
  };
  return { account, follow };
}

async function addFollower(
  us: Instance,
  of: Person,
  options: FollowerOptions & { server: { host: string } },
): Promise<Account> {
  const { account, follow } = followerOf(us, of, options);
  await us.ctx.db.accounts.insertOne(account);
  await us.ctx.db.follows.insertOne(follow);
  return account;
}
