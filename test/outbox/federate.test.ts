import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PUBLIC } from '../../federation/vocabulary/names.js';
import { block, unblock } from '../../src/domain/blocks.js';
import { deleteAccount } from '../../src/domain/deletion.js';
import { setDomainRule } from '../../src/domain/domains.js';
import { publish, type DomainEvent } from '../../src/domain/events.js';
import { favourite, unfavourite } from '../../src/domain/favourites.js';
import { acceptFollow, rejectFollow, requestFollow, unfollow } from '../../src/domain/follows.js';
import { moveAccount } from '../../src/domain/moves.js';
import { pin, unpin } from '../../src/domain/pins.js';
import { receiveVote, vote } from '../../src/domain/polls.js';
import { updateProfile } from '../../src/domain/profile.js';
import { answerQuoteRequest, revokeQuote } from '../../src/domain/quotes.js';
import { reblog, unreblog } from '../../src/domain/reblogs.js';
import { fileReport } from '../../src/domain/reports.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { deleteStatus } from '../../src/domain/statuses-delete.js';
import { editStatus } from '../../src/domain/statuses-edit.js';
import type { Account } from '../../src/model/account.js';
import type { Status } from '../../src/model/status.js';
import { federate } from '../../src/outbox/index.js';
import { openKit, type Kit } from './kit.js';
import { status as sampleStatus } from './objects/samples.js';

let kit: Kit;
let alice: Account;
let bob: Account;
const bobShared = 'https://peer.example/inbox';
const bobInbox = 'https://peer.example/users/bob/inbox';

beforeEach(async () => {
  kit = await openKit();
  alice = await kit.local('alice');
  bob = await kit.remote('bob', 'peer.example');
  await kit.settle();
});
afterEach(() => kit.close());

/** A status of another server, as ingest would have stored it. */
async function remoteStatus(author: Account, changed: Partial<Status> = {}): Promise<Status> {
  const _id = kit.ctx.ids.next();
  const uri = `${author.uri}/statuses/${_id}`;
  const stored = sampleStatus({
    ...changed,
    _id,
    uri,
    url: uri,
    accountId: author._id,
    local: false,
    text: null,
    conversationId: _id,
  });
  await kit.ctx.db.statuses.insertOne(stored);
  return stored;
}

