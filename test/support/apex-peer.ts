import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import type { JsonObject } from '../../federation/ports.js';
import { createApexStore, type ApexDocument, type ApexStore } from './apex/store.js';

/** The parts of activitypub-express 4.4 that a server is made of; it ships no types. */
interface Apex extends RequestHandler {
  net: Record<string, { get: RequestHandler[]; post: RequestHandler[] }>;
  consts: { jsonldTypes: string[] };
  createActor(username: string, name: string, summary: string): Promise<ApexDocument>;
  store: { saveObject(object: ApexDocument): Promise<boolean> };
}

/** What came to an inbox of the peer and was taken. */
export interface ApexReceived {
  type: string;
  activity: ApexDocument;
  recipient: string;
}

/** What a delivery of the peer was answered. */
export interface ApexDelivered {
  activityId: string;
  address: string;
  status: number;
}

/** A server made of activitypub-express: its own signatures, queue and side effects, over real HTTP. */
export interface ApexPeer {
  origin: string;
  host: string;
  store: ApexStore;
  received: ApexReceived[];
  /** What its deliveries were answered, oldest first. */
  delivered: ApexDelivered[];
  /** Resolves when an activity of the peer was delivered, now or later. */
  sent(activityId: string): Promise<ApexDelivered>;
  createActor(username: string): Promise<string>;
  /** POSTs to the actor's outbox as its owner; resolves when what follows from it is queued. @returns the IRI of what came of it */
  act(username: string, activity: JsonObject): Promise<string>;
  /** Resolves with the first activity that fits and was taken, now or later. */
  next(fits: (received: ApexReceived) => boolean): Promise<ApexReceived>;
  /** `totalItems` of a collection, over HTTP. */
  countOf(collection: string): Promise<number>;
  get(url: string, as?: string): Promise<JsonObject>;
  close(): Promise<void>;
}

const routes = {
  actor: '/u/:actor',
  object: '/o/:id',
  activity: '/s/:id',
  inbox: '/u/:actor/inbox',
  outbox: '/u/:actor/outbox',
  followers: '/u/:actor/followers',
  following: '/u/:actor/following',
  liked: '/u/:actor/liked',
  collections: '/u/:actor/c/:id',
  blocked: '/u/:actor/blocked',
  rejections: '/u/:actor/rejections',
  rejected: '/u/:actor/rejected',
  shares: '/s/:id/shares',
  likes: '/s/:id/likes',
};
const json = 'application/activity+json';

export async function startApexPeer(): Promise<ApexPeer> {
  const store = createApexStore();
  const received: ApexReceived[] = [];
  const delivered: ApexDelivered[] = [];
  const waiting = new Set<() => void>();
  const app = express();
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;
  const wake = (): void => waiting.forEach((look) => look());
  const apex = createApex({ origin, host, store }, (done) => {
    delivered.push(done);
    wake();
  });
  mount(app, apex, store);
  const events: EventEmitter = app;
  events.on('apex-inbox', ({ activity, recipient }: Record<'activity' | 'recipient', ApexDocument>) => {
    received.push({ type: activity.type, activity, recipient: recipient.id });
    wake();
  });
  const done = new Set<string>();
  events.on('apex-outbox', ({ activity }: { activity: ApexDocument }) => {
    done.add(activity.id);
    wake();
  });
  const until = (holds: () => boolean): Promise<unknown> => first([true], holds);
  const first = <T>(items: readonly T[], fits: (item: T) => boolean): Promise<T> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = items.find(fits);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });

  async function get(url: string, as?: string): Promise<JsonObject> {
    const headers = { accept: json, ...(as && { authorization: `Bearer ${as}` }) };
    const response = await fetch(url, { headers });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return (await response.json()) as JsonObject;
  }

  return {
    origin,
    host,
    store,
    received,
    delivered,
    get,
    async createActor(username) {
      const actor = await apex.createActor(username, `${username} of apex`, 'Made of activitypub-express');
      await apex.store.saveObject(actor);
      return actor.id;
    },
    async act(username, activity) {
      const response = await fetch(`${origin}/u/${username}/outbox`, {
        method: 'POST',
        headers: { 'content-type': json, authorization: `Bearer ${username}` },
        body: JSON.stringify({
          '@context': 'https://www.w3.org/ns/activitystreams',
          // An activity is what has an actor; anything else is wrapped in a Create.
          ...(activity['object'] !== undefined && { actor: `${origin}/u/${username}` }),
          ...activity,
        }),
      });
      const text = await response.text();
      const location = response.headers.get('location');
      if (response.status !== 201 || !location) throw new Error(`outbox: ${response.status} ${text}`);
      await until(() => done.has(location));
      return location;
    },
    next: (fits) => first(received, fits),
    sent: (activityId) => first(delivered, (one) => one.activityId === activityId),
    countOf: async (collection) => Number((await get(collection))['totalItems']),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function createApex(
  peer: Pick<ApexPeer, 'origin' | 'host' | 'store'>,
  onDelivered: (done: ApexDelivered) => void,
): Apex {
  const create = createRequire(import.meta.url)('activitypub-express') as (settings: object) => Apex;
  const silent = (): void => {};
  return create({
    name: 'Apex',
    version: '1.0.0',
    baseUrl: peer.origin,
    domain: peer.host,
    actorParam: 'actor',
    objectParam: 'id',
    activityParam: 'id',
    routes,
    store: peer.store,
    logger: {
      // The only place where it tells what its deliveries were answered.
      info: (what: string, address: string, status: number) => {
        const { id } = JSON.parse(peer.store.current()?.body ?? '{}') as { id?: string };
        if (what === 'delivery:') onDelivered({ activityId: id ?? '', address, status });
      },
      warn: silent,
      error: silent,
    },
  });
}

/** The app around the library, as its README has it: whose token it is, and routes. */
function mount(app: Express, apex: Apex, store: ApexStore): void {
  const { net } = apex;
  const types = [...apex.consts.jsonldTypes, 'application/ld+json', json];
  app.use(express.json({ type: types }), express.urlencoded({ extended: true }), apex);
  app.use((req, _res, next) => {
    const username = /^Bearer (\w+)$/.exec(req.get('authorization') ?? '')?.[1];
    if (username) Object.assign(req, { user: { username } });
    next();
  });
  const of = (name: string, method: 'get' | 'post'): RequestHandler[] => net[name]?.[method] ?? [];
  app.get(routes.inbox, of('inbox', 'get'));
  app.post(routes.inbox, toLikedActivity(store), of('inbox', 'post'));
  app.get(routes.outbox, of('outbox', 'get'));
  app.post(routes.outbox, of('outbox', 'post'));
  for (const name of ['actor', 'followers', 'following', 'liked', 'object', 'shares', 'likes'] as const)
    app.get(routes[name], of(name, 'get'));
  app.get(routes.activity, of('activityStream', 'get'));
  app.get('/.well-known/webfinger', of('webfinger', 'get'));
  app.get('/.well-known/nodeinfo', of('nodeInfoLocation', 'get'));
  app.get('/nodeinfo/:version', of('nodeInfo', 'get'));
}

/**
 * The library counts likes and shares of activities only; the rest of the fediverse likes and shares objects. Its app
 * has to say that the one stands for the other.
 */
function toLikedActivity(store: ApexStore): RequestHandler {
  return (req, _res, next) => {
    const body = req.body as JsonObject;
    if (body['type'] !== 'Like' && body['type'] !== 'Announce') return next();
    const created = store.createdBy(body['object']);
    if (created !== null) body['object'] = created;
    next();
  };
}
