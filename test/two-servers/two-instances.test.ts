import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { block } from '../../src/domain/blocks.js';
import { deleteAccount } from '../../src/domain/deletion.js';
import { favourite } from '../../src/domain/favourites.js';
import { requestFollow } from '../../src/domain/follows.js';
import { homeTimeline } from '../../src/domain/home.js';
import { pin } from '../../src/domain/pins.js';
import { vote } from '../../src/domain/polls.js';
import { reblog } from '../../src/domain/reblogs.js';
import { resolveHandle } from '../../src/domain/remote/actors.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { deleteStatus } from '../../src/domain/statuses-delete.js';
import { editStatus } from '../../src/domain/statuses-edit.js';
import type { Account } from '../../src/model/account.js';
import type { Status } from '../../src/model/status.js';
import { instanceEngines } from '../support/engines.js';
import { startInstance, type Instance } from '../support/instance.js';
import { until } from '../support/until.js';

/** What one instance sends is what another understands: the whole way, over signed HTTP on loopback. */
let urls: string[];
let a: Instance;
let b: Instance;
let alice: Account;
let bob: Account;
/** bob as A knows him, alice as B knows her. */
let bobAtA: Account;
let aliceAtB: Account;

describe.each(instanceEngines)('over $name', (engine) => {
  beforeAll(async () => {
    urls = [engine.url(), engine.url()];
    const [one, other] = await Promise.all(urls.map((databaseUrl) => startInstance({ databaseUrl })));
    if (!one || !other) throw new Error('two instances are needed');
    [a, b] = [one, other];
    alice = (await a.createUser('alice')).account;
    bob = (await b.createUser('bob')).account;
    bobAtA = (await resolveHandle(a.ctx, `bob@${b.ctx.names.host}`))!;
    aliceAtB = (await resolveHandle(b.ctx, `alice@${a.ctx.names.host}`))!;
  });
  afterAll(async () => {
    await Promise.all([a.close(), b.close()]);
    for (const url of urls) await engine.drop(url);
  });

  const at = (instance: Instance, uri: string): Promise<Status> =>
    until(() => instance.ctx.db.statuses.findOne({ uri }));

  test('follow, and be accepted', async () => {
    expect(bobAtA).toMatchObject({ uri: bob.uri, username: 'bob' });
    await requestFollow(a.ctx, alice, bobAtA);
    await until(() => a.ctx.db.follows.findOne({ accountId: alice._id, state: 'accepted' }));
    expect(
      await b.ctx.db.follows.findOne({ accountId: aliceAtB._id, targetId: bob._id, state: 'accepted' }),
    ).not.toBeNull();
  });

  test('a post with everything arrives as it was meant, in the home timeline', async () => {
    const status = await publishStatus(b.ctx, bob, {
      text: `Hello @alice@${a.ctx.names.host} #cats`,
      spoilerText: 'CW',
      language: 'en',
      visibility: 'private',
    });
    const copy = await at(a, status.uri);
    expect(copy).toMatchObject({
      accountId: bobAtA._id,
      spoilerText: 'CW',
      sensitive: true,
      visibility: 'private',
      tags: ['cats'],
      language: 'en',
      mentions: [{ accountId: alice._id }],
    });
    await until(async () =>
      (await homeTimeline(a.ctx, alice._id, { limit: 5 })).some((s) => s._id === copy._id),
    );
  });

  test('answer, favourite, boost; then edit and delete', async () => {
    const status = await publishStatus(b.ctx, bob, { text: 'Edit me' });
    const copy = await at(a, status.uri);
    const answer = await publishStatus(a.ctx, alice, { text: 'Yes', inReplyToId: copy._id });
    await favourite(a.ctx, alice, copy._id);
    await reblog(a.ctx, alice, copy._id);
    expect((await at(b, answer.uri)).inReplyToId).toBe(status._id);
    await until(() =>
      b.ctx.db.statuses.findOne({ _id: status._id, favouritesCount: 1, reblogsCount: 1, repliesCount: 1 }),
    );
    await editStatus(b.ctx, bob, status._id, { text: 'Edited' });
    await until(() => a.ctx.db.statuses.findOne({ uri: status.uri, content: '<p>Edited</p>' }));
    await deleteStatus(b.ctx, (await b.ctx.db.statuses.findOne({ _id: status._id }))!);
    await until(async () => (await a.ctx.db.statuses.findOne({ uri: status.uri })) === null);
  });

  test('a poll: the vote arrives, the tally comes back at the end', async () => {
    const poll = { options: ['red', 'blue'], expiresInSeconds: 3600, multiple: false, hideTotals: false };
    const status = await publishStatus(b.ctx, bob, { text: 'Which?', poll });
    const copy = await at(a, status.uri);
    expect(copy.poll?.options.map((o) => o.title)).toEqual(['red', 'blue']);
    await vote(a.ctx, alice, copy._id, [1]);
    await until(() => b.ctx.db.statuses.findOne({ _id: status._id, 'poll.votersCount': 1 }));
  });

  test('a quote asks for consent and gets its stamp', async () => {
    const status = await publishStatus(b.ctx, bob, { text: 'Quote me' });
    const copy = await at(a, status.uri);
    const quoting = await publishStatus(a.ctx, alice, { text: 'Look', quotedStatusId: copy._id });
    const settled = await until(() =>
      a.ctx.db.statuses.findOne({ _id: quoting._id, 'quote.state': 'accepted' }),
    );
    const stamp = await fetch(settled.quote!.approvalUri!, {
      headers: { accept: 'application/activity+json' },
    });
    expect(await stamp.json()).toMatchObject({
      interactingObject: quoting.uri,
      interactionTarget: status.uri,
    });
  });

  test('a pinned post', async () => {
    const status = await publishStatus(b.ctx, bob, { text: 'Pin me' });
    await at(a, status.uri);
    await pin(b.ctx, bob, status._id);
    await until(async () => (await a.ctx.db.statuses.findOne({ uri: status.uri }))?.pinnedAt);
  });

  test('an answer of a third party reaches the followers of the one who was answered', async () => {
    const c = await startInstance();
    try {
      const carol = (await c.createUser('carol')).account;
      const bobAtC = (await resolveHandle(c.ctx, `bob@${b.ctx.names.host}`))!;
      await requestFollow(c.ctx, carol, bobAtC);
      await until(() => c.ctx.db.follows.findOne({ accountId: carol._id, state: 'accepted' }));
      const status = await publishStatus(b.ctx, bob, { text: 'Talk to me' });
      const copy = await at(a, status.uri);
      await at(c, status.uri);
      // Alice's server addresses bob's followers, as Pleroma and others do.
      const answer = await publishStatus(a.ctx, alice, { text: 'Hi', inReplyToId: copy._id });
      await at(b, answer.uri);
      const raw = JSON.stringify({
        '@context': 'https://www.w3.org/ns/activitystreams',
        id: `${answer.uri}/activity`,
        type: 'Create',
        actor: alice.uri,
        to: ['https://www.w3.org/ns/activitystreams#Public'],
        cc: [`${bob.uri}/followers`],
        object: {
          id: answer.uri,
          type: 'Note',
          attributedTo: alice.uri,
          inReplyTo: status.uri,
          content: 'forged by nobody',
        },
      });
      const { forwardToFollowers } = await import('../../src/outbox/forward.js');
      const { parseActivity } = await import('../../federation/vocabulary/activity.js');
      const activity = parseActivity(JSON.parse(raw));
      if ('invalid' in activity) throw new Error(activity.invalid);
      expect(await forwardToFollowers(b.ctx, { rawBody: raw, activity, localOwner: bob })).toBe('forwarded');
      // Carol's server did not believe bob's: it asked alice's.
      expect((await at(c, answer.uri)).content).toBe('<p>Hi</p>');
    } finally {
      await c.close();
    }
  });

  test('a block ends it; then the account goes', async () => {
    await block(b.ctx, bob, aliceAtB);
    await until(
      async () => (await a.ctx.db.follows.findOne({ accountId: alice._id, targetId: bobAtA._id })) === null,
    );
    await deleteAccount(b.ctx, bob);
    await until(async () => (await a.ctx.db.accounts.findOne({ _id: bobAtA._id }))?.deletedAt);
  });
});