describe('who gets a status', () => {
  test('followers by their shared inbox once for each server, people on it included; own and suspended servers not at all', async () => {
    const carol = await kit.remote('carol', 'peer.example');
    const dave = await kit.remote('dave', 'small.example', {
      remote: {
        ...(await kit.remote('x', 'small.example')).remote!,
        inbox: 'https://small.example/u/dave/in',
        sharedInbox: null,
      },
    });
    const eve = await kit.remote('eve', 'bad.example');
    const local = await kit.local('lou');
    for (const follower of [bob, carol, dave, eve, local]) await kit.follow(follower, alice);
    const pending = await kit.remote('pia', 'pending.example');
    await kit.follow(pending, alice, 'pending');
    await setDomainRule(kit.ctx, 'bad.example', { severity: 'suspend' });
    await publishStatus(kit.ctx, alice, { text: 'Hello @bob@peer.example' });
    await kit.settle();
    const [create] = await kit.sent();
    expect(create).toMatchObject({ type: 'Create', public: true });
    expect(create?.inboxes).toEqual([bobShared, 'https://small.example/u/dave/in']);
  });

  test('a shared inbox on another host than the personal one is not believed', async () => {
    const mallory = await kit.remote('mallory', 'evil.example', {
      remote: {
        ...bob.remote!,
        inbox: 'https://evil.example/in',
        sharedInbox: 'https://victim.example/inbox',
      },
    });
    await kit.follow(mallory, alice);
    await publishStatus(kit.ctx, alice, { text: 'Hello' });
    await kit.settle();
    expect((await kit.sent())[0]?.inboxes).toEqual(['https://evil.example/in']);
  });

  test('an inbox on our own host is never written to', async () => {
    const liar = await kit.remote('liar', 'evil.example', {
      remote: {
        ...bob.remote!,
        inbox: 'https://social.example/inbox',
        sharedInbox: 'https://social.example/inbox',
      },
    });
    await kit.follow(liar, alice);
    await publishStatus(kit.ctx, alice, { text: 'Hello' });
    await kit.settle();
    expect(await kit.sent()).toEqual([]);
  });

  test('a direct one goes to the personal inboxes of those it mentions and to nobody else', async () => {
    await kit.follow(await kit.remote('carol', 'other.example'), alice);
    await publishStatus(kit.ctx, alice, { text: 'Psst @bob@peer.example', visibility: 'direct' });
    await kit.settle();
    const [create] = await kit.sent();
    expect(create?.inboxes).toEqual([bobInbox]);
    expect(create?.public).toBe(false);
    expect(create?.activity).toMatchObject({ to: [bob.uri], object: { to: [bob.uri], cc: [] } });
  });

  test('the author of what is answered gets an open answer, but not a followers-only one that does not mention them', async () => {
    const parent = await remoteStatus(bob);
    await publishStatus(kit.ctx, alice, { text: 'Yes', inReplyToId: parent._id });
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      inboxes: [bobShared],
      activity: { object: { inReplyTo: parent.uri } },
    });
    await publishStatus(kit.ctx, alice, { text: 'Yes', inReplyToId: parent._id, visibility: 'private' });
    await kit.settle();
    expect(await kit.sent()).toEqual([]);
  });

  test('a backdated one is not sent', async () => {
    await kit.follow(bob, alice);
    await publishStatus(kit.ctx, alice, { text: 'Long ago', createdAt: new Date('2020-01-01') });
    await kit.settle();
    expect(await kit.sent()).toEqual([]);
  });

  test('nobody: nothing is written', async () => {
    await publishStatus(kit.ctx, alice, { text: 'Hello' });
    await kit.settle();
    expect(await kit.ctx.db.activities.countDocuments({})).toBe(0);
  });

  test('a remote author: nothing is sent in their name', async () => {
    const status = await remoteStatus(bob);
    await kit.follow(await kit.remote('carol', 'other.example'), bob);
    await federate(kit.ctx, { type: 'status.published', statusId: status._id, quiet: false });
    await federate(kit.ctx, { type: 'status.edited', statusId: status._id, editId: '1' });
    expect(await kit.sent()).toEqual([]);
  });
});

describe('repeating', () => {
  test.each(['while the deliveries wait', 'after they were delivered'])(
    '%s makes no second delivery',
    async (when) => {
      await kit.follow(bob, alice);
      const status = await publishStatus(kit.ctx, alice, { text: 'Hello' });
      await kit.settle();
      if (when.startsWith('after')) await kit.sent();
      const before = await kit.ctx.db.deliveries.countDocuments({});
      await federate(kit.ctx, { type: 'status.published', statusId: status._id, quiet: false });
      expect(await kit.ctx.db.deliveries.countDocuments({})).toBe(before);
      expect(await kit.ctx.db.activities.countDocuments({})).toBe(1);
    },
  );

  test('a fan-out that broke off goes on where it was, with the same body', async () => {
    for (let i = 0; i < 7; i += 1) await kit.follow(await kit.remote(`u${i}`, `s${i}.example`), alice);
    const status = await publishStatus(kit.ctx, alice, { text: 'Hello' });
    await kit.settle();
    const [activity] = await kit.ctx.db.activities.find({}).toArray();
    // As a crash in the middle leaves it.
    const some = await kit.ctx.db.deliveries.find({}).limit(4).toArray();
    await kit.ctx.db.deliveries.deleteMany({ _id: { $in: some.map((d) => d._id) } });
    await kit.ctx.db.activities.updateOne({ _id: activity!._id }, { $unset: { fannedOutAt: true } });
    kit.clock.advance({ minutes: 1 });
    await federate(kit.ctx, { type: 'status.published', statusId: status._id, quiet: false });
    const [sent] = await kit.sent();
    expect(sent?.inboxes).toHaveLength(7);
    expect((await kit.ctx.db.activities.find({}).toArray()).map((a) => a.body)).toEqual([activity!.body]);
  });

  test('every event of every type twice leaves as many deliveries as once', async () => {
    await kit.follow(bob, alice);
    const post = await publishStatus(kit.ctx, alice, { text: 'One' });
    const theirs = await remoteStatus(bob);
    await favourite(kit.ctx, alice, theirs._id);
    await reblog(kit.ctx, alice, theirs._id);
    await requestFollow(kit.ctx, alice, bob);
    await pin(kit.ctx, alice, post._id);
    await updateProfile(kit.ctx, alice, { displayName: 'Alice' });
    await editStatus(kit.ctx, alice, post._id, { text: 'Two' });
    const events = await kit.settle();
    expect(events.length).toBeGreaterThanOrEqual(7);
    const before = await kit.ctx.db.deliveries.countDocuments({});
    for (const event of events) await federate(kit.ctx, event);
    expect(await kit.ctx.db.deliveries.countDocuments({})).toBe(before);
    expect(before).toBeGreaterThanOrEqual(7);
  });
});

