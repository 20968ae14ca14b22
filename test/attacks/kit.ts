import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import {
  rawTo,
  signedLines,
  type Answer,
  type Lines,
  type RawRequest,
  type SignOptions,
} from '../../attack/wire.js';
import { createClient, type Client } from '../support/client.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type InstanceOverrides, type TestUser } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';

export const Public = 'https://www.w3.org/ns/activitystreams#Public';

export interface Status {
  id: string;
  uri: string;
  url: string;
  content: string;
  visibility: string;
  replies_count: number;
  reblogs_count: number;
  favourites_count: number;
  poll: { id: string; votes_count: number; options: { title: string; votes_count: number }[] } | null;
  account: { acct: string };
  mentions: { acct: string }[];
}

/** A person of ours with a client. */
export interface Person extends TestUser {
  client: Client;
}

/**
 * The stage of most rows: our server with bob (open), carol (locked) and dave; an honest peer with alice and trent; a
 * hostile one with mallory. bob and alice follow each other. All of them are known to us before a row begins.
 */
export interface Scene {
  us: Instance;
  bob: Person;
  carol: Person;
  dave: Person;
  peer: Peer;
  alice: PeerActor;
  trent: PeerActor;
  evil: Peer;
  mallory: PeerActor;
  close(): Promise<void>;
}

/** Its clock stands: however long the tests take, nothing gets old enough to be looked at again. */
export async function startScene(overrides: InstanceOverrides = {}): Promise<Scene> {
  const us = await startInstance({ clock: createTestClock(), ...overrides });
  const person = async (name: string): Promise<Person> => {
    const user = await us.createUser(name);
    return { ...user, client: createClient(us.url, user.token) };
  };
  const [bob, carol, dave] = [await person('bob'), await person('carol'), await person('dave')];
  await us.ctx.db.accounts.updateOne({ _id: carol.account._id }, { $set: { locked: true } });
  const [peer, evil] = [await startPeer(), await startPeer()];
  const [alice, trent, mallory] = [peer.actor('alice'), peer.actor('trent'), evil.actor('mallory')];
  const scene: Scene = {
    us,
    bob,
    carol,
    dave,
    peer,
    alice,
    trent,
    evil,
    mallory,
    close: async () => {
      await us.close();
      await Promise.all([peer.close(), evil.close()]);
    },
  };
  for (const actor of [alice, trent, mallory]) await findRemote(scene, actor);
  await befriend(scene, bob, alice);
  await deliver(scene, { type: 'Follow', object: bob.account.uri }, { by: alice });
  return scene;
}

/** Our account document of a remote actor, looked up by its URL. */
export async function findRemote({ bob }: Pick<Scene, 'bob'>, { uri }: { uri: string }): Promise<string> {
  const path = `/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(uri)}`;
  const { accounts } = await bob.client.get<{ accounts: { id: string }[] }>(path);
  return accounts[0]?.id ?? '';
}

/** A person of ours follows a remote actor, who accepts. */
export async function befriend(scene: Scene, who: Person, whom: PeerActor): Promise<void> {
  const targetId = await findRemote(scene, whom);
  await who.client.post(`/api/v1/accounts/${targetId}/follow`);
  await scene.us.idle();
  const follow = await scene.us.ctx.db.follows.findOne({ accountId: who.account._id, targetId });
  const object = { id: follow?.uri ?? '', type: 'Follow', actor: who.account.uri, object: whom.uri };
  await deliver(scene, { type: 'Accept', object }, { by: whom });
}

export const peerOf = (scene: Scene, by: PeerActor): Peer =>
  by.uri.startsWith(scene.evil.origin) ? scene.evil : scene.peer;

let serial = 0;
export const nextId = (): number => (serial += 1);

/** An activity with an id on its actor's host. */
export function activityOf(by: PeerActor, extra: JsonObject): JsonObject {
  return { id: `${new URL(by.uri).origin}/activities/${nextId()}`, actor: by.uri, ...extra };
}

export function noteOf(by: PeerActor, extra: JsonObject = {}): JsonObject & { id: string } {
  const n = nextId();
  return {
    id: `${new URL(by.uri).origin}/notes/${n}`,
    type: 'Note',
    attributedTo: by.uri,
    content: `<p>Note ${n}</p>`,
    published: new Date().toISOString(),
    to: [Public],
    cc: [by.followers],
    ...extra,
  };
}

export const createOf = (object: JsonObject): JsonObject => ({
  type: 'Create',
  object,
  to: object['to'] ?? [],
  cc: object['cc'] ?? [],
});

export interface DeliverOptions {
  by: PeerActor;
  /** Path of the inbox. */
  inbox?: string;
}

/** Sends a valid POST and lets everything that follows happen. @returns the status of the answer */
export async function deliver(
  scene: Scene,
  activity: JsonObject,
  { by, inbox = '/inbox' }: DeliverOptions,
): Promise<number> {
  const status = await peerOf(scene, by).send(`${scene.us.url}${inbox}`, activityOf(by, activity), by);
  await scene.us.idle();
  return status;
}

