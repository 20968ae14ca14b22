import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../federation/ports.js';
import type { Peer, PeerActor } from '../support/peer.js';

const Public = 'https://www.w3.org/ns/activitystreams#Public';

/** A post that a client sends, again with the same key until it has an answer. */
export interface Post {
  text: string;
  key: string;
}
/** A note or like that another server sends, again with the same ids until it has an answer. */
export interface Sent {
  activity: JsonObject & { id: string };
  /** The note's IRI, or the IRI of the liked status. */
  about: string;
}

/** What was acknowledged, and what waits to be sent again. */
export interface Ledger {
  posts: { id: string; uri: string; text: string }[];
  notes: Sent[];
  likes: Sent[];
  unanswered: { posts: Post[]; sent: Sent[] };
  /** Ids of the posts that carol was made to like. */
  liked: Set<string>;
}

export interface Surroundings {
  url: string;
  /** Alice's token. */
  token: string;
  /** Whom notes mention. */
  aliceUri: string;
  peer: Peer;
  carol: PeerActor;
  ledger: Ledger;
}

export const createLedger = (): Ledger => ({
  posts: [],
  notes: [],
  likes: [],
  unanswered: { posts: [], sent: [] },
  liked: new Set(),
});

/** Posts and deliveries, several at a time; each goes on the ledger once it is acknowledged. */
export interface Traffic {
  /** Resolves when the server answers no more and everything is back on the ledger; rejects at a wrong answer. */
  ended: Promise<void>;
}

export function startTraffic(surroundings: Surroundings, onAcknowledged: () => void): Traffic {
  const loop = async (send: () => Promise<boolean>): Promise<void> => {
    while (await inTime(send())) onAcknowledged();
  };
  const loops = [0, 1, 2, 3].flatMap(() => [
    loop(() => sendPost(surroundings)),
    loop(() => sendActivity(surroundings)),
  ]);
  return { ended: Promise.all(loops).then(() => undefined) };
}

/** Longest that an answer may take, ms. */
const answerMs = 120_000;

function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refused(`no answer after ${answerMs} ms`)), answerMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Sends what had no answer once more, until none is left. */
export async function sendUnanswered(surroundings: Surroundings): Promise<void> {
  const { posts, sent } = surroundings.ledger.unanswered;
  while (posts.length + sent.length > 0) {
    const done = posts.length ? await sendPost(surroundings) : await sendActivity(surroundings);
    if (!done) throw new Error('The server did not answer');
  }
}

/** @returns false when there was no answer; then it is kept, to be sent again */
async function sendPost({ url, token, ledger }: Surroundings): Promise<boolean> {
  const post = ledger.unanswered.posts.shift() ?? { text: `Post ${randomUUID()}`, key: randomUUID() };
  const again = (): false => {
    ledger.unanswered.posts.push(post);
    return false;
  };
  try {
    const response = await fetch(`${url}/api/v1/statuses`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': post.key,
      },
      body: JSON.stringify({ status: `${post.text} @bob` }),
    });
    const answer = (await response.json()) as { id: string; uri: string };
    if (response.status !== 200) throw new Refused(`post: ${response.status} ${JSON.stringify(answer)}`);
    ledger.posts.push({ id: answer.id, uri: answer.uri, text: post.text });
    return true;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return again();
  }
}

/** @returns false when there was no answer; then it is kept, to be sent again */
async function sendActivity(surroundings: Surroundings): Promise<boolean> {
  const { url, peer, carol, ledger } = surroundings;
  const sent = ledger.unanswered.sent.shift() ?? toLike(surroundings) ?? toNote(surroundings);
  const status = await peer.send(`${url}/inbox`, sent.activity, carol).catch(() => null);
  if (status === null) {
    ledger.unanswered.sent.push(sent);
    return false;
  }
  if (status !== 202) throw new Refused(`inbox: ${status}`);
  (sent.activity['type'] === 'Like' ? ledger.likes : ledger.notes).push(sent);
  return true;
}

/** Every third post is liked, once. */
function toLike({ carol, ledger }: Surroundings): Sent | null {
  const { posts, likes, unanswered } = ledger;
  const due = posts[(likes.length + unanswered.sent.length) * 3];
  if (!due || ledger.liked.has(due.id)) return null;
  ledger.liked.add(due.id);
  const activity = { id: `${carol.uri}/likes/${due.id}`, type: 'Like', actor: carol.uri, object: due.uri };
  return { activity, about: due.uri };
}
function toNote({ peer, carol, aliceUri }: Surroundings): Sent {
  const name = randomUUID();
  const addressed = { to: [Public], cc: [carol.followers, aliceUri] };
  const object = {
    id: `${peer.origin}/notes/${name}`,
    type: 'Note',
    attributedTo: carol.uri,
    content: `<p>Note ${name}</p>`,
    published: new Date().toISOString(),
    tag: [{ type: 'Mention', href: aliceUri, name: '@alice' }],
    ...addressed,
  };
  const activity = {
    id: `${peer.origin}/creates/${name}`,
    type: 'Create',
    actor: carol.uri,
    object,
    ...addressed,
  };
  return { activity, about: object.id };
}

/** The server answered, and not with what it has to. */
class Refused extends Error {
  override readonly name = 'Refused';
}
