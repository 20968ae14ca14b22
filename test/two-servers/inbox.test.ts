import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../support/client.js';
import { instanceEngines } from '../support/engines.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';
import type { JsonObject } from '../../federation/ports.js';

interface Status {
  id: string;
  uri: string;
  content: string;
  visibility: string;
  spoiler_text: string;
  favourites_count: number;
  reblogs_count: number;
  edited_at: string | null;
  reblog: Status | null;
  poll: { options: { title: string; votes_count: number }[] } | null;
  in_reply_to_id: string | null;
  media_attachments: { description: string | null; type: string }[];
}
interface Notification {
  type: string;
  account: { acct: string };
  status?: Status;
}

const Public = 'https://www.w3.org/ns/activitystreams#Public';

let databaseUrl: string;
let instance: Instance;
let peer: Peer;
let alice: TestUser;
let client: Client;
let bob: PeerActor;
let inbox: string;
let n = 0;

const say = (activity: JsonObject, by = bob): Promise<number> =>
  peer.send(inbox, { id: `${peer.origin}/activities/${(n += 1)}`, actor: by.uri, ...activity }, by);
async function tell(activity: JsonObject, by = bob): Promise<void> {
  expect(await say(activity, by)).toBe(202);
  await instance.idle();
}
function note(extra: JsonObject = {}): JsonObject & { id: string } {
  const id = `${peer.origin}/notes/${(n += 1)}`;
  return {
    id,
    type: 'Note',
    attributedTo: bob.uri,
    content: `<p>Note ${n}</p>`,
    published: new Date().toISOString(),
    to: [Public],
    cc: [bob.followers],
    ...extra,
  };
}
const create = (object: JsonObject): JsonObject => ({
  type: 'Create',
  object,
  to: object['to'] ?? [Public],
  cc: object['cc'] ?? [],
});
const home = (): Promise<Status[]> => client.get<Status[]>('/api/v1/timelines/home?limit=40');
const inHome = async (uri: string): Promise<Status | undefined> => (await home()).find((s) => s.uri === uri);
const lastOutcome = async (): Promise<{ outcome: string; reason: string | null }> => {
  const [last] = await instance.ctx.db.received.find({}).sort({ _id: -1 }).limit(1).toArray();
  return { outcome: last?.outcome ?? 'none', reason: last?.reason ?? null };
};

