import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deleteAccount } from '../../../src/domain/deletion.js';
import { removeDomainRule, setDomainRule } from '../../../src/domain/domains.js';
import { publishStatus } from '../../../src/domain/statuses.js';
import { createTestClock } from '../../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { until } from '../../support/until.js';
import { known } from './kit.js';
import { startPeer, type Peer, type PeerActor } from './peer.js';

let instance: Instance;
let peer: Peer;
let alice: TestUser;
let bob: PeerActor;
let inbox: string;
let serial = 0;

beforeAll(async () => {
  instance = await startInstance({ inboxBytes: 20_000, clock: createTestClock() });
  alice = await instance.createUser('alice');
  inbox = `${instance.url}/inbox`;
});
afterAll(() => instance.close());
beforeEach(async () => {
  peer = await startPeer();
  bob = peer.actor('bob');
});
afterEach(() => peer.close());

const context = 'https://www.w3.org/ns/activitystreams';
const like = (object: string, changed: object = {}) => ({
  '@context': context,
  id: `${bob.uri}/likes/${(serial += 1)}`,
  type: 'Like',
  actor: bob.uri,
  object,
  ...changed,
});
const stored = () => instance.ctx.db.received.find({ host: peer.host }).toArray();

describe('what is accepted', () => {
  test.each(['/inbox', '/users/alice/inbox', '/users/ALICE/inbox', '/actor/inbox'])(
    'a signed activity at %s is stored for good before the answer, and processed',
    async (path) => {
      const status = await publishStatus(instance.ctx, alice.account, { text: 'Like me' });
      const activity = like(status.uri);
      const response = await bob.post(instance.url + path, activity);
      expect(response.status).toBe(202);
      const [received] = await stored();
      expect(received).toMatchObject({
        activityId: activity.id,
        actor: bob.uri,
        host: peer.host,
        lane: bob.uri,
        type: 'Like',
        trust: 'own',
        recipientId:
          path === '/inbox' ? null : path === '/actor/inbox' ? expect.any(String) : alice.account._id,
      });
      await until(() => instance.ctx.db.favourites.findOne({ statusId: status._id }));
    },
  );

  test('ld+json with its profile too', async () => {
    const contentType = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
    expect((await bob.post(inbox, like(`${instance.url}/x`), { contentType })).status).toBe(202);
  });

  test('the same request twice is taken once', async () => {
    const activity = like(`${instance.url}/nothing`);
    const now = new Date();
    expect((await bob.post(inbox, activity, { now })).status).toBe(202);
    expect((await bob.post(inbox, activity, { now })).status).toBe(202);
    expect(await stored()).toHaveLength(1);
  });

  test('the same activity signed anew is another request', async () => {
    const activity = like(`${instance.url}/nothing`);
    await bob.post(inbox, activity, { now: new Date() });
    await bob.post(inbox, activity, { now: new Date(Date.now() - 5000) });
    expect(await stored()).toHaveLength(2);
  });

  test('what another server passes on is only a pointer, queued under who passed it on', async () => {
    const third = await startPeer();
    const author = third.actor('trent');
    const activity = {
      '@context': context,
      id: `${author.uri}/a/1`,
      type: 'Create',
      actor: author.uri,
      object: { id: `${author.uri}/n/1`, type: 'Note', attributedTo: author.uri, content: 'x' },
    };
    expect((await bob.post(inbox, activity)).status).toBe(202);
    expect((await stored())[0]).toMatchObject({
      trust: 'forwarded',
      actor: bob.uri,
      lane: bob.uri,
      objectType: 'Note',
    });
    await third.close();
  });

  test('a Delete of somebody unknown here costs nothing and is not kept', async () => {
    const gone = peer.actor('gone');
    const activity = {
      '@context': context,
      id: `${gone.uri}#delete`,
      type: 'Delete',
      actor: gone.uri,
      object: gone.uri,
    };
    expect((await gone.post(inbox, activity)).status).toBe(202);
    expect(await stored()).toEqual([]);
    expect(peer.fetched).toEqual([]);
  });

  test('a Delete by somebody known whose key is gone has the origin asked', async () => {
    const leaving = peer.actor('leaving');
    const account = await known(instance, leaving);
    await instance.ctx.db.remoteKeys.deleteMany({ owner: leaving.uri });
    peer.fail('/users/leaving', 410);
    const activity = {
      '@context': context,
      id: `${leaving.uri}#delete`,
      type: 'Delete',
      actor: leaving.uri,
      object: leaving.uri,
    };
    expect((await leaving.post(inbox, activity)).status).toBe(202);
    await until(async () => (await instance.ctx.db.accounts.findOne({ _id: account._id }))?.deletedAt);
  });
});

