import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import { createClient, type Client } from '../support/client.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';

/** Activities that name their object instead of carrying it: what counts is what the origin says. */

interface Status {
  id: string;
  uri: string;
  content: string;
  favourites_count: number;
  quote: { state: string } | null;
}

const Public = 'https://www.w3.org/ns/activitystreams#Public';

let instance: Instance;
let peer: Peer;
/** A server that passes on what it hears of others. */
let relay: Peer;
let alice: TestUser;
let client: Client;
let bob: PeerActor;
let passer: PeerActor;
let n = 0;

beforeAll(async () => {
  instance = await startInstance();
  peer = await startPeer();
  relay = await startPeer();
  alice = await instance.createUser('alice');
  client = createClient(instance.url, alice.token);
  bob = peer.actor('bob');
  passer = relay.actor('passer');
  await follow(bob, peer);
  await follow(passer, relay);
});
afterAll(async () => {
  await instance?.close();
  await peer?.close();
  await relay?.close();
});

async function follow(actor: PeerActor, home: Peer): Promise<void> {
  const path = `/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(actor.uri)}`;
  const [found] = (await client.get<{ accounts: { id: string }[] }>(path)).accounts;
  await client.post(`/api/v1/accounts/${found?.id}/follow`);
  const asked = await home.next((d) => d.activity.type === 'Follow' && d.activity['object'] === actor.uri);
  await tell({ type: 'Accept', object: asked.activity }, actor, home);
}

async function tell(activity: JsonObject, by = bob, home = peer): Promise<void> {
  const sent = { id: `${home.origin}/activities/${(n += 1)}`, actor: by.uri, ...activity };
  expect(await home.send(`${instance.url}/inbox`, sent, by)).toBe(202);
  await instance.idle();
}

/** A note that bob's server serves under its id. */
function serve(extra: JsonObject = {}): JsonObject & { id: string } {
  const id = `${peer.origin}/notes/${(n += 1)}`;
  const served = {
    id,
    type: 'Note',
    attributedTo: bob.uri,
    content: `<p>Note ${n}</p>`,
    published: new Date().toISOString(),
    to: [Public],
    cc: [bob.followers],
    ...extra,
  };
  peer.serve(served);
  return served;
}

const home = (): Promise<Status[]> => client.get<Status[]>('/api/v1/timelines/home?limit=40');
const lastReason = async (): Promise<string> => {
  const [last] = await instance.ctx.db.received.find({}).sort({ _id: -1 }).limit(1).toArray();
  return `${last?.outcome}: ${last?.reason}`;
};

describe('Create by reference', () => {
  test('of the sender’s own is as good as sent: it stands in the home timeline and notifies', async () => {
    const object = serve({ tag: [{ type: 'Mention', href: alice.account.uri }] });
    await tell({ type: 'Create', object: object.id });
    expect((await home()).map((s) => s.uri)).toContain(object.id);
    const [told] = await client.get<{ type: string; status: Status }[]>('/api/v1/notifications');
    expect(told).toMatchObject({ type: 'mention', status: { uri: object.id } });
  });

  test('of what is no post says why, and is not tried again', async () => {
    const place = serve({ type: 'Place', name: 'Nowhere' });
    await tell({ type: 'Create', object: place.id });
    expect(await lastReason()).toBe('ignored: create: unsupported-type');
    const foreign = serve({ attributedTo: passer.uri });
    await tell({ type: 'Create', object: foreign.id });
    expect(await lastReason()).toBe('ignored: create: author of another host');
  });

  test('of what is not there yet is tried again', async () => {
    await tell({ type: 'Create', object: `${peer.origin}/notes/late` });
    expect(await lastReason()).toBe('null: create: not to be had (status 404)');
  });
});

