import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { publishStatus } from '../../src/domain/statuses.js';
import { postReport } from '../../src/jobs/post-report.js';
import { unwellHosts } from '../../src/jobs/report.js';
import type { Status } from '../../src/model/status.js';
import { sendActivity } from '../../src/outbox/send.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { startPeer, type Peer } from '../support/peer.js';

let home: Instance;
let alice: TestUser;
let peer: Peer;
let post: Status;

beforeEach(async () => {
  peer = await startPeer();
  home = await startInstance({ drainSeconds: 0 });
  alice = await home.createUser('alice');
  post = await publishStatus(home.ctx, alice.account, { text: 'Are we late?' });
  await home.idle();
});
afterEach(async () => {
  await home.close();
  await peer.close();
});

async function send(inboxes: string[], type = 'Update'): Promise<string> {
  const id = `${post.uri}#${type}`;
  const activity = { id, type, actor: alice.account.uri, object: post.uri };
  await sendActivity(home.ctx, {
    activity,
    account: alice.account,
    inboxes,
    public: true,
    statusId: post._id,
  });
  await home.idle();
  return id;
}

const peerInbox = (): string => `${peer.origin}/inbox`;
const peerHost = (): string => new URL(peerInbox()).host;

test('a post that was accepted everywhere waits nowhere', async () => {
  const id = await send([peerInbox()]);
  expect(await postReport(home.ctx, post.uri, { limit: 10 })).toMatchObject({
    post: post.uri,
    activities: [{ activity: id, fannedOut: true, waiting: 0, dead: 0 }],
    late: [],
  });
});

test('a post that is late says where, why, and how that server fares; by IRI, URL or id, at one server or all', async () => {
  peer.answerInbox(() => 503);
  const dead = 'http://127.0.0.1:9/inbox';
  const id = await send([peerInbox(), dead]);
  for (const name of [post.uri, post.url!, post._id]) {
    const report = (await postReport(home.ctx, name, { limit: 10 }))!;
    expect(report.activities).toMatchObject([{ activity: id, type: 'Update', waiting: 2, dead: 0 }]);
    expect(report.late.map((d) => [new URL(d.inbox).host, d.reason, d.attempts]).sort()).toEqual(
      [
        [peerHost(), 'status 503', 1],
        ['127.0.0.1:9', expect.any(String), 1],
      ].sort(),
    );
  }
  const [late, ...others] = (await postReport(home.ctx, post.uri, { host: peerHost(), limit: 10 }))!.late;
  expect(others).toEqual([]);
  expect(late).toMatchObject({ state: 'ready', host: { failures: 1, lastReason: 'status 503' } });
});

test('what is no post of ours is told apart from one that waits nowhere', async () => {
  expect(await postReport(home.ctx, `${home.url}/users/alice/statuses/1`, { limit: 10 })).toBeNull();
  expect(await postReport(home.ctx, 'https://elsewhere.example/1', { limit: 10 })).toBeNull();
});

test('hosts that are not delivered to are told one by one', async () => {
  await home.ctx.db.peers.insertOne({
    _id: 'slow.example',
    breaker: 'open',
    failures: 5,
    firstFailureAt: post.createdAt,
    lastFailureAt: post.createdAt,
    lastSuccessAt: null,
    nextProbeAt: post.createdAt,
    lastReason: 'timeout',
    dialect: null,
    software: null,
  });
  expect(await unwellHosts(home.ctx)).toMatchObject([
    { host: 'slow.example', breaker: 'open', failures: 5, lastReason: 'timeout', waiting: 0 },
  ]);
});
