import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Signer } from './wire.js';

export type Json = Record<string, unknown>;

/** Somebody of a peer. */
export interface Actor extends Signer {
  uri: string;
  inbox: string;
  document: Json;
}

/** A server of the attack's own, on loopback: real keys, real HTTP, and whatever answers a row wants. */
export interface Peer {
  origin: string;
  host: string;
  /** What it was asked for, in order. */
  asked: { path: string; headers: IncomingMessage['headers'] }[];
  /** What its inboxes were sent. */
  delivered: Json[];
  /** Somebody new, with the key pair of the peer; `own`: with one of its own. */
  actor(name: string, given?: { document?: Json; own?: boolean }): Actor;
  /** Serves a document at its id. */
  serve(document: Json): void;
  /** Answers a path in a way of its own. */
  answer(path: string, listener: RequestListener): void;
  /** How often a path was asked for. */
  count(path: string): number;
  /** Whether the target said yes to a Follow of an actor. */
  wasAccepted(uri: string): boolean;
  close(): Promise<void>;
}

export const activityJson = { 'content-type': 'application/activity+json' };
const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];
/** More than any target has to say; the rest is not kept. */
const mostKept = 10_000;

interface Pair {
  privateKey: KeyObject;
  publicPem: string;
}

export function makePair(): Pair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

export async function startPeer(): Promise<Peer> {
  const answers = new Map<string, RequestListener>();
  const asked: Peer['asked'] = [];
  const delivered: Json[] = [];
  const pair = makePair();

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method === 'POST') {
      const activity = await jsonOf(req);
      if (activity && delivered.length < mostKept) delivered.push(activity);
      return void res.writeHead(202).end();
    }
    const path = req.url ?? '/';
    if (asked.length < mostKept) asked.push({ path, headers: req.headers });
    const found = answers.get(path);
    if (found) return void found(req, res);
    if (path.startsWith('/.well-known/webfinger')) return webfinger(path, res);
    res.writeHead(404).end();
  }

  function webfinger(path: string, res: ServerResponse): void {
    const resource = new URL(path, origin).searchParams.get('resource') ?? '';
    const name = /^acct:([^@]+)@/.exec(resource)?.[1] ?? resource.split('/').at(-1) ?? '';
    if (!answers.has(`/users/${name}`)) return void res.writeHead(404).end();
    const links = [{ rel: 'self', type: 'application/activity+json', href: `${origin}/users/${name}` }];
    res
      .writeHead(200, { 'content-type': 'application/jrd+json' })
      .end(JSON.stringify({ subject: `acct:${name}@${host}`, links }));
  }

  const server = createServer((req, res) => void handle(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;
  const answer = (path: string, listener: RequestListener): void => void answers.set(path, listener);
  const serve = (document: Json): void => {
    const { pathname, search } = new URL(String(document['id']));
    const body = JSON.stringify({ '@context': context, ...document });
    answer(pathname + search, (_req, res) => void res.writeHead(200, activityJson).end(body));
  };
  return {
    origin,
    host,
    asked,
    delivered,
    answer,
    serve,
    actor(name, { document = {}, own = false } = {}) {
      const made = makeActor(origin, name, { pair: own ? makePair() : pair, document });
      serve(made.document);
      return made;
    },
    count: (path) => asked.filter((one) => one.path === path).length,
    wasAccepted: (uri) => delivered.some((activity) => isAcceptOf(activity, uri)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The Follow in an Accept is named by its id or written out. */
function isAcceptOf({ type, object }: Json, uri: string): boolean {
  if (type !== 'Accept') return false;
  const follow = typeof object === 'object' && object !== null ? (object as Json) : { id: object };
  return follow['actor'] === uri || String(follow['id']).startsWith(`${uri}/`);
}

function makeActor(origin: string, name: string, { pair, document }: { pair: Pair; document: Json }): Actor {
  const uri = `${origin}/users/${name}`;
  const keyId = `${uri}#main-key`;
  return {
    uri,
    inbox: `${uri}/inbox`,
    keyId,
    privateKey: pair.privateKey,
    document: {
      id: uri,
      type: 'Person',
      preferredUsername: name,
      name,
      inbox: `${uri}/inbox`,
      outbox: `${uri}/outbox`,
      followers: `${uri}/followers`,
      following: `${uri}/following`,
      endpoints: { sharedInbox: `${origin}/inbox` },
      publicKey: { id: keyId, owner: uri, publicKeyPem: pair.publicPem },
      ...document,
    },
  };
}

async function jsonOf(req: IncomingMessage): Promise<Json | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
  } catch {
    return null;
  }
}
