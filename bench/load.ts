import { createHash, sign, type KeyObject } from 'node:crypto';
import { answerCalls } from './lib/child.js';
import { loadPairs, privateKeys } from './lib/keys.js';
import { fire, postRequest, type Shot, type Volley } from './lib/wire.js';
import { createNote, keyId } from './lib/world.js';

/** The load generator: a process of its own, so that it takes nothing from the server's event loop. */

export interface InboxLoad {
  keysFile: string;
  /** Port of the fake fediverse, where the actors live. */
  port: number;
  /** Numbers of the actors that send, in turn. */
  actors: number[];
  count: number;
  /** Tells the posts of one run from those of another. */
  run: string;
  /** Host (with port) of the server under test, as in its URL. */
  host: string;
}

const prepared = new Map<string, Buffer[]>();
let keys: KeyObject[] = [];

/** Signs everything beforehand: other servers do that on their own machines. */
function prepareInbox(load: InboxLoad): void {
  if (!keys.length) keys = privateKeys(loadPairs(load.keysFile));
  const at = new Date();
  const requests = Array.from({ length: load.count }, (_, i) => {
    const actor = load.actors[i % load.actors.length] ?? 0;
    const note = createNote(actor, load.port, { id: `${load.run}${i}`, at });
    return signedPost(load, actor, Buffer.from(JSON.stringify(note)));
  });
  prepared.set(load.run, requests);
}

function signedPost({ port, host }: InboxLoad, actor: number, body: Buffer): Buffer {
  const date = new Date().toUTCString();
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const text = `(request-target): post /inbox\nhost: ${host}\ndate: ${date}\ndigest: ${digest}`;
  const key = keys[actor % keys.length];
  if (!key) throw new Error('no key');
  const signature = sign('sha256', Buffer.from(text), key).toString('base64');
  const headers = {
    host,
    date,
    digest,
    'content-type': 'application/activity+json',
    signature: `keyId="${keyId(actor, port)}",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="${signature}"`,
  };
  return postRequest('/inbox', headers, body);
}

/** What a volley came to; times are relative to its beginning. */
export interface Fired {
  beganAt: number;
  endedAt: number;
  ms: Float64Array;
  /** Numbers of the requests that were accepted (202). */
  accepted: Uint32Array;
  statuses: Record<number, number>;
}

function summary(shots: readonly Shot[]): Fired {
  const statuses: Record<number, number> = {};
  for (const { status } of shots) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    beganAt: Math.min(...shots.map((s) => s.at - s.ms)),
    endedAt: Math.max(...shots.map((s) => s.at)),
    ms: Float64Array.from(shots.map((s) => s.ms)),
    accepted: Uint32Array.from(shots.filter((s) => s.status === 202).map((s) => s.index)),
    statuses,
  };
}

answerCalls({
  prepareInbox,
  fireInbox: async ({ run, ...volley }: Omit<Volley, 'requests' | 'total'> & { run: string }) => {
    const requests = prepared.get(run) ?? [];
    return summary(await fire({ ...volley, requests, total: requests.length }));
  },
  forget: (run: string) => void prepared.delete(run),
  fire: async (volley: Volley) =>
    summary(await fire({ ...volley, requests: volley.requests.map((r) => Buffer.from(r)) })),
});
