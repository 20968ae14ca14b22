import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signRequest } from '../../../federation/signature/sign.js';
import { requestFollow } from '../../../src/domain/follows.js';
import { resolveActor } from '../../../src/domain/remote/actors.js';
import { createClient, type Client } from '../client.js';
import { startInstance, type Instance, type TestUser } from '../instance.js';
import { openCollection, type Collection } from './entries.js';
import { checkFeatures, type FeatureCheck } from './features.js';
import { startHosts, type Hosts } from './hosts.js';
import { actorFault, expectedOf, readDocument, resultOf, type Result } from './outcome.js';
import { prepare, type Prepared } from './prepare.js';
import { hostIn, looseId, type Adaptation } from './rewrite.js';
import type { Local } from './stage.js';
import { findViolations } from './violations.js';

/** One line of the protocol: a payload and what became of it. */
export interface Row extends Result {
  file: string;
  kind: string;
  expected: string | null;
  adapted: Adaptation[];
  /** Status code of the last POST; null when nothing was posted. */
  status: number | null;
  host: string;
  features: FeatureCheck;
  /** IRI of the status that it became, if it did. */
  objectUri: string | null;
}

/** An instance that is sent a collection, and everything that surrounds it. */
export interface Run {
  collection: Collection;
  instance: Instance;
  client: Client;
  alice: TestUser;
  hosts: Hosts;
  /** Sends and serves some of the payloads, and waits until the instance is done with them. */
  take(from: number, to: number): Promise<Row[]>;
  /** What is stored and should not be. */
  violations(): Promise<string[]>;
  close(): Promise<void>;
}

/** Longest that one request, or the work of one batch, may take: to name what hangs. */
const boundMs = { request: 120_000, batch: 300_000 };

export async function startRun(): Promise<Run> {
  const collection = openCollection();
  const hosts = await startHosts();
  const instance = await startInstance({ resolve: hosts.resolve });
  const alice = await instance.createUser('alice');
  const client = createClient(instance.url, alice.token);
  // One key pair for every sender: making them is slow, and they never meet.
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const local = await createLocal(instance, alice, client);
  const sending: Sending = { instance, client, alice, privateKey };
  return {
    collection,
    instance,
    client,
    alice,
    hosts,
    async take(from, to) {
      const some = collection.entries.slice(from, to);
      const open = some.map(async (entry, i) => {
        const options = {
          entry,
          bytes: collection.read(entry),
          number: from + i,
          hosts,
          local,
          publicKeyPem,
        };
        return send(sending, await prepare(options));
      });
      const sent = await Promise.all(open);
      await within(boundMs.batch, instance.idle(), `payloads ${from} to ${to}`);
      const rows: Row[] = [];
      for (const one of sent) rows.push(await judge(sending, one));
      return rows;
    },
    violations: () => findViolations(instance, hosts),
    async close() {
      await instance.close();
      await hosts.close();
    },
  };
}

async function createLocal(instance: Instance, { account }: TestUser, client: Client): Promise<Local> {
  const post = async (body: object): Promise<string> =>
    (await client.post<{ uri: string }>('/api/v1/statuses', body)).uri;
  return {
    accountUri: account.uri,
    statusUri: await post({ status: 'What others react to' }),
    pollWith: (option) =>
      post({ status: 'A poll', poll: { options: [option.slice(0, 50), 'Another'], expires_in: 3600 } }),
    followRequest: async (actorUri) => {
      const target = await resolveActor(instance.ctx, actorUri);
      return target ? (await requestFollow(instance.ctx, account, target)).uri : actorUri;
    },
  };
}

interface Sending {
  instance: Instance;
  client: Client;
  alice: TestUser;
  privateKey: KeyObject;
}
interface Sent {
  prepared: Prepared;
  status: number | null;
  /** What the server said when it refused. */
  answer: string;
}