describe.each(instanceEngines)('over $name', (engine) => {
  beforeAll(async () => {
    databaseUrl = engine.url();
    instance = await startInstance({ databaseUrl });
    peer = await startPeer();
    alice = await instance.createUser('alice');
    client = createClient(instance.url, alice.token);
    bob = peer.actor('bob');
    inbox = `${instance.url}/inbox`;
    const [found] = (
      await client.get<{ accounts: { id: string }[] }>(
        `/api/v2/search?resolve=true&type=accounts&q=@bob@${peer.host}`,
      )
    ).accounts;
    await client.post(`/api/v1/accounts/${found?.id}/follow`);
    const follow = await peer.next((d) => d.activity.type === 'Follow');
    await tell({ type: 'Accept', object: follow.activity });
  });
  afterAll(async () => {
    await instance?.close();
    await engine.drop(databaseUrl);
    await peer?.close();
  });

  describe('what was interrupted', () => {
    test.each(['Create', 'Announce'])('a %s that had stored its status still owes the rest', async (type) => {
      const object = note({ content: `<p>Interrupted ${type}, @alice</p>` });
      peer.serve(object);
      const mention = { type: 'Mention', href: alice.account.uri, name: '@alice' };
      const activity: JsonObject =
        type === 'Create'
          ? { ...create({ ...object, tag: [mention] }), id: `${object.id}/activity`, actor: bob.uri }
          : { type, id: `${object.id}/announce`, actor: bob.uri, object: object.id, to: [Public] };
      await tell(activity);
      const uri = type === 'Create' ? object.id : `${object.id}/announce`;
      const { db, jobs } = instance.ctx;
      const status = await db.statuses.findOne({ uri });
      const bobs = { _id: status?.accountId ?? '' };
      const counted = (await db.accounts.findOne(bobs))?.statusesCount;
      // As a crash leaves it: the status stored, nothing of what follows from it, the activity begun and not over.
      await db.homeEntries.deleteMany({ statusId: status?._id ?? '' });
      await db.accounts.updateOne(bobs, { $inc: { statusesCount: -1 } });
      const begun = { state: 'ready', attempts: 1, outcome: null, body: JSON.stringify(activity) };
      const [last] = await db.received.find({}).sort({ _id: -1 }).limit(1).toArray();
      await db.received.updateOne({ _id: last?._id ?? '' }, { $set: begun });
      jobs.nudge('received');
      await instance.idle();
      expect(await db.homeEntries.countDocuments({ statusId: status?._id ?? '' })).toBe(1);
      expect((await db.accounts.findOne(bobs))?.statusesCount).toBe(counted);
      expect(await db.notifications.countDocuments({ statusId: status?._id ?? '' })).toBe(
        type === 'Create' ? 1 : 0,
      );
    });
  });

  describe('follows', () => {
    test('our follow was signed, sent to the actor’s inbox, and is accepted', async () => {
      const follow = await peer.next((d) => d.activity.type === 'Follow');
      expect(follow.headers['signature']).toContain('main-key');
      expect(follow.headers['digest']).toMatch(/^SHA-256=/);
      const [relation] = await client.get<{ following: boolean }[]>(
        `/api/v1/accounts/relationships?id[]=${await followedId()}`,
      );
      expect(relation?.following).toBe(true);
    });

    test('a follow from elsewhere is accepted and told; its undo removes it', async () => {
      const carol = peer.actor('carol');
      const follow = { id: `${peer.origin}/follows/1`, type: 'Follow', object: alice.account.uri };
      await tell(follow, carol);
      const accept = await peer.next(
        (d) => d.activity.type === 'Accept' && d.path.startsWith('/users/carol'),
      );
      expect(accept.activity['object']).toMatchObject({
        type: 'Follow',
        actor: carol.uri,
        object: alice.account.uri,
      });
      const told = await client.get<Notification[]>('/api/v1/notifications?types[]=follow');
      expect(told.map((t) => t.account.acct)).toContain(`carol@${peer.host}`);
      await tell({ type: 'Undo', object: { ...follow, actor: carol.uri } }, carol);
      expect(await instance.ctx.db.follows.findOne({ uri: follow.id })).toBeNull();
      // Misskey uses one id for each pair of accounts: following again is no replay.
      const again = { ...follow, actor: carol.uri };
      expect(await peer.send(inbox, again, carol, { now: new Date(Date.now() + 2000) })).toBe(202);
      await instance.idle();
      expect((await instance.ctx.db.follows.findOne({ uri: follow.id }))?.state).toBe('accepted');
    });

    test('a locked account’s follower waits until it is authorized', async () => {
      const locked = await instance.createUser('locked', { locked: true });
      const dave = peer.actor('dave');
      await tell({ type: 'Follow', object: locked.account.uri }, dave);
      const lockedClient = createClient(instance.url, locked.token);
      const [request] = await lockedClient.get<{ id: string }[]>('/api/v1/follow_requests');
      await lockedClient.post(`/api/v1/follow_requests/${request?.id}/authorize`);
      const accept = await peer.next((d) => d.activity.type === 'Accept' && d.path.startsWith('/users/dave'));
      expect(accept.activity['actor']).toBe(locked.account.uri);
    });
  });

  async function followedId(): Promise<string | undefined> {
    return (await instance.ctx.db.accounts.findOne({ uri: bob.uri }))?._id;
  }

  describe('posts', () => {
    test('a Create appears in the home timeline, once, however often it is sent', async () => {
      const object = note({
        summary: 'careful',
        sensitive: true,
        attachment: [
          { type: 'Document', mediaType: 'image/png', url: `${peer.origin}/a.png`, name: 'A picture' },
        ],
      });
      await tell(create(object));
      await tell(create(object));
      const seen = (await home()).filter((s) => s.uri === object.id);
      expect(seen).toHaveLength(1);
      expect(seen[0]).toMatchObject({ spoiler_text: 'careful', visibility: 'public' });
      expect(seen[0]?.media_attachments).toMatchObject([{ type: 'image', description: 'A picture' }]);
    });

    test('an edit changes it and keeps its history; an older one does not', async () => {
      const object = note();
      await tell(create(object));
      const later = new Date(Date.now() - 1000).toISOString();
      await tell({ type: 'Update', object: { ...object, content: '<p>Edited</p>', updated: later } });
      await tell({
        type: 'Update',
        object: { ...object, content: '<p>Outdated</p>', updated: '2020-01-01T00:00:00Z' },
      });
      const status = await inHome(object.id);
      expect(status).toMatchObject({ content: '<p>Edited</p>' });
      expect(status?.edited_at).not.toBeNull();
      expect(await client.get<unknown[]>(`/api/v1/statuses/${status?.id}/history`)).toHaveLength(2);
    });

    test('a Delete removes it; the late Create of a deleted one is refused', async () => {
      const object = note();
      await tell(create(object));
      const status = await inHome(object.id);
      await tell({ type: 'Delete', object: { id: object.id, type: 'Tombstone' } });
      expect(await client.statusOf(`/api/v1/statuses/${status?.id}`)).toBe(404);
      await tell(create(object));
      expect(await inHome(object.id)).toBeUndefined();
      const never = note();
      await tell({ type: 'Delete', object: never.id });
      await tell(create(never));
      expect(await inHome(never.id)).toBeUndefined();
    });

    test('a post nobody asked for is not stored', async () => {
      const stranger = peer.actor('stranger');
      await tell(create(note({ attributedTo: stranger.uri, cc: [stranger.followers] })), stranger);
      expect(await lastOutcome()).toEqual({ outcome: 'ignored', reason: 'create: nobody here asked for it' });
    });

    test('a mention from a stranger is stored and told', async () => {
      const stranger = peer.actor('greeter');
      const mention = { attributedTo: stranger.uri, tag: [{ type: 'Mention', href: alice.account.uri }] };
      const open = note({ ...mention, cc: [alice.account.uri] });
      await tell(create(open), stranger);
      const told = await client.get<Notification[]>('/api/v1/notifications?types[]=mention');
      expect(told[0]).toMatchObject({ account: { acct: `greeter@${peer.host}` }, status: { uri: open.id } });
      const secret = note({ ...mention, to: [alice.account.uri], cc: [] });
      await tell(create(secret), stranger);
      expect(await instance.ctx.db.statuses.findOne({ uri: secret.id })).toMatchObject({
        visibility: 'direct',
      });
    });

    test('the ancestors of a reply are fetched, and the thread is whole', async () => {
      const root = note();
      const middle = note({ inReplyTo: root.id });
      peer.serve(root);
      peer.serve(middle);
      const leaf = note({ inReplyTo: middle.id });
      await tell(create(leaf));
      const status = await instance.ctx.db.statuses.findOne({ uri: leaf.id });
      const context = await client.get<{ ancestors: Status[] }>(`/api/v1/statuses/${status?._id}/context`);
      expect(context.ancestors.map((s) => s.uri)).toEqual([root.id, middle.id]);
    });

    test('a poll is shown with its tallies; new tallies are no edit; votes for ours are counted once', async () => {
      const option = (name: string, votes: number): JsonObject => ({
        type: 'Note',
        name,
        replies: { type: 'Collection', totalItems: votes },
      });
      const question = note({
        type: 'Question',
        endTime: new Date(Date.now() + 86_400_000).toISOString(),
        oneOf: [option('Yes', 1), option('No', 0)],
      });
      await tell(create(question));
      await tell({ type: 'Update', object: { ...question, oneOf: [option('Yes', 5), option('No', 2)] } });
      const status = await inHome(question.id);
      expect(status?.poll?.options.map((o) => o.votes_count)).toEqual([5, 2]);
      expect(status?.edited_at).toBeNull();
      const own = await client.post<Status>('/api/v1/statuses', {
        status: 'Which?',
        poll: { options: ['A', 'B'], expires_in: 3600 },
      });
      const vote = {
        type: 'Note',
        id: `${peer.origin}/votes/1`,
        name: 'B',
        attributedTo: bob.uri,
        inReplyTo: own.uri,
        to: [alice.account.uri],
      };
      await tell({ type: 'Create', object: vote });
      await tell({ type: 'Create', object: { ...vote, id: `${peer.origin}/votes/2`, name: 'A' } });
      const counted = await client.get<Status>(`/api/v1/statuses/${own.id}`);
      expect(counted.poll?.options.map((o) => o.votes_count)).toEqual([0, 1]);
    });
  });

  describe('reactions', () => {
    test('Like, EmojiReact and their undo', async () => {
      const own = await client.post<Status>('/api/v1/statuses', { status: 'Like me' });
      const likeId = `${peer.origin}/likes/1`;
      await tell({ id: likeId, type: 'Like', object: own.uri });
      await tell({ type: 'EmojiReact', object: own.uri, content: '🎉' });
      expect((await client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(1);
      await tell({ type: 'Undo', object: likeId });
      expect((await client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(0);
    });

    test('an Undo that comes before its Like holds', async () => {
      const own = await client.post<Status>('/api/v1/statuses', { status: 'Late like' });
      const id = `${peer.origin}/likes/late`;
      await tell({ type: 'Undo', object: { id, type: 'Like', actor: bob.uri, object: own.uri } });
      await tell({ id, type: 'Like', object: own.uri });
      expect((await client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(0);
    });

    test('an Announce of somebody else’s post fetches it from its origin', async () => {
      const erin = peer.actor('erin');
      const object = note({ attributedTo: erin.uri });
      peer.serve(object);
      const id = `${peer.origin}/announces/1`;
      await tell({
        id,
        type: 'Announce',
        object: object.id,
        to: [Public],
        cc: [bob.followers],
        published: new Date().toISOString(),
      });
      expect((await inHome(id))?.reblog?.uri).toBe(object.id);
      await tell({ type: 'Undo', object: { id, type: 'Announce', actor: bob.uri, object: object.id } });
      expect(await inHome(id)).toBeUndefined();
    });
  });

  describe('people', () => {
    test('an Update of the actor changes the profile', async () => {
      await tell({ type: 'Update', object: { ...bob.document, name: 'Robert' } });
      const account = await client.get<{ display_name: string }>(`/api/v1/accounts/${await followedId()}`);
      expect(account.display_name).toBe('Robert');
    });

    test('pins follow Add and Remove to the own featured collection only', async () => {
      const object = note();
      await tell(create(object));
      peer.serve(object);
      await tell({ type: 'Add', object: object.id, target: `${peer.origin}/users/somebody/featured` });
      expect(await lastOutcome()).toMatchObject({ outcome: 'ignored' });
      await tell({ type: 'Add', object: object.id, target: `${bob.uri}/featured` });
      const pinned = await client.get<Status[]>(
        `/api/v1/accounts/${await followedId()}/statuses?pinned=true`,
      );
      expect(pinned.map((s) => s.uri)).toEqual([object.id]);
      await tell({ type: 'Remove', object: object.id, target: `${bob.uri}/featured` });
      expect(
        await client.get<Status[]>(`/api/v1/accounts/${await followedId()}/statuses?pinned=true`),
      ).toEqual([]);
    });

    test('a Flag becomes a report, once', async () => {
      const own = await client.post<Status>('/api/v1/statuses', { status: 'Report me' });
      const flag = {
        id: `${peer.origin}/flags/1`,
        type: 'Flag',
        object: [alice.account.uri, own.uri],
        content: 'spam',
      };
      await tell(flag);
      await tell(flag);
      const reports = await instance.ctx.db.reports.find({ targetId: alice.account._id }).toArray();
      expect(reports).toMatchObject([{ comment: 'spam', statusIds: [own.id], remote: true }]);
    });

    test('a Move counts when the new account names the old one; our followers go along', async () => {
      const old = peer.actor('old');
      const [found] = (
        await client.get<{ accounts: { id: string }[] }>(
          `/api/v2/search?resolve=true&type=accounts&q=@old@${peer.host}`,
        )
      ).accounts;
      await client.post(`/api/v1/accounts/${found?.id}/follow`);
      const follow = await peer.next((d) => d.activity.type === 'Follow' && d.activity['object'] === old.uri);
      await tell({ type: 'Accept', object: follow.activity }, old);
      const thief = peer.actor('thief');
      await tell({ type: 'Move', object: old.uri, target: thief.uri }, old);
      expect(await lastOutcome()).toMatchObject({ outcome: 'ignored' });
      const fresh = peer.actor('fresh', { alsoKnownAs: [old.uri] });
      await tell({ type: 'Move', object: old.uri, target: fresh.uri }, old);
      await peer.next((d) => d.activity.type === 'Follow' && d.activity['object'] === fresh.uri);
    });

    test('a Block ends the follow and hides the blocked one', async () => {
      const frank = peer.actor('frank');
      const [found] = (
        await client.get<{ accounts: { id: string }[] }>(
          `/api/v2/search?resolve=true&type=accounts&q=@frank@${peer.host}`,
        )
      ).accounts;
      await client.post(`/api/v1/accounts/${found?.id}/follow`);
      await instance.idle();
      await tell({ type: 'Block', object: alice.account.uri }, frank);
      const [relation] = await client.get<{ following: boolean; requested: boolean; blocked_by: boolean }[]>(
        `/api/v1/accounts/relationships?id[]=${found?.id}`,
      );
      expect(relation).toMatchObject({ following: false, requested: false, blocked_by: true });
    });

    test('a Delete of the actor removes what it left; one of an unknown actor is dropped', async () => {
      const gone = peer.actor('gone');
      const object = note({
        attributedTo: gone.uri,
        to: [Public, alice.account.uri],
        tag: [{ type: 'Mention', href: alice.account.uri }],
      });
      await tell(create(object), gone);
      expect(await instance.ctx.db.statuses.findOne({ uri: object.id })).not.toBeNull();
      await tell({ type: 'Delete', object: gone.uri }, gone);
      expect(await instance.ctx.db.statuses.findOne({ uri: object.id })).toBeNull();
      const unknown = peer.actor('unknown');
      peer.fail('/users/unknown', 410);
      expect(await say({ type: 'Delete', object: unknown.uri }, unknown)).toBe(202);
      await instance.idle();
      expect(await instance.ctx.db.accounts.findOne({ uri: unknown.uri })).toBeNull();
    });
  });

  describe('what is not believed', () => {
    test('a body changed after signing, an old date, a key of somebody else', async () => {
      const object = note();
      const before = await instance.ctx.db.received.countDocuments({});
      const mallory = peer.actor('mallory');
      expect(
        await peer.send(inbox, { id: `${peer.origin}/x/1`, actor: bob.uri, ...create(object) }, bob, {
          now: new Date(Date.now() - 3 * 86_400_000),
        }),
      ).toBe(401);
      expect(
        await peer.send(
          inbox,
          { id: `${peer.origin}/x/2`, actor: bob.uri, ...create(object) },
          { ...bob, privateKey: mallory.privateKey },
        ),
      ).toBe(401);
      expect(await instance.ctx.db.received.countDocuments({})).toBe(before);
    });

    test('an activity of another actor than the signer is only a pointer to what its origin says', async () => {
      const mallory = peer.actor('mallory2');
      const object = note({ content: '<p>forged</p>' });
      await peer.send(inbox, { id: `${peer.origin}/x/3`, actor: bob.uri, ...create(object) }, mallory);
      await instance.idle();
      expect(await inHome(object.id)).toBeUndefined();
    });

    test('an object of another host is fetched from there, never taken from the sender', async () => {
      const other = await startPeer();
      const victim = other.actor('victim');
      const object = note({
        id: `${other.origin}/notes/forged`,
        attributedTo: victim.uri,
        content: '<p>forged</p>',
      });
      await tell(create(object));
      expect(await instance.ctx.db.statuses.findOne({ uri: object.id })).toBeNull();
      expect(other.fetched).toContain('/notes/forged');
      await other.close();
    });

    test('nobody deletes or edits what is somebody else’s, on the same host either', async () => {
      const object = note();
      await tell(create(object));
      const neighbour = peer.actor('neighbour');
      await tell({ type: 'Delete', object: object.id }, neighbour);
      await tell({ type: 'Update', object: { ...object, content: '<p>mine</p>' } }, neighbour);
      expect((await inHome(object.id))?.content).toBe(object['content']);
    });
  });
});