test('deliveries have a lane for each host, are due at once and carry the generation', async () => {
  await kit.follow(bob, alice);
  await publishStatus(kit.ctx, alice, { text: 'Hello' });
  await kit.settle();
  const [activity] = await kit.ctx.db.activities.find({}).toArray();
  const [delivery] = await kit.ctx.db.deliveries.find({}).toArray();
  expect(delivery).toMatchObject({
    state: 'ready',
    lane: 'peer.example',
    dueAt: kit.clock.now().toISOString(),
    attempts: 0,
    accountId: alice._id,
    inbox: bobShared,
    generation: 1,
    key: `${activity!._id} ${bobShared}`,
  });
});

describe('edits and deletes', () => {
  test('Update goes to those who have it, also to those who passed it on and to former followers', async () => {
    const status = await publishStatus(kit.ctx, alice, { text: 'Hello' });
    await kit.follow(bob, alice);
    await federate(kit.ctx, { type: 'status.published', statusId: status._id, quiet: false });
    await kit.settle();
    await kit.sent();
    await kit.ctx.db.follows.deleteMany({ accountId: bob._id });
    const carol = await kit.remote('carol', 'other.example');
    await kit.ctx.db.statuses.insertOne(
      sampleStatus({
        _id: kit.ctx.ids.next(),
        uri: `${carol.uri}/a`,
        url: null,
        accountId: carol._id,
        local: false,
        reblogOfId: status._id,
      }),
    );
    await editStatus(kit.ctx, alice, status._id, { text: 'Better' });
    await kit.settle();
    const [update] = await kit.sent();
    expect(update).toMatchObject({
      type: 'Update',
      inboxes: ['https://other.example/inbox', bobShared],
      activity: { object: { content: '<p>Better</p>', updated: expect.stringMatching(/Z$/) } },
    });
  });

  test('Delete goes to those who got the Create, though they stopped following, and says nothing of the content', async () => {
    const uri = await kit.follow(bob, alice);
    const status = await publishStatus(kit.ctx, alice, { text: 'Secret words', visibility: 'private' });
    await kit.settle();
    await kit.sent();
    await kit.ctx.db.follows.deleteMany({ uri });
    await deleteStatus(kit.ctx, status);
    await kit.settle();
    const [sent] = await kit.sent();
    expect(sent).toMatchObject({
      type: 'Delete',
      inboxes: [bobShared],
      public: false,
      activity: { id: `${status.uri}#delete`, object: { id: status.uri, type: 'Tombstone' } },
    });
    expect(JSON.stringify(sent)).not.toContain('Secret');
  });

  test('Delete of a direct one goes to the same personal inbox', async () => {
    const status = await publishStatus(kit.ctx, alice, {
      text: '@bob@peer.example hi',
      visibility: 'direct',
    });
    await kit.settle();
    await kit.sent();
    await deleteStatus(kit.ctx, status);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({ type: 'Delete', inboxes: [bobInbox] });
  });

  test('what a suspended account deletes is deleted elsewhere too; it says nothing else', async () => {
    await kit.follow(bob, alice);
    const status = await publishStatus(kit.ctx, alice, { text: 'Hello' });
    await kit.settle();
    await kit.sent();
    await kit.ctx.db.accounts.updateOne(
      { _id: alice._id },
      { $set: { suspendedAt: '2026-01-01T00:00:00.000Z' } },
    );
    await publishStatus(kit.ctx, alice, { text: 'More' });
    await deleteStatus(kit.ctx, status);
    await kit.settle();
    expect((await kit.sent()).map((s) => s.type)).toEqual(['Delete']);
  });
});