async function send(sending: Sending, prepared: Prepared): Promise<Sent> {
  const { client, instance } = sending;
  const done = (status: number | null, answer = ''): Sent => ({ prepared, status, answer });
  if (prepared.entry.kind === 'actor') {
    const id = looseId(prepared.json);
    if (id === null || hostIn(id) === null) return done(null);
    const path = `/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(id)}`;
    await within(boundMs.request, client.get(path), prepared.entry.file);
    return done(null);
  }
  if (!prepared.bodies.length) return done(null);
  await beFollowed(sending, prepared.sender);
  if (prepared.lacksActor) await refusedWithoutActor(sending, prepared);
  let last = { status: 0, text: '' };
  for (const body of prepared.bodies)
    last = await within(boundMs.request, post(sending, prepared, body), prepared.entry.file);
  if (last.status >= 500) throw new Error(`${prepared.entry.file}: ${last.status} ${last.text}`);
  instance.ctx.jobs.nudge('received');
  return done(last.status, last.text);
}

/** A local account follows the sender, as a reason to keep what it says; unless the payload answers a request of ours. */
async function beFollowed({ instance, alice }: Sending, sender: string): Promise<void> {
  const { ctx } = instance;
  const account = await resolveActor(ctx, sender);
  if (!account || (await ctx.db.follows.findOne({ accountId: alice.account._id, targetId: account._id })))
    return;
  const id = ctx.ids.next();
  await ctx.db.follows.insertOne({
    _id: id,
    accountId: alice.account._id,
    targetId: account._id,
    state: 'accepted',
    uri: `${alice.account.uri}#follows/${id}`,
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: ctx.clock.now().toISOString(),
  });
}

async function refusedWithoutActor(sending: Sending, prepared: Prepared): Promise<void> {
  const { status } = await post(sending, prepared, prepared.original);
  if (status !== 400) throw new Error(`${prepared.entry.file}: without an actor ${status}, not 400`);
}

async function post(
  { instance, privateKey }: Sending,
  { sender }: Prepared,
  body: string,
): Promise<{ status: number; text: string }> {
  const url = `${instance.url}/inbox`;
  const key = {
    keyId: `${sender.replace(/#.*$/, '')}#main-key`,
    algorithm: 'rsa-sha256' as const,
    privateKey,
  };
  const { host: _, ...headers } = signRequest('cavage', {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/activity+json' },
    body: Buffer.from(body),
    key,
    now: new Date(),
  });
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

async function judge({ instance }: Sending, { prepared, status, answer }: Sent): Promise<Row> {
  const { entry, json, host, adapted, sender } = prepared;
  const { ctx } = instance;
  let result: Result;
  if (entry.kind === 'actor') {
    const account = await ctx.db.accounts.findOne({ uri: looseId(json) ?? '' });
    result = account
      ? { became: 'account', reason: 'found by its id' }
      : { became: 'no account', reason: actorFault(json) };
  } else if (entry.kind !== 'activity' && entry.kind !== 'object') {
    result = readDocument(entry.kind, json);
  } else if (status !== 202) {
    const reason = /Not accepted: ([\w-]+)/.exec(answer)?.[1] ?? answer.slice(0, 80);
    result = { became: 'refused', reason: `${status}: ${reason}` };
  } else {
    const [received] = await ctx.db.received.find({ lane: sender }).sort({ _id: -1 }).limit(1).toArray();
    result = await resultOf(ctx, prepared, received ?? null);
  }
  const objectUri = looseId(json?.['object']) ?? looseId(json);
  const stored = objectUri === null ? null : await ctx.db.statuses.findOne({ uri: objectUri });
  const features =
    stored && entry.expected
      ? await checkFeatures(ctx, stored, entry.expected)
      : { checked: 0, different: [] };
  const expected = expectedOf(entry.expected);
  return {
    file: entry.file,
    kind: entry.kind,
    expected,
    adapted: [...adapted],
    status,
    host,
    objectUri,
    features,
    ...result,
  };
}

function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not done after ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
