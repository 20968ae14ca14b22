import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setDomainRule } from '../../src/domain/domains.js';
import type { Delivery } from '../../src/model/work.js';
import { sendActivity } from '../../src/outbox/send.js';
import { createTestClock, type TestClock } from '../support/clock.js';
import { freePort, startInstance, type Instance, type TestUser } from '../support/instance.js';
import { until } from '../support/until.js';

let clock: TestClock;
let home: Instance;
let alice: TestUser;
let servers: Server[] = [];
let sent = 0;

beforeEach(async () => {
  clock = createTestClock(new Date('2030-01-01T12:00:00Z'));
  home = await startInstance({ clock, random: () => 0.5, deliveryConcurrency: 16, drainSeconds: 0 });
  alice = await home.createUser('alice');
  await home.idle();
});

afterEach(async () => {
  await home.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

interface Host {
  /** With port, as lanes are named. */
  name: string;
  inbox: string;
  /** Activity ids in the order of arrival. */
  got: string[];
  requests: { headers: IncomingMessage['headers']; id: string }[];
}

/** A host whose inboxes answer what `answer` does; by default 202. */
async function startHost(
  answer?: (res: ServerResponse, req: IncomingMessage, host: Host) => unknown,
): Promise<Host> {
  const host: Host = { name: '', inbox: '', got: [], requests: [] };
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      if (req.method !== 'POST') return answer ? answer(res, req, host) : res.writeHead(404).end();
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: string };
      host.got.push(id);
      host.requests.push({ headers: req.headers, id });
      if (answer) answer(res, req, host);
      else res.writeHead(202).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host.name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  host.inbox = `http://${host.name}/inbox`;
  return host;
}

const answerWith =
  (status: number, headers: Record<string, string> = {}) =>
  (res: ServerResponse): void =>
    void res.writeHead(status, headers).end();

/** Queues one activity for these inboxes. @returns its id */
async function send(...inboxes: string[]): Promise<string> {
  sent += 1;
  const id = `${alice.account.uri}/activities/test-${sent}`;
  const activity = { id, type: 'Update', actor: alice.account.uri, object: alice.account.uri };
  await sendActivity(home.ctx, { activity, account: alice.account, inboxes, public: true });
  return id;
}

const left = (): Promise<Delivery[]> => home.ctx.db.deliveries.find({}).sort({ _id: 1 }).toArray();
const peerOf = (host: Host) => home.ctx.db.peers.findOne({ _id: host.name });

describe('an attempt', () => {
  test('that is taken removes the delivery and remembers the host as well', async () => {
    const host = await startHost();
    const id = await send(host.inbox);
    await home.idle();
    expect(host.got).toEqual([id]);
    expect(await left()).toEqual([]);
    expect(host.requests[0]?.headers).toMatchObject({
      host: host.name,
      'content-type': 'application/activity+json',
    });
    expect(await peerOf(host)).toMatchObject({ breaker: 'closed', failures: 0, dialect: 'cavage' });
  });

  test('that fails is put off by the schedule, with its reason, and arrives once the host is back', async () => {
    let status = 500;
    const host = await startHost((res) => res.writeHead(status).end());
    const id = await send(host.inbox);
    await home.idle();
    const dueAt = new Date(clock.now().getTime() + 30_000).toISOString();
    expect(await left()).toMatchObject([{ state: 'ready', attempts: 1, lastError: 'status 500', dueAt }]);
    status = 202;
    clock.advance({ seconds: 29 });
    await home.idle();
    expect(host.got).toEqual([id]);
    clock.advance({ seconds: 1 });
    await home.idle();
    expect(host.got).toEqual([id, id]);
    expect(await left()).toEqual([]);
  });

  test('at a closed port is put off', async () => {
    const port = await freePort();
    await send(`http://127.0.0.1:${port}/inbox`);
    await home.idle();
    expect(await left()).toMatchObject([{ state: 'ready', attempts: 1, lastError: 'connect' }]);
  });

  test('that answers 410 is over; the actor behind the inbox is looked at and found gone', async () => {
    const host = await startHost(answerWith(410));
    const remote = await remoteFollower(host);
    await send(host.inbox);
    await home.idle();
    expect(await left()).toMatchObject([{ state: 'dead', lastError: 'status 410' }]);
    expect((await home.ctx.db.accounts.findOne({ _id: remote }))?.deletedAt).not.toBeNull();
  });

  test('that answers 401 is signed in the other dialect, which is then remembered', async () => {
    const host = await startHost((res, req) =>
      res.writeHead(req.headers['signature-input'] ? 202 : 401).end(),
    );
    const [first, second] = [await send(host.inbox), await send(host.inbox)];
    await home.idle();
    expect(host.got).toEqual([first, first, second]);
    expect(await left()).toEqual([]);
    expect(await peerOf(host)).toMatchObject({ dialect: 'rfc9421' });
  });

  test('that answers 429 with Retry-After waits at least that long, and so does the rest of the host', async () => {
    let busy = true;
    const host = await startHost((res) =>
      busy ? answerWith(429, { 'retry-after': '120' })(res) : res.writeHead(202).end(),
    );
    await send(host.inbox);
    await home.idle();
    const dueAt = new Date(clock.now().getTime() + 120_000).toISOString();
    expect(await left()).toMatchObject([{ attempts: 1, dueAt, lastError: 'status 429' }]);
    await send(host.inbox);
    await home.idle();
    expect(host.got).toHaveLength(1);
    expect((await left())[1]).toMatchObject({ attempts: 0, state: 'ready' });
    busy = false;
    clock.advance({ seconds: 120 });
    await home.idle();
    expect(await left()).toEqual([]);
  });

  test('is given up after the last try of the schedule', async () => {
    const host = await startHost(answerWith(500));
    await send(host.inbox);
    await home.idle();
    const dueAt = clock.now().toISOString();
    await home.ctx.db.deliveries.updateMany({}, { $set: { attempts: 24, dueAt } });
    await home.idle();
    expect(await left()).toMatchObject([{ state: 'dead', attempts: 25, lastError: 'gave up: status 500' }]);
  });

  test('to a refused address is over at once', async () => {
    await send('http://169.254.169.254/inbox');
    await home.idle();
    expect(await left()).toMatchObject([{ state: 'dead', lastError: 'address' }]);
  });
});

async function remoteFollower(host: Host): Promise<string> {
  const _id = home.ctx.ids.next();
  const uri = `http://${host.name}/users/bob`;
  const stale = '2029-01-01T00:00:00.000Z';
  const remote = {
    inbox: host.inbox,
    sharedInbox: null,
    outbox: null,
    followersUri: null,
    followingUri: null,
    featuredUri: null,
    featuredTagsUri: null,
    fetchedAt: stale,
    remoteFollowers: null,
    remoteFollowing: null,
    remoteStatuses: null,
  };
  await home.ctx.db.accounts.insertOne({
    ...alice.account,
    _id,
    uri,
    url: uri,
    username: 'bob',
    domain: host.name,
    acctKey: `bob@${host.name}`,
    remote,
  });
  return _id;
}

describe('a host that does not answer', () => {
  /** Five failures in a row. */
  async function openBreaker(host: Host): Promise<void> {
    for (let i = 0; i < 5; i++) await send(host.inbox);
    for (let i = 0; i < 5; i++) await home.idle();
    expect(await peerOf(host)).toMatchObject({ breaker: 'open', failures: 5, lastReason: 'status 503' });
  }

  test('opens its breaker; further deliveries wait untouched; one probe closes it again', async () => {
    let status = 503;
    const host = await startHost((res) => res.writeHead(status).end());
    await openBreaker(host);
    const before = host.got.length;
    await send(...Array.from({ length: 30 }, (_, i) => `http://${host.name}/users/${i}/inbox`));
    await home.idle();
    expect(host.got).toHaveLength(before);
    expect(await home.ctx.db.deliveries.countDocuments({ attempts: 0, state: 'ready' })).toBe(30);

    clock.advance({ minutes: 1 });
    await home.idle();
    expect(host.got).toHaveLength(before + 1);
    expect(await peerOf(host)).toMatchObject({ breaker: 'open', failures: 6 });

    status = 202;
    clock.advance({ minutes: 2 });
    await home.idle();
    expect(await peerOf(host)).toMatchObject({ breaker: 'closed', failures: 0 });
    clock.advance({ hours: 1 });
    await home.idle();
    expect(await left()).toEqual([]);
  });

  test('was well, and may have died meanwhile: the first of several goes alone', async () => {
    const held: ServerResponse[] = [];
    let silent = false;
    const host = await startHost((res) => (silent ? void held.push(res) : res.writeHead(202).end()));
    const other = await startHost();
    await send(host.inbox);
    await home.idle();
    clock.advance({ minutes: 1 });
    silent = true;
    await send(...Array.from({ length: 4 }, (_, i) => `http://${host.name}/users/${i}/inbox`), other.inbox);
    await until(() => other.got.length === 1 && held.length > 0);
    expect(host.got).toHaveLength(2);
    held.pop()?.writeHead(202).end();
    await until(() => held.length === 3);
    silent = false;
    for (const res of held) res.writeHead(202).end();
    await home.idle();
    expect(await left()).toEqual([]);
  });

  test('and is heard from is tried again at once', async () => {
    let status = 503;
    const host = await startHost((res) => res.writeHead(status).end());
    await openBreaker(host);
    const id = await send(host.inbox);
    await home.idle();
    expect(host.got).not.toContain(id);
    status = 202;
    await receiveFrom(host);
    await home.idle();
    expect(host.got).toContain(id);
  });

  test('for two weeks is dead: what is queued for it is dropped in one go, until it is heard from', async () => {
    const host = await startHost();
    const since = '2029-12-01T00:00:00.000Z';
    const inbox = `http://${host.name}/inbox`;
    await home.ctx.db.peers.insertOne({
      _id: host.name,
      breaker: 'dead',
      failures: 90,
      firstFailureAt: since,
      lastFailureAt: since,
      lastSuccessAt: null,
      nextProbeAt: null,
      lastReason: 'timeout',
      dialect: null,
      software: null,
    });
    await send(inbox);
    await home.idle();
    expect(host.got).toEqual([]);
    expect(await left()).toEqual([]);
    expect((await peerOf(host))?.lastReason).toBe('dead host: 1 deliveries dropped');
    await receiveFrom(host);
    await home.idle();
    const id = await send(inbox);
    await home.idle();
    expect(host.got).toEqual([id]);
  });

  test('holds up nobody else', async () => {
    const stuck = await startHost(() => undefined);
    const well = await startHost();
    for (let i = 0; i < 20; i++)
      await send(`http://${stuck.name}/users/${i}/inbox`, `http://${well.name}/users/${i}/inbox`);
    await until(() => well.got.length === 20);
    expect(stuck.got).toHaveLength(1);
  });
});

/** An activity of that host, as the inbox stores it. */
async function receiveFrom(host: Host): Promise<void> {
  const at = clock.now().toISOString();
  const actor = `http://${host.name}/users/eve`;
  await home.ctx.db.received.insertOne({
    _id: home.ctx.ids.next(),
    state: 'ready',
    dueAt: at,
    createdAt: at,
    leaseUntil: null,
    attempts: 0,
    lane: actor,
    lastError: null,
    activityId: null,
    actor,
    host: host.name,
    type: 'Like',
    objectType: null,
    body: '{}',
    recipientId: null,
    backlogHost: null,
    trust: 'own',
    replayKey: at,
    outcome: null,
    reason: null,
  });
  home.ctx.jobs.nudge('received');
}

describe('what must not leave', () => {
  test('a server that was superseded sends nothing', async () => {
    const host = await startHost();
    await home.ctx.db.instance.updateMany({}, { $inc: { generation: 1 } });
    await send(host.inbox);
    await home.idle();
    expect(host.got).toEqual([]);
    expect(await left()).toMatchObject([{ state: 'ready', attempts: 0 }]);
  });

  test('nothing goes to a suspended domain', async () => {
    const host = await startHost();
    await setDomainRule(home.ctx, host.name, { severity: 'suspend' });
    await send(host.inbox);
    await home.idle();
    expect(host.got).toEqual([]);
    expect(await home.ctx.db.deliveries.countDocuments({ state: 'ready' })).toBe(0);
  });
});

test('one inbox gets the activities of one account in order', async () => {
  const host = await startHost();
  const ids: string[] = [];
  for (let i = 0; i < 25; i++) ids.push(await send(host.inbox));
  await home.idle();
  expect(host.got).toEqual(ids);
});

test('a stop returns what is under way to the queue', async () => {
  const stuck = await startHost(() => undefined);
  await send(stuck.inbox);
  await until(() => stuck.got.length === 1);
  await home.ctx.jobs.stop(0);
  expect(await left()).toMatchObject([{ state: 'ready', attempts: 1, claim: null }]);
});