describe('Update and Delete', () => {
  let object: JsonObject & { id: string };
  const stored = () => instance.ctx.db.statuses.findOne({ uri: object.id });
  const edited = (): string => new Date(Date.now() - 1000).toISOString();

  beforeEach(async () => {
    object = serve();
    await tell({ type: 'Create', object, to: [Public] });
    expect(await stored()).not.toBeNull();
  });

  test('an Update by reference brings what the origin serves now', async () => {
    peer.serve({ ...object, content: '<p>Edited</p>', updated: edited() });
    await tell({ type: 'Update', object: object.id });
    expect(await lastReason()).toBe('processed: update: edited at its origin');
    expect(await stored()).toMatchObject({ content: '<p>Edited</p>' });
  });

  test('an Update that somebody passed on counts by what the origin says, not by what it carries', async () => {
    peer.serve({ ...object, content: '<p>Truth</p>', updated: edited() });
    const update = {
      type: 'Update',
      id: `${peer.origin}/updates/${n}`,
      actor: bob.uri,
      object: { ...object, content: '<p>Lie</p>', updated: new Date().toISOString() },
    };
    await tell(update, passer, relay);
    expect(await lastReason()).toBe('processed: forwarded: edited at its origin');
    expect(await stored()).toMatchObject({ content: '<p>Truth</p>' });
  });

  test('a Delete that somebody passed on counts when the origin says gone, by status or by Tombstone', async () => {
    const remove = (): JsonObject => ({
      type: 'Delete',
      id: `${peer.origin}/deletes/${(n += 1)}`,
      actor: bob.uri,
      object: object.id,
    });
    await tell(remove(), passer, relay);
    expect(await stored()).not.toBeNull();
    peer.serve({ id: object.id, type: 'Tombstone' });
    await tell(remove(), passer, relay);
    expect(await lastReason()).toBe('processed: forwarded: gone at its origin');
    expect(await stored()).toBeNull();
    object = serve();
    await tell({ type: 'Create', object, to: [Public] });
    peer.fail(new URL(object.id).pathname, 410);
    await tell(remove(), passer, relay);
    expect(await stored()).toBeNull();
  });
});

test('a Like of the Create that a status was born with counts for the status', async () => {
  const own = await client.post<Status>('/api/v1/statuses', { status: 'Born with an activity' });
  await tell({ type: 'Like', object: `${own.uri}/activity` });
  expect((await client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(1);
});

test('a signature that names the actor where its key belongs is verified by the actor’s only key', async () => {
  const carol = peer.actor('carol');
  await tell({ type: 'Follow', object: alice.account.uri }, { ...carol, keyId: carol.uri });
  expect(await lastReason()).toBe('processed: follow: accepted');
  const stranger = peer.actor('stranger');
  const forged = { type: 'Follow', id: `${peer.origin}/f`, actor: carol.uri, object: alice.account.uri };
  const inbox = `${instance.url}/inbox`;
  expect(await peer.send(inbox, forged, { ...stranger, keyId: carol.uri })).toBe(401);
});

test('the quote of a status that came by an Announce is looked at as well', async () => {
  const quoted = serve();
  const quoting = serve({ quote: quoted.id });
  await tell({ type: 'Announce', object: quoting.id, to: [Public] });
  const status = await instance.ctx.db.statuses.findOne({ uri: quoting.id });
  expect(status?.quote).toMatchObject({ uri: quoted.id, state: 'accepted' });
  expect(status?.quote?.statusId).not.toBeNull();
});

test('the consent to a quote that comes with an Update is looked at, and is no edit', async () => {
  const quoted = { ...serve(), id: `${relay.origin}/notes/${(n += 1)}`, attributedTo: passer.uri };
  relay.serve(quoted);
  const quoting = serve({ quote: quoted.id });
  await tell({ type: 'Create', object: quoting, to: [Public] });
  const stored = () => instance.ctx.db.statuses.findOne({ uri: quoting.id });
  expect((await stored())?.quote?.state).not.toBe('accepted');
  const quoteAuthorization = `${relay.origin}/stamps/${n}`;
  relay.serve({
    id: quoteAuthorization,
    type: 'QuoteAuthorization',
    attributedTo: passer.uri,
    interactingObject: quoting.id,
    interactionTarget: quoted.id,
  });
  await tell({ type: 'Update', object: { ...quoting, quoteAuthorization } });
  expect(await stored()).toMatchObject({ quote: { state: 'accepted' }, editedAt: null });
});