describe('reblogs and favourites', () => {
  test('Announce goes to followers and the author, Undo to the same', async () => {
    const carol = await kit.remote('carol', 'other.example');
    await kit.follow(carol, alice);
    const theirs = await remoteStatus(bob);
    await reblog(kit.ctx, alice, theirs._id);
    await kit.settle();
    const [announce] = await kit.sent();
    expect(announce).toMatchObject({
      type: 'Announce',
      inboxes: ['https://other.example/inbox', bobShared],
      activity: { object: theirs.uri, to: [PUBLIC], cc: [`${alice.uri}/followers`, bob.uri] },
    });
    await unreblog(kit.ctx, alice, theirs._id);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Undo',
      inboxes: ['https://other.example/inbox', bobShared],
      activity: { object: { type: 'Announce', id: announce?.activity['id'], object: theirs.uri } },
    });
  });

  test('Like goes to the author only; taken back and given again it has another id', async () => {
    await kit.follow(await kit.remote('carol', 'other.example'), alice);
    const theirs = await remoteStatus(bob);
    await favourite(kit.ctx, alice, theirs._id);
    await kit.settle();
    const [like] = await kit.sent();
    expect(like).toMatchObject({
      type: 'Like',
      inboxes: [bobShared],
      activity: { object: theirs.uri, actor: alice.uri },
    });
    await unfavourite(kit.ctx, alice, theirs._id);
    await favourite(kit.ctx, alice, theirs._id);
    await kit.settle();
    const [undo, again] = await kit.sent();
    expect(undo).toMatchObject({
      type: 'Undo',
      activity: { object: { id: like?.activity['id'], type: 'Like' } },
    });
    expect(again?.type).toBe('Like');
    expect(again?.activity['id']).not.toBe(like?.activity['id']);
  });

  test('a favourite of a local status goes nowhere', async () => {
    const post = await publishStatus(kit.ctx, await kit.local('lou'), { text: 'Hi' });
    await favourite(kit.ctx, alice, post._id);
    await kit.settle();
    expect(await kit.sent()).toEqual([]);
  });
});

describe('follows and blocks', () => {
  test('our Follow, and its Undo', async () => {
    const follow = await requestFollow(kit.ctx, alice, bob);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Follow',
      inboxes: [bobInbox],
      activity: { id: follow.uri, actor: alice.uri, object: bob.uri },
    });
    await unfollow(kit.ctx, alice._id, bob._id);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Undo',
      inboxes: [bobInbox],
      activity: { object: { id: follow.uri, type: 'Follow', actor: alice.uri, object: bob.uri } },
    });
  });

  test('a follow that was taken back before it was sent is not sent', async () => {
    const { uri } = await requestFollow(kit.ctx, alice, bob);
    await unfollow(kit.ctx, alice._id, bob._id);
    await kit.settle();
    expect((await kit.sent()).map((s) => s.type)).toEqual(['Undo']);
    expect(uri).toMatch(/follow-/);
  });

  test('their Follow is accepted; one who asks again with the same id gets another answer', async () => {
    const uri = `${bob.uri}/follows/1`;
    await requestFollow(kit.ctx, bob, alice, { uri });
    await kit.settle();
    const [first] = await kit.sent();
    expect(first).toMatchObject({
      type: 'Accept',
      inboxes: [bobInbox],
      activity: { actor: alice.uri, object: { id: uri, type: 'Follow', actor: bob.uri, object: alice.uri } },
    });
    await requestFollow(kit.ctx, bob, alice, { uri });
    await kit.settle();
    const [second] = await kit.sent();
    expect(second?.type).toBe('Accept');
    expect(second?.activity['id']).not.toBe(first?.activity['id']);
  });

  test('a locked account: nothing until it agrees, or refuses', async () => {
    const carla = await kit.local('carla', { locked: true });
    const uri = `${bob.uri}/follows/2`;
    await requestFollow(kit.ctx, bob, carla, { uri });
    await kit.settle();
    expect(await kit.sent()).toEqual([]);
    await acceptFollow(kit.ctx, bob._id, carla._id);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({ type: 'Accept', activity: { object: { id: uri } } });
    await rejectFollow(kit.ctx, bob._id, carla._id);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({ type: 'Reject', activity: { object: { id: uri } } });
  });

  test('what another server answers is not answered by us', async () => {
    await requestFollow(kit.ctx, alice, bob);
    await kit.settle();
    await kit.sent();
    await acceptFollow(kit.ctx, alice._id, bob._id);
    await rejectFollow(kit.ctx, alice._id, bob._id);
    await kit.settle();
    expect(await kit.sent()).toEqual([]);
  });

  test('Block ends follows both ways, and can be undone', async () => {
    await kit.follow(bob, alice);
    await kit.follow(alice, bob);
    await block(kit.ctx, alice, bob);
    await kit.settle();
    const sent = await kit.sent();
    expect(sent.map((s) => s.type).sort()).toEqual(['Block', 'Reject', 'Undo']);
    expect(sent.every((s) => s.inboxes.join() === bobInbox)).toBe(true);
    await unblock(kit.ctx, alice._id, bob._id);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Undo',
      activity: { object: { type: 'Block', object: bob.uri } },
    });
  });
});

