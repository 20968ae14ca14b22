import type { Actor, Json, Peer } from './peer.js';
import { CouldNotAsk, Failed } from './row.js';
import type { Target } from './target.js';
import { rawTo, signedLines, type Answer, type Lines, type RawRequest, type SignOptions } from './wire.js';

export interface Sending extends SignOptions {
  /** What is sent instead of what was signed. */
  sent?: string | Buffer;
  activity?: Json;
  /** Further lines; `lines`: all of them, instead of the signed ones. */
  extra?: Lines;
  lines?: Lines;
  /** Which inbox: the actor's own (default) or the shared one. */
  shared?: boolean;
}

/** What a row works with. Each row has one of its own over the peers and the target of the run. */
export interface Stage {
  target: Target;
  /** An honest server, and a hostile one. */
  peer: Peer;
  evil: Peer;
  alice: Actor;
  /** Of alice's server, with a key of its own. */
  trent: Actor;
  /** Somebody new on the hostile server. `follows` of it must never be answered with yes: see `never`. */
  stranger(document?: Json): Actor;
  /** Somebody new on the honest server. */
  guest(document?: Json): Actor;
  follow(by: Actor, extra?: Json): Json;
  send(by: Actor, sending?: Sending): Promise<Answer>;
  /** Sends, and expects a refusal. Unless said otherwise it is a Follow, which must not be answered with yes afterwards. */
  refuses(what: string, by: Actor, sending?: Sending): Promise<void>;
  ask(given: RawRequest): Promise<Answer>;
  get(path: string, lines?: Lines): Promise<Answer>;
  /** With the token. JSON in, JSON out. @throws CouldNotAsk when a limit of requests is reached */
  api(method: string, path: string, body?: Json): Promise<Answer & { json: unknown }>;
  expect(holds: boolean, otherwise: string): void;
  /** Actors whose Follow may not have been answered with yes when all is over. */
  never: string[];
  /** Asks again until it holds, or the time is over. */
  eventually(holds: () => boolean | Promise<boolean>, ms?: number): Promise<boolean>;
}

export interface StageParts {
  target: Target;
  peer: Peer;
  evil: Peer;
  alice: Actor;
  trent: Actor;
  /** A number that no row had before. */
  next(): number;
}

/** Aborted, it never ends. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => clearTimeout(timer));
  });

export function createStage(parts: StageParts): Stage {
  const { target, peer, evil, next } = parts;
  const never: Stage['never'] = [];
  const expect = (holds: boolean, otherwise: string): void => {
    if (!holds) throw new Failed(otherwise);
  };
  const newcomer = (on: Peer, document: Json = {}): Actor => on.actor(`a${next()}x`, { document });
  const follow = (by: Actor, extra: Json = {}): Json => ({
    '@context': 'https://www.w3.org/ns/activitystreams',
    id: `${by.uri}/follows/${next()}`,
    type: 'Follow',
    actor: by.uri,
    object: target.actor?.uri,
    ...extra,
  });
  const send = (by: Actor, sending: Sending = {}): Promise<Answer> => {
    const { actor } = target;
    const inbox = (sending.shared ? actor?.sharedInbox : null) ?? actor?.inbox ?? '';
    const path = new URL(inbox).pathname;
    const body = sending.body ?? JSON.stringify(sending.activity ?? follow(by));
    const lines = sending.lines ?? signedLines(target.host, by, { path, ...sending, body });
    const host: Lines = lines.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', target.host]];
    const all = [...host, ...lines, ...(sending.extra ?? [])];
    return rawTo(target.origin, { path, lines: all, body: sending.sent ?? body });
  };
  return {
    ...parts,
    never,
    expect,
    follow,
    send,
    stranger: (document) => newcomer(evil, document),
    guest: (document) => newcomer(peer, document),
    async refuses(what, by, sending) {
      never.push(by.uri, String(sending?.activity?.['actor'] ?? by.uri));
      const { status } = await send(by, sending);
      expect((status >= 400 && status < 500) || status === 503, `${what}: answered ${status}`);
    },
    ask: (given) => rawTo(target.origin, given),
    get: (path, lines = []) => rawTo(target.origin, { method: 'GET', path, lines }),
    api: (method, path, body) => callApi(target, { method, path, body }),
    eventually,
  };
}

async function callApi(
  target: Target,
  { method, path, body }: { method: string; path: string; body: Json | undefined },
): Promise<Answer & { json: unknown }> {
  const lines: Lines = [
    ['Authorization', `Bearer ${target.token}`],
    ['Content-Type', 'application/json'],
  ];
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await rawTo(target.origin, { method, path, lines, ...sent });
  if (answer.status === 429) throw new CouldNotAsk('its limit of requests is reached');
  let json: unknown = null;
  try {
    json = JSON.parse(answer.body);
  } catch {
    // Whoever needs JSON finds none.
  }
  return { ...answer, json };
}

async function eventually(holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(50))
    if (await holds()) return true;
  return holds();
}

/** Whatever it is, it must be answered, and not with an error of the server's own. */
export async function survives(t: Stage, what: string, activity: Json): Promise<void> {
  const by = t.stranger();
  const { status } = await t.send(by, {
    activity: { '@context': 'https://www.w3.org/ns/activitystreams', actor: by.uri, ...activity },
  });
  t.expect(status < 500 || status === 503, `${what}: answered ${status}`);
}