describe('what is refused, and leaves nothing', () => {
  afterEach(async () => {
    expect(await stored()).toEqual([]);
  });

  test('no signature: 401, and nobody is asked for a key', async () => {
    const body = JSON.stringify(like(`${instance.url}/x`));
    const headers = { 'content-type': 'application/activity+json' };
    const response = await fetch(inbox, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toEqual([401, { error: 'Not accepted: unsigned' }]);
    expect(peer.fetched).toEqual([]);
  });

  test('somebody else than the signer: 403', async () => {
    const mallory = peer.actor('mallory');
    expect((await mallory.post(inbox, like(`${instance.url}/x`))).status).toBe(403);
  });

  test.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
  ])('as %s: %i', async (contentType, status) => {
    expect((await bob.post(inbox, like(`${instance.url}/x`), { contentType })).status).toBe(status);
  });

  test.each([
    '{',
    '[]',
    '"text"',
    'null',
    '{"type":"Like"}',
    `{"a":${'['.repeat(200)}${']'.repeat(200)}}`,
    '',
  ])('broken body %#: 400', async (body) => {
    const response = await bob.post(inbox, body);
    expect([400, 401]).toContain(response.status);
    expect(await response.json()).toHaveProperty('error');
  });

  test('one who says that it is too large is not even read: 413', async () => {
    const response = await bob.post(inbox, like('x'.repeat(30_000)));
    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    expect(peer.fetched).toEqual([]);
  });

  test('one that turns out too large is read no further than what is thrown away', async () => {
    // What the server took from its socket. What was written is more: the system's buffers hold megabytes.
    let taken: Socket | undefined;
    const note = (message: unknown): void => void (taken = (message as { socket: Socket }).socket);
    subscribe('http.server.request.start', note);
    const { hostname, port } = new URL(instance.url);
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname);
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`;
      const write = (): void => {
        for (let sent = 0; sent < 50_000_000 && !socket.destroyed; sent += chunk.length)
          if (!socket.write(chunk)) return void socket.once('drain', write);
      };
      socket.on('data', (data) => {
        text += data.toString();
        if (text.includes('\r\n\r\n')) resolve(text);
      });
      socket.on('error', (error) => (text ? resolve(text) : reject(error)));
      socket.write(
        'POST /inbox HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/activity+json\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      write();
    });
    unsubscribe('http.server.request.start', note);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    // 14 MiB in chunks of 1000 bytes with seven more each, and what was in hand at the end.
    const { bytesRead = 0 } = taken ?? {};
    expect(bytesRead).toBeGreaterThan(instance.settings.inboxBytes);
    expect(bytesRead).toBeLessThan(14 * 1024 * 1024 * 1.007 + 256 * 1024);
    socket.destroy();
  });

  test('a suspended server: 403 before any network', async () => {
    await setDomainRule(instance.ctx, peer.host, { severity: 'suspend' });
    expect((await bob.post(inbox, like(`${instance.url}/x`))).status).toBe(403);
    expect(peer.fetched).toEqual([]);
    await removeDomainRule(instance.ctx, peer.host);
  });

  test('a key that cannot be had at present: 503 and when to come back', async () => {
    peer.fail('/users/bob', 500);
    const response = await bob.post(inbox, like(`${instance.url}/x`));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
  });

  test('nobody of that name: 404; somebody who left: 410', async () => {
    expect((await bob.post(`${instance.url}/users/nobody/inbox`, like('https://x.example/1'))).status).toBe(
      404,
    );
    const left = await instance.createUser(`left${serial}`);
    await deleteAccount(instance.ctx, left.account);
    expect((await bob.post(`${left.account.uri}/inbox`, like('https://x.example/1'))).status).toBe(410);
  });

  test('an old or a future date: 401', async () => {
    for (const hours of [-14, 3]) {
      const now = new Date(Date.now() + hours * 3_600_000);
      expect((await bob.post(inbox, like(`${instance.url}/x`), { now })).status).toBe(401);
    }
  });
});

test('with too much waiting, nothing more is taken on', async () => {
  const busy = await startInstance({ inboxBacklog: 10 });
  // Not claimed by the worker: far in the future.
  const items = Array.from({ length: 11 }, (_, i) => ({
    _id: busy.ctx.ids.next(),
    state: 'ready' as const,
    dueAt: '2999-01-01T00:00:00.000Z',
    leaseUntil: null,
    attempts: 0,
    lane: 'x',
    lastError: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    activityId: null,
    actor: 'x',
    host: 'x',
    type: 'Like',
    objectType: null,
    body: '{}',
    recipientId: null,
    backlogHost: null,
    trust: 'own' as const,
    replayKey: `k${i}`,
    outcome: null,
    reason: null,
  }));
  await busy.ctx.db.received.insertMany(items);
  const response = await bob.post(`${busy.url}/inbox`, like('https://x.example/1'));
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '60']);
  await busy.close();
});