describe('profiles', () => {
  test('Update of the actor goes to followers and followed', async () => {
    await kit.follow(bob, alice);
    const carol = await kit.remote('carol', 'other.example');
    await kit.follow(alice, carol);
    await updateProfile(kit.ctx, alice, { displayName: 'New' });
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Update',
      inboxes: ['https://other.example/inbox', bobShared],
      activity: { actor: alice.uri, object: { id: alice.uri, type: 'Person', name: 'New' }, to: [PUBLIC] },
    });
  });

  test('pins are Add and Remove; pinned again is another Add', async () => {
    await kit.follow(bob, alice);
    const post = await publishStatus(kit.ctx, alice, { text: 'Hi' });
    await kit.settle();
    await kit.sent();
    for (const expected of ['Add', 'Remove', 'Add', 'Remove']) {
      await (expected === 'Add' ? pin : unpin)(kit.ctx, alice, post._id);
      await kit.settle();
      expect((await kit.sent())[0]).toMatchObject({
        type: expected,
        inboxes: [bobShared],
        activity: { object: post.uri, target: `${alice.uri}/collections/featured` },
      });
    }
  });

  test('Delete of an account goes once to every server that is known', async () => {
    await kit.remote('b2', 'peer.example');
    await kit.remote('carol', 'other.example');
    await kit.remote('eve', 'bad.example');
    await kit.remote('gone', 'dead.example', { deletedAt: '2026-01-01T00:00:00.000Z' });
    await setDomainRule(kit.ctx, 'bad.example', { severity: 'suspend' });
    await deleteAccount(kit.ctx, alice);
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Delete',
      inboxes: ['https://other.example/inbox', bobShared],
      activity: { actor: alice.uri, object: alice.uri },
    });
  });

  test('Move follows the profile that names the new account', async () => {
    await kit.follow(bob, alice);
    const anna = await kit.remote('anna', 'new.example', { alsoKnownAs: [alice.uri] });
    await moveAccount(kit.ctx, alice, anna);
    await kit.settle();
    expect(await kit.sent()).toMatchObject([
      { type: 'Update', activity: { object: { movedTo: anna.uri } } },
      { type: 'Move', activity: { object: alice.uri, target: anna.uri }, inboxes: [bobShared] },
    ]);
  });
});

