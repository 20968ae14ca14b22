import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject, SigningKey } from '../../../federation/ports.js';
import { signRequest } from '../../../federation/signature/sign.js';

/** Another server on loopback, as small as it can be: actors with keys, documents, inboxes that remember. */
export interface Peer {
  host: string;
  origin: string;
  actor(name: string, changed?: JsonObject): PeerActor;
  /** Serves a document under a path. */
  put(path: string, document: JsonObject): string;
  /** From now on a path answers with this status. */
  fail(path: string, status: number): void;
  /** What came to any inbox. */
  received: { path: string; headers: IncomingHttpHeaders; body: string }[];
  /** Paths that were asked for. */
  fetched: string[];
  close(): Promise<void>;
}

export interface PeerActor {
  uri: string;
  keyId: string;
  key: SigningKey;
  document: JsonObject;
  /** A signed GET. */
  get(url: string, headers?: Record<string, string>): Promise<Response>;
  /** A signed POST of an activity. */
  post(url: string, activity: unknown, options?: { now?: Date; contentType?: string }): Promise<Response>;
}

/** RSA keys are slow to make: tests of one file share one. */
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

export async function startPeer(): Promise<Peer> {
  const documents = new Map<string, JsonObject>();
  const failures = new Map<string, number>();
  const received: Peer['received'] = [];
  const fetched: string[] = [];
  const server: Server = createServer((req, res) => {
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => void chunks.push(chunk));
    req.on('end', () => {
      if (req.method === 'POST') {
        received.push({ path, headers: req.headers, body: Buffer.concat(chunks).toString('utf8') });
        return void res.writeHead(202).end();
      }
      fetched.push(req.url ?? '');
      const failure = failures.get(path);
      const document = documents.get(req.url ?? '') ?? documents.get(path);
      if (failure !== undefined || !document) return void res.writeHead(failure ?? 404).end();
      res.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify(document));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `localhost:${port}`;
  const origin = `http://${host}`;
  return {
    host,
    origin,
    received,
    fetched,
    actor(name, changed = {}) {
      const uri = `${origin}/users/${name}`;
      const keyId = `${uri}#main-key`;
      const document = toDocument({ origin, uri, name, publicKey: pair.publicKey, changed });
      documents.set(`/users/${name}`, document);
      const acct = `acct:${name}@${host}`;
      documents.set(`/.well-known/webfinger?resource=${encodeURIComponent(acct)}`, {
        subject: acct,
        links: [{ rel: 'self', type: 'application/activity+json', href: uri }],
      });
      return toPeerActor({ keyId, algorithm: 'rsa-sha256', privateKey: pair.privateKey }, { uri, document });
    },
    put(path, document) {
      documents.set(path, document);
      return `${origin}${path}`;
    },
    fail: (path, status) => void failures.set(path, status),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

interface Described {
  origin: string;
  uri: string;
  name: string;
  publicKey: KeyObject;
  changed: JsonObject;
}

function toDocument({ origin, uri, name, publicKey, changed }: Described): JsonObject {
  return {
    '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
    id: uri,
    type: 'Person',
    preferredUsername: name,
    inbox: `${uri}/inbox`,
    outbox: `${uri}/outbox`,
    followers: `${uri}/followers`,
    endpoints: { sharedInbox: `${origin}/inbox` },
    publicKey: {
      id: `${uri}#main-key`,
      owner: uri,
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    ...changed,
  };
}

function toPeerActor(key: SigningKey, { uri, document }: { uri: string; document: JsonObject }): PeerActor {
  return {
    uri,
    keyId: key.keyId,
    key,
    document,
    get: (url, headers = {}) => {
      const plain = { accept: 'application/activity+json', ...headers };
      const signed = signRequest('cavage', { method: 'GET', url, key, now: new Date() });
      return fetch(url, { headers: { ...plain, ...withoutHost(signed) }, redirect: 'manual' });
    },
    post: (url, activity, { now = new Date(), contentType = 'application/activity+json' } = {}) => {
      const body = Buffer.from(typeof activity === 'string' ? activity : JSON.stringify(activity));
      const headers = { 'content-type': contentType };
      const signed = signRequest('cavage', { method: 'POST', url, headers, body, key, now });
      return fetch(url, { method: 'POST', headers: { ...headers, ...withoutHost(signed) }, body });
    },
  };
}

/** fetch writes Host itself, from the URL. */
function withoutHost(headers: Record<string, string>): Record<string, string> {
  const { host: _host, ...rest } = headers;
  return rest;
}
