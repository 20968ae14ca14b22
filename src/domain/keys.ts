import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { LRUCache } from 'lru-cache';
import { StartError } from '../errors.js';
import type { Clock, SigningKey } from '../../federation/ports.js';
import type { KeyPair } from '../model/account.js';
import type { Ids } from '../model/ids.js';
import type { Db } from '../store/collections.js';
import { isDuplicateKey } from '../store/port.js';
import type { KeyStore } from './ctx.js';

export interface KeyStoreDeps {
  db: Pick<Db, 'accounts' | 'keyPairs'>;
  /** 32 bytes (config/secrets.ts). */
  instanceKey: Uint8Array;
  ids: Ids;
  clock: Clock;
  /** Make pairs ahead of their use, one at a time. A command that ends soon says no. */
  ahead: boolean;
}

type Pairs = Record<KeyPair['type'], KeyPair>;

const generate = promisify(generateKeyPair);
const fragments = { rsa: 'main-key', ed25519: 'ed25519-key' } as const;
const types = ['rsa', 'ed25519'] as const;
/** Actors whose keys are kept parsed; a parsed pair takes a few kilobytes. */
const cached = 5000;
/** How long another process's new keys may go unnoticed. */
export const keysKeptMs = 10_000;
/** Pairs made at once: fewer than libuv's four threads, which disk, DNS and passwords need too. */
const makers = 2;
/** More accounts than this that wait for their keys are left to first use. */
const longestQueue = 200;

/**
 * Keeps key pairs sealed in the store (JWE `dir` + A256GCM under the instance key, bound to their key id) and parsed in
 * a cache. Several processes may need the same missing pair at once: the unique index lets one win, all use the winner's.
 */
export function createKeyStore(given: KeyStoreDeps): KeyStore & { stop(): void } {
  const deps = { ...given, inTurn: createTurns(makers) };
  const pairs = new LRUCache<string, Promise<Pairs | null>>({ max: cached, ttl: keysKeptMs });
  const signing = new LRUCache<string, Promise<SigningKey>>({ max: cached });
  const waiting: string[] = [];
  let busy = false;

  const pairsOf = (accountId: string): Promise<Pairs | null> => {
    const known = pairs.get(accountId);
    if (known) return known;
    const loading = loadPairs(deps, accountId);
    pairs.set(accountId, loading);
    const forget = (): void => void (pairs.peek(accountId) === loading && pairs.delete(accountId));
    loading.then((found) => found ?? forget(), forget);
    return loading;
  };

  const makeAhead = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      // A failure shows again, and to somebody who can be told, when the key is needed.
      await pairsOf(id).catch(() => null);
    }
    busy = false;
  };

  return {
    create: async (accountId) => {
      if (!deps.ahead || waiting.length >= longestQueue) return;
      waiting.push(accountId);
      void makeAhead();
    },
    publicKeys: pairsOf,
    signingKey: async (accountId, type) => {
      const pair = (await pairsOf(accountId))?.[type];
      if (!pair) return null;
      const known = signing.get(pair.sealedPrivateKey) ?? unseal(deps.instanceKey, pair);
      signing.set(pair.sealedPrivateKey, known);
      return known;
    },
    demandUnsealed: async () => {
      const some = await deps.db.keyPairs.findOne({});
      if (some) await unseal(deps.instanceKey, some);
    },
    renew: async (accountId) => {
      await renewPairs(deps, accountId);
      pairs.delete(accountId);
    },
    stop: () => void waiting.splice(0),
  };
}

type Deps = KeyStoreDeps & { inTurn: <T>(work: () => Promise<T>) => Promise<T> };

/** Lets `width` pieces of work run at once, the others in the order in which they came. */
function createTurns(width: number): Deps['inTurn'] {
  const ends: Promise<unknown>[] = Array.from({ length: width }, () => Promise.resolve());
  let next = 0;
  return (work) => {
    const lane = next++ % width;
    const run = (ends[lane] ?? Promise.resolve()).then(work);
    ends[lane] = run.catch(() => undefined);
    return run;
  };
}

async function loadPairs(deps: Deps, accountId: string): Promise<Pairs | null> {
  const stored = await storedPairs(deps, accountId);
  if (stored.rsa && stored.ed25519) return { rsa: stored.rsa, ed25519: stored.ed25519 };
  const account = await deps.db.accounts.findOne({ _id: accountId });
  if (account?.domain !== null) return null;
  const missing = types.filter((type) => !stored[type]);
  for (const type of missing)
    await deps.inTurn(() => makePair(deps, { accountId, type, actor: account.uri }));
  const { rsa, ed25519 } = await storedPairs(deps, accountId);
  if (!rsa || !ed25519) throw new Error('The key pairs of an account could not be stored');
  return { rsa, ed25519 };
}

async function storedPairs({ db }: KeyStoreDeps, accountId: string): Promise<Partial<Pairs>> {
  const found = await db.keyPairs.find({ accountId }).toArray();
  return Object.fromEntries(found.map((pair) => [pair.type, pair]));
}

/** In place of the old ones, under the same ids: that is where other servers look when a signature does not fit. */
async function renewPairs(deps: Deps, accountId: string): Promise<void> {
  const account = await deps.db.accounts.findOne({ _id: accountId });
  if (account?.domain !== null) return;
  for (const type of types) {
    const { _id, ...fields } = await deps.inTurn(() =>
      newPair(deps, { accountId, type, actor: account.uri }),
    );
    const update = { $set: fields, $setOnInsert: { _id } };
    await deps.db.keyPairs.updateOne({ accountId, type }, update, { upsert: true });
  }
}

interface Wanted {
  accountId: string;
  type: KeyPair['type'];
  actor: string;
}

async function makePair(deps: KeyStoreDeps, wanted: Wanted): Promise<void> {
  const pair = await newPair(deps, wanted);
  await deps.db.keyPairs.insertOne(pair).catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
  });
}

async function newPair(deps: KeyStoreDeps, { accountId, type, actor }: Wanted): Promise<KeyPair> {
  const { publicKey, privateKey } =
    type === 'rsa' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ed25519');
  const keyId = `${actor}#${fragments[type]}`;
  return {
    _id: deps.ids.next(),
    accountId,
    type,
    keyId,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sealedPrivateKey: await seal(deps.instanceKey, keyId, privateKey),
    createdAt: deps.clock.now().toISOString(),
  };
}

function seal(instanceKey: Uint8Array, keyId: string, key: KeyObject): Promise<string> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return new CompactEncrypt(der)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keyId })
    .encrypt(instanceKey);
}

/** @throws StartError when it was sealed under another instance key, or for another key id */
async function unseal(instanceKey: Uint8Array, pair: KeyPair): Promise<SigningKey> {
  const { plaintext, protectedHeader } = await compactDecrypt(pair.sealedPrivateKey, instanceKey, {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  }).catch(() => {
    throw new StartError(
      `The private key ${pair.keyId} cannot be unsealed: secrets.json or LANDFALL_SECRET is another instance's. ` +
        'Restore the right one. If it is lost for good, `landfall keys renew --all` makes new keys for everybody.',
    );
  });
  if (protectedHeader.kid !== pair.keyId)
    throw new Error(`A sealed private key is not that of ${pair.keyId}`);
  const privateKey = createPrivateKey({ key: Buffer.from(plaintext), format: 'der', type: 'pkcs8' });
  return { keyId: pair.keyId, algorithm: pair.type === 'rsa' ? 'rsa-sha256' : 'ed25519', privateKey };
}