describe('polls', () => {
  const poll = { options: ['red', 'blue'], expiresInSeconds: 3600, multiple: true, hideTotals: false };

  test('each vote of ours goes to the author of the poll as a Note of its own', async () => {
    const theirs = await remoteStatus(bob, {
      poll: {
        id: '1',
        options: [
          { title: 'red', votes: 0 },
          { title: 'blue', votes: 0 },
        ],
        multiple: true,
        expiresAt: null,
        closed: false,
        votersCount: 0,
        hideTotals: false,
      },
    });
    await vote(kit.ctx, alice, theirs._id, [0, 1]);
    await kit.settle();
    expect(await kit.sent()).toMatchObject([
      {
        type: 'Create',
        inboxes: [bobInbox],
        activity: { to: [bob.uri], object: { name: 'red', inReplyTo: theirs.uri } },
      },
      { type: 'Create', inboxes: [bobInbox], activity: { object: { name: 'blue' } } },
    ]);
  });

  test('votes for ours are told in steps, to voters too, and once more at the end', async () => {
    const mine = await publishStatus(kit.ctx, alice, { text: 'Which?', poll });
    await kit.settle();
    const carol = await kit.remote('carol', 'other.example');
    await receiveVote(kit.ctx, bob, mine, { title: 'red', uri: `${bob.uri}/v1` });
    await receiveVote(kit.ctx, carol, mine, { title: 'blue', uri: `${carol.uri}/v1` });
    const voted = await kit.settle();
    expect(voted.map((e) => e.type)).toEqual(['poll.voted', 'poll.voted']);
    expect(await kit.sent()).toEqual([]);
    const planned = await kit.ctx.db.jobs.find({ kind: 'event' }).toArray();
    expect(planned.every((job) => job.dueAt > kit.clock.now().toISOString())).toBe(true);
    const tallied = await kit.settle();
    expect(tallied.map((e) => e.type)).toEqual(['poll.tallied', 'poll.tallied']);
    const updates = await kit.sent();
    expect(updates).toHaveLength(1);
    expect(updates[0]).toMatchObject({
      type: 'Update',
      inboxes: ['https://other.example/inbox', bobShared],
      activity: { object: { type: 'Question', votersCount: 2 } },
    });
    kit.clock.advance({ hours: 2 });
    await publish(kit.ctx, { type: 'poll.ended', statusId: mine._id });
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Update',
      activity: { object: { closed: expect.any(String) } },
    });
  });
});

test('a report is forwarded by the instance, and only where that was wanted', async () => {
  const theirs = await remoteStatus(bob);
  const input = {
    target: bob,
    statusIds: [theirs._id],
    comment: 'Spam',
    category: 'spam',
    ruleIds: [],
  } as const;
  await fileReport(kit.ctx, alice, { ...input, forward: false });
  await kit.settle();
  expect(await kit.sent()).toEqual([]);
  await fileReport(kit.ctx, alice, { ...input, forward: true });
  await kit.settle();
  const [flag] = await kit.sent();
  expect(flag).toMatchObject({
    type: 'Flag',
    inboxes: [bobShared],
    activity: { actor: 'https://social.example/actor', object: [bob.uri, theirs.uri], content: 'Spam' },
  });
  expect(JSON.stringify(flag)).not.toContain('alice');
});