/** As `deliver`, through the shared inbox and then, as an activity of its own, through bob's. */
export async function deliverBoth(scene: Scene, activity: JsonObject, by: PeerActor): Promise<number[]> {
  const statuses: number[] = [];
  for (const inbox of ['/inbox', '/users/bob/inbox'])
    statuses.push(await deliver(scene, activity, { by, inbox }));
  return statuses;
}

/** What became of the last activity that was taken. */
export async function lastOutcome({ us }: Scene): Promise<{ outcome: string; reason: string | null }> {
  const [last] = await us.ctx.db.received.find({}).sort({ _id: -1 }).limit(1).toArray();
  return { outcome: last?.outcome ?? 'none', reason: last?.reason ?? null };
}

/** Everything that an attack must not change, as text. Fetch times and the like are left out. */
export async function content({ us }: Pick<Scene, 'us'>): Promise<string> {
  const { db } = us.ctx;
  const accounts = await db.accounts.find({}).sort({ _id: 1 }).toArray();
  const lists = await Promise.all(
    [
      db.statuses,
      db.statusEdits,
      db.follows,
      db.blocks,
      db.favourites,
      db.notifications,
      db.media,
      db.pollVotes,
      db.quoteApprovals,
      db.reports,
      db.homeEntries,
      db.users,
      db.keyPairs,
    ].map(async (collection) => collection.find({}).sort({ _id: 1 }).toArray()),
  );
  const people = accounts.map(({ remote, ...account }) => ({
    ...account,
    remote: { ...remote, fetchedAt: '' },
  }));
  const keys = (await db.remoteKeys.find({}).sort({ keyId: 1 }).toArray()).map((k) => [
    k.keyId,
    k.owner,
    k.publicPem,
  ]);
  return JSON.stringify([people, keys, lists], null, 1);
}

/** Work that was taken on: it must not grow for what was refused. */
async function queued({ us }: Pick<Scene, 'us'>): Promise<number[]> {
  const { db } = us.ctx;
  return Promise.all([db.received, db.jobs, db.deliveries].map((c) => c.countDocuments({})));
}

/** Runs an attack, and asserts that what is stored is the same, byte for byte, when all is done. */
export async function unchanged(scene: Scene, attack: () => Promise<unknown>): Promise<void> {
  await scene.us.idle();
  const before = await content(scene);
  await attack();
  await scene.us.idle();
  expect(await content(scene)).toBe(before);
}

/** As `unchanged`, and nothing was queued, and neither peer was asked for anything. */
export async function untouched(scene: Scene, attack: () => Promise<unknown>): Promise<void> {
  await scene.us.idle();
  const fetches = (): number => scene.evil.fetched.length + scene.peer.fetched.length;
  const before = { queued: await queued(scene), fetched: fetches() };
  await unchanged(scene, attack);
  expect({ queued: await queued(scene), fetched: fetches() }).toEqual(before);
}

export { digestOf } from '../../attack/wire.js';
export type { Answer, SignOptions } from '../../attack/wire.js';

/** Sends exactly these headers to our server. */
export function raw({ us }: Pick<Scene, 'us'>, given: RawRequest): Promise<Answer> {
  return rawTo(us.url, given);
}

/** The header lines of a request that one of a peer's actors signs. */
export function signLines(scene: Pick<Scene, 'us'>, by: PeerActor, options: SignOptions = {}): Lines {
  return signedLines(new URL(scene.us.url).host, by, options);
}

/** A POST to the shared inbox (or `path`), valid but for what the options change. `sent`: other bytes than signed. */
export function post(
  scene: Scene,
  by: PeerActor,
  activity: JsonObject,
  options: SignOptions & { sent?: string } = {},
): Promise<Answer> {
  const path = options.path ?? '/inbox';
  const body = options.body ?? JSON.stringify(activityOf(by, activity));
  return raw(scene, {
    path,
    lines: signLines(scene, by, { ...options, path, body }),
    body: options.sent ?? body,
  });
}

/** A GET that a remote actor signs, or nobody. */
export function get(
  scene: Pick<Scene, 'us'>,
  path: string,
  by?: PeerActor,
  accept = 'application/activity+json',
): Promise<Answer> {
  const lines = by ? signLines(scene, by, { method: 'GET', path }) : [];
  return raw(scene, { method: 'GET', path, lines: [...lines, ['Accept', accept]] });
}

/** A server that answers as the test says. `asked`: the paths, in order. */
export interface Host {
  origin: string;
  host: string;
  asked: string[];
  close(): Promise<void>;
}

export async function startHost(answer: RequestListener): Promise<Host> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? '');
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const activityJson = { 'content-type': 'application/activity+json' };
