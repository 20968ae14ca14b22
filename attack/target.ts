import type { Json } from './peer.js';
import { rawTo, type Answer, type Lines } from './wire.js';

/** The server under attack, as it shows itself. */
export interface Target {
  /** Where every request goes; nothing else is ever talked to. */
  origin: string;
  /** The name it is known by: what a signature covers as `host`. */
  host: string;
  /** Somebody there who can be addressed; null when nobody was named or found. */
  actor: { uri: string; inbox: string; sharedInbox: string | null; followers: string | null } | null;
  token: string | null;
  /** Whether Mastodon's client API is there. */
  hasApi: boolean;
}

export interface Given {
  origin: string;
  /** Name of an account there. */
  account?: string | undefined;
  /** Or the address of its actor document. */
  actor?: string | undefined;
  token?: string | undefined;
}

const parse = ({ body }: Answer): Json | null => {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return null;
  }
};

/** @throws Error when nothing answers there */
export async function findTarget({ origin, account, actor, token }: Given): Promise<Target> {
  const get = (path: string, lines: Lines): Promise<Answer> => rawTo(origin, { method: 'GET', path, lines });
  const instance = await get('/api/v1/instance', []);
  const hasApi = instance.status === 200 && parse(instance)?.['uri'] !== undefined;
  const name = account ?? (token === undefined ? undefined : await ownName(get, token));
  const url = actor ?? (name === undefined ? undefined : await webfinger(get, name, new URL(origin).host));
  const found = url === undefined ? null : await loadActor(get, url);
  const host = found ? new URL(found.inbox).host : new URL(origin).host;
  return { origin, host, actor: found, token: token ?? null, hasApi };
}

type Get = (path: string, lines: Lines) => Promise<Answer>;

async function ownName(get: Get, token: string): Promise<string> {
  const answer = await get('/api/v1/accounts/verify_credentials', [['Authorization', `Bearer ${token}`]]);
  const name = parse(answer)?.['username'];
  if (typeof name !== 'string') throw new Error(`The token is not taken (${answer.status}).`);
  return name;
}

async function webfinger(get: Get, name: string, host: string): Promise<string> {
  const answer = await get(`/.well-known/webfinger?resource=acct:${name}@${host}`, []);
  const links = parse(answer)?.['links'];
  const self = Array.isArray(links) ? (links as Json[]).find((link) => link['rel'] === 'self') : null;
  if (typeof self?.['href'] !== 'string')
    throw new Error(
      `WebFinger does not know ${name}@${host} (${answer.status}); name the actor with --actor.`,
    );
  return self['href'];
}

/** Always from the given origin, whatever host the address has: the target may have a public name. */
async function loadActor(get: Get, url: string): Promise<Target['actor']> {
  const { host, pathname, search } = new URL(url);
  const lines: Lines = [
    ['Host', host],
    ['Accept', 'application/activity+json'],
  ];
  const answer = await get(pathname + search, lines);
  const document = parse(answer);
  const inbox = document?.['inbox'];
  if (typeof inbox !== 'string') throw new Error(`${url} is no actor (${answer.status}).`);
  const { sharedInbox } = (document?.['endpoints'] ?? {}) as Json;
  return {
    uri: String(document?.['id'] ?? url),
    inbox,
    sharedInbox: typeof sharedInbox === 'string' ? sharedInbox : null,
    followers: typeof document?.['followers'] === 'string' ? document['followers'] : null,
  };
}
