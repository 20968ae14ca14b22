import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../federation/ports.js';
import { signRequest } from '../../federation/signature/sign.js';

/** One actor of a peer, with a key pair of its own. */
export interface PeerActor {
  name: string;
  uri: string;
  inbox: string;
  followers: string;
  keyId: string;
  privateKey: KeyObject;
  document: JsonObject;
}

/** What a peer's inboxes were sent. */
export interface Delivered {
  path: string;
  headers: IncomingHttpHeaders;
  raw: string;
  activity: JsonObject & { type: string };
}

/** Another server: owns real keys, speaks real HTTP, and does what the test tells it. */
export interface Peer {
  origin: string;
  host: string;
  delivered: Delivered[];
  /** Paths that were asked for, in order. */
  fetched: string[];
  actor(name: string, extra?: JsonObject): PeerActor;
  /** Serves a document at its own id. */
  serve(document: JsonObject): void;
  /** Answers a path with a status only: 404, 410, 500 … */
  fail(path: string, status: number): void;
  /** Decides the answer to a delivery. Default: 202. */
  answerInbox(decide: (delivered: Delivered) => number): void;
  /** Signs and posts an activity. @returns the response's status */
  send(inbox: string, activity: JsonObject, by: PeerActor, options?: SendOptions): Promise<number>;
  /** Resolves with the first delivery that fits, now or later. */
  next(fits: (delivered: Delivered) => boolean): Promise<Delivered>;
  close(): Promise<void>;
}

export interface SendOptions {
  dialect?: 'cavage' | 'rfc9421';
  now?: Date;
  /** The bytes to send; default: the activity as JSON. */
  raw?: string;
}

const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];

/** @param hostname its name; one that is not on loopback must be known to the other side's resolver */
export async function startPeer(hostname = '127.0.0.1'): Promise<Peer> {
  const documents = new Map<string, JsonObject>();
  const failures = new Map<string, number>();
  const delivered: Delivered[] = [];
  const fetched: string[] = [];
  const waiting = new Set<() => void>();
  let decide: (d: Delivered) => number = () => 202;

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '/';
    if (req.method === 'POST') {
      const raw = await bodyOf(req);
      const item = { path, headers: req.headers, raw, activity: JSON.parse(raw) as Delivered['activity'] };
      delivered.push(item);
      for (const wake of waiting) wake();
      return void res.writeHead(decide(item)).end();
    }
    fetched.push(path);
    const status = failures.get(path);
    if (status !== undefined) return void res.writeHead(status).end();
    if (path.startsWith('/.well-known/webfinger')) return webfinger(path, res);
    const document = documents.get(path);
    if (!document) return void res.writeHead(404).end();
    res.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify(document));
  }

  function webfinger(path: string, res: ServerResponse): void {
    const resource = new URL(path, origin).searchParams.get('resource') ?? '';
    const name =
      /^acct:([^@]+)@/.exec(resource)?.[1] ??
      new URL(resource.replace(/^acct:.*/, origin)).pathname.split('/').at(-1);
    const actor = documents.get(`/users/${name}`);
    if (!actor) return void res.writeHead(404).end();
    const links = [{ rel: 'self', type: 'application/activity+json', href: actor['id'] }];
    res
      .writeHead(200, { 'content-type': 'application/jrd+json' })
      .end(JSON.stringify({ subject: `acct:${name}@${host}`, links }));
  }

  const server = createServer((req, res) => void handle(req, res).catch(() => res.writeHead(500).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `${hostname}:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;
  const serve = (document: JsonObject): void => {
    const { pathname, search } = new URL(String(document['id']));
    documents.set(pathname + search, { '@context': context, ...document });
  };

  return {
    origin,
    host,
    delivered,
    fetched,
    serve,
    actor(name, extra = {}) {
      const made = makeActor(origin, name, extra);
      serve(made.document);
      return made;
    },
    fail: (path, status) => void failures.set(path, status),
    answerInbox: (next) => void (decide = next),
    async send(inbox, activity, by, { dialect = 'cavage', now = new Date(), raw } = {}) {
      const body = raw ?? JSON.stringify({ '@context': context, ...activity });
      const bytes = Buffer.from(body);
      const key = { keyId: by.keyId, algorithm: 'rsa-sha256' as const, privateKey: by.privateKey };
      const headers = signRequest(dialect, {
        method: 'POST',
        url: inbox,
        headers: { 'content-type': 'application/activity+json' },
        body: bytes,
        key,
        now,
      });
      const { host: _, ...sent } = headers;
      const response = await fetch(inbox, { method: 'POST', headers: sent, body });
      await response.arrayBuffer();
      return response.status;
    },
    next: (fits) => awaitDelivery({ delivered, waiting }, fits),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function awaitDelivery(
  state: { delivered: Delivered[]; waiting: Set<() => void> },
  fits: (d: Delivered) => boolean,
): Promise<Delivered> {
  return new Promise((resolve) => {
    const look = (): void => {
      const found = state.delivered.find(fits);
      if (!found) return;
      state.waiting.delete(look);
      resolve(found);
    };
    state.waiting.add(look);
    look();
  });
}

/** One RSA key pair for each name: making them is slow. */
function makeActor(origin: string, name: string, extra: JsonObject): PeerActor {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const uri = `${origin}/users/${name}`;
  const keyId = `${uri}#main-key`;
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const document: JsonObject = {
    id: uri,
    type: 'Person',
    preferredUsername: name,
    name: `${name} of elsewhere`,
    inbox: `${uri}/inbox`,
    outbox: `${uri}/outbox`,
    followers: `${uri}/followers`,
    following: `${uri}/following`,
    featured: `${uri}/featured`,
    endpoints: { sharedInbox: `${origin}/inbox` },
    publicKey: { id: keyId, owner: uri, publicKeyPem },
    ...extra,
  };
  return { name, uri, inbox: `${uri}/inbox`, followers: `${uri}/followers`, keyId, privateKey, document };
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