describe('quotes', () => {
  test('we ask the author elsewhere, with the quoting post embedded', async () => {
    const theirs = await remoteStatus(bob);
    const mine = await publishStatus(kit.ctx, alice, { text: 'Look', quotedStatusId: theirs._id });
    await kit.settle();
    await kit.sent();
    await publish(kit.ctx, { type: 'quote.requested', statusId: mine._id });
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'QuoteRequest',
      inboxes: [bobInbox],
      activity: { object: theirs.uri, instrument: { id: mine.uri, quote: theirs.uri } },
    });
  });

  test('we answer those who ask, with a stamp or without, and may take it back', async () => {
    const mine = await publishStatus(kit.ctx, alice, { text: 'Quote me' });
    const closed = await publishStatus(kit.ctx, alice, { text: 'Do not', quotePolicy: 'nobody' });
    await kit.settle();
    const quoting = await remoteStatus(bob);
    const request = { uri: `${bob.uri}/q/1`, quotingUri: quoting.uri, accountId: bob._id };
    await answerQuoteRequest(kit.ctx, mine, request);
    await answerQuoteRequest(kit.ctx, closed, { ...request, uri: `${bob.uri}/q/2` });
    await kit.settle();
    const [accept, reject] = await kit.sent();
    expect(accept).toMatchObject({
      type: 'Accept',
      inboxes: [bobInbox],
      activity: {
        object: { type: 'QuoteRequest', id: request.uri, object: mine.uri, instrument: quoting.uri },
        result: expect.stringContaining('/quote_authorizations/'),
      },
    });
    expect(reject).toMatchObject({ type: 'Reject', activity: { object: { id: `${bob.uri}/q/2` } } });
    const approvalUri = String(accept?.activity['result']);
    const quote = {
      state: 'accepted',
      statusId: mine._id,
      uri: mine.uri,
      requestUri: null,
      approvalUri,
    } as const;
    await kit.ctx.db.statuses.updateOne({ _id: quoting._id }, { $set: { quote } });
    await revokeQuote(kit.ctx, alice, { statusId: mine._id, quotingId: quoting._id });
    await kit.settle();
    expect((await kit.sent())[0]).toMatchObject({
      type: 'Delete',
      inboxes: [bobShared],
      activity: { id: `${approvalUri}#delete`, object: { type: 'QuoteAuthorization', id: approvalUri } },
    });
  });
});

test('events about documents that are not there do nothing', async () => {
  const events: DomainEvent[] = [
    { type: 'status.published', statusId: '1', quiet: false },
    { type: 'status.edited', statusId: '1', editId: '2' },
    { type: 'status.pinned', statusId: '1', accountId: alice._id },
    { type: 'favourite.added', accountId: alice._id, statusId: '1', uri: 'https://social.example/x' },
    { type: 'favourite.removed', accountId: alice._id, statusId: '1', uri: 'https://social.example/x' },
    { type: 'follow.requested', accountId: alice._id, targetId: bob._id, uri: 'https://social.example/f' },
    {
      type: 'follow.accepted',
      accountId: bob._id,
      targetId: alice._id,
      uri: 'https://peer.example/f',
      wasPending: true,
    },
    { type: 'block.added', accountId: alice._id, targetId: bob._id, uri: 'https://social.example/b' },
    { type: 'account.deleted', accountId: alice._id },
    { type: 'account.moved', accountId: alice._id, targetId: bob._id },
    { type: 'poll.voted', accountId: alice._id, statusId: '1', voteIds: ['1'] },
    { type: 'poll.ended', statusId: '1' },
    { type: 'report.filed', reportId: '1' },
    { type: 'quote.requested', statusId: '1' },
    { type: 'quote.answered', statusId: '1', requestUri: 'https://peer.example/q', decision: 'accepted' },
    { type: 'quote.revoked', statusId: '1', approvalUri: 'https://social.example/s' },
  ];
  for (const event of events) await federate(kit.ctx, event);
  expect(await kit.sent()).toEqual([]);
});

test('thousands of followers are read in pages and cost one delivery for each server', async () => {
  const people: Account[] = [];
  for (let i = 0; i < 2500; i += 1) {
    const host = `s${i % 50}.example`;
    const uri = `https://${host}/u/${i}`;
    people.push({
      ...bob,
      _id: kit.ctx.ids.next(),
      username: `u${i}`,
      acctKey: `u${i}@${host}`,
      domain: host,
      uri,
      remote: { ...bob.remote!, inbox: `${uri}/inbox`, sharedInbox: `https://${host}/inbox` },
    });
  }
  await kit.ctx.db.accounts.insertMany(people);
  await kit.ctx.db.follows.insertMany(
    people.map((p) => ({
      _id: kit.ctx.ids.next(),
      accountId: p._id,
      targetId: alice._id,
      state: 'accepted' as const,
      uri: `${p.uri}/f`,
      reblogs: true,
      notify: false,
      languages: null,
      createdAt: '2026-01-01T00:00:00.000Z',
    })),
  );
  await publishStatus(kit.ctx, alice, { text: 'Hello all' });
  await kit.settle();
  expect(await kit.ctx.db.deliveries.countDocuments({})).toBe(50);
});
