import { LRUCache } from 'lru-cache';
import { sameOrigin } from '../../../federation/inbox/origin.js';
import type { KeyResolver, PublicKey } from '../../../federation/ports.js';
import { parsePublicKey } from '../../../federation/signature/keys.js';
import { growing } from '../../growing.js';
import type { RemoteKey } from '../../model/account.js';
import { isSuspended } from '../../policy/domains.js';
import { domainRules } from '../domains.js';
import type { Ctx } from '../ctx.js';
import { createTurns } from '../../turns.js';
import { hostOf } from '../urls.js';
import { resolveActor } from './actors.js';
import { createWindows } from './host-counts.js';
import { mayMeet } from './newcomers.js';

type Answer = PublicKey | 'gone' | 'unavailable' | 'refused';

/** A failed look-up is not repeated for this long. */
const negativeMs = 60_000;
/** Keys of one host that were not to be had, before it is asked for no more in that time. */
const maxFailures = 30;
/** A key is refetched after a failed check at most this often. */
const refreshMs = 60_000;

/**
 * Public keys of other servers' actors: from the store, else from the actor's own document, once for any number of
 * requests that wait for it. A key counts only where the document fetched from its owner's own id lists it.
 */
export function createKeyResolver(ctx: Ctx): KeyResolver {
  const refused = new LRUCache<string, 'gone' | 'unavailable'>(growing(10_000));
  const refusedAt = new LRUCache<string, number>(growing(10_000));
  const refreshedAt = new LRUCache<string, number>(growing(10_000));
  const parsed = new LRUCache<string, PublicKey>(growing(10_000));
  const failures = createFailureCounts(ctx);
  const underWay = new Map<string, Promise<Answer>>();
  const myTurn = createTurns();

  async function stored(keyId: string): Promise<PublicKey | null> {
    const document = (await ctx.db.remoteKeys.findOne({ keyId })) ?? (await findOnlyKey(ctx, keyId));
    if (!document) return null;
    const known = parsed.get(document.keyId);
    if (known && known.fetchedAt.toISOString() === document.fetchedAt) return known;
    const key = toPublicKey(document);
    if (key) parsed.set(document.keyId, key);
    return key;
  }

  async function fetched(keyId: string): Promise<Answer> {
    const at = ctx.clock.now().getTime();
    const before = refused.get(keyId);
    if (before && Math.abs(at - (refusedAt.get(keyId) ?? 0)) < negativeMs) return before;
    const host = hostOf(keyId) ?? '';
    if (failures.areTooMany(host)) return 'unavailable';
    const ended = failures.begin(host);
    const outcome = await fetchOwner(ctx, keyId, myTurn).finally(ended);
    const key = outcome === 'ok' ? await stored(keyId) : null;
    if (key) return key;
    failures.note(host);
    const answer = outcome === 'gone' ? 'gone' : 'unavailable';
    refused.set(keyId, answer);
    refusedAt.set(keyId, at);
    return answer;
  }

  function fetchOnce(keyId: string): Promise<Answer> {
    const running = underWay.get(keyId);
    if (running) return running;
    const promise = fetched(keyId).finally(() => underWay.delete(keyId));
    underWay.set(keyId, promise);
    return promise;
  }

  return {
    async resolve(keyId, { refresh }) {
      const host = hostOf(keyId);
      if (host === null || ctx.names.isOwn(host)) return 'refused';
      if (isSuspended(await domainRules(ctx), host)) return 'refused';
      const known = await stored(keyId);
      if (!refresh && known) return known;
      if (refresh && known) {
        const at = ctx.clock.now().getTime();
        if (Math.abs(at - (refreshedAt.get(keyId) ?? 0)) < refreshMs) return known;
        refreshedAt.set(keyId, at);
        const fresh = await fetchOnce(keyId);
        return fresh === 'unavailable' ? known : fresh;
      }
      return fetchOnce(keyId);
    },
  };
}

/**
 * Counts the keys that a host did not have, in windows of a minute: somebody who invents key ids makes us ask that host
 * no more often than this (ATTACKS 37), at once as well: look-ups that are under way count until their end is known.
 * Senders are told to come back.
 */
function createFailureCounts(ctx: Ctx): {
  areTooMany(host: string): boolean;
  note(host: string): void;
  /** A look-up begins. @returns what is to be called at its end */
  begin(host: string): () => void;
} {
  const open = new Map<string, number>();
  const windows = createWindows(ctx.clock, () => ({ count: 0 }));
  return {
    areTooMany: (host) => windows(host).counts.count + (open.get(host) ?? 0) >= maxFailures,
    begin(host) {
      open.set(host, (open.get(host) ?? 0) + 1);
      return () => {
        const left = (open.get(host) ?? 1) - 1;
        if (left > 0) open.set(host, left);
        else open.delete(host);
      };
    },
    note: (host) => void (windows(host).counts.count += 1),
  };
}

/** activitypub-express (Guppe, Immers) names the actor where the key belongs: unmistakable where it has one RSA key. */
async function findOnlyKey(ctx: Ctx, actorUri: string): Promise<RemoteKey | null> {
  const keys = await ctx.db.remoteKeys.find({ owner: actorUri }).limit(10).toArray();
  const [key, second] = keys.filter(({ publicPem }) => parsePublicKey(publicPem)?.algorithm === 'rsa');
  return key && !second ? key : null;
}

function toPublicKey(document: RemoteKey): PublicKey | null {
  const key = parsePublicKey(document.publicPem);
  if (!key) return null;
  return { keyId: document.keyId, owner: document.owner, ...key, fetchedAt: new Date(document.fetchedAt) };
}

/** Loads what the key id names, then the owner's own document, whose keys are stored on the way. */
async function fetchOwner(
  ctx: Ctx,
  keyId: string,
  myTurn: () => Promise<void>,
): Promise<'ok' | 'gone' | 'unavailable'> {
  const id = keyId.replace(/#.*$/, '');
  const stranger =
    !(await ctx.db.remoteKeys.findOne({ keyId })) && !(await ctx.db.accounts.findOne({ uri: id }));
  if (stranger && !(await mayMeet(ctx, hostOf(keyId) ?? ''))) return 'unavailable';
  const loaded = await ctx.documents.load(id);
  if (loaded.outcome === 'gone' || loaded.outcome === 'not-found') return 'gone';
  if (loaded.outcome !== 'ok') return 'unavailable';
  // Reading and storing an actor takes milliseconds: senders who are known get theirs in between.
  await myTurn();
  const { document } = loaded;
  const owner = document['owner'] ?? document['controller'];
  const uri = typeof owner === 'string' ? owner : typeof document['id'] === 'string' ? document['id'] : null;
  if (uri === null || !sameOrigin(uri, keyId)) return 'unavailable';
  const own = typeof owner !== 'string';
  const account = await resolveActor(ctx, uri, { refresh: true, ...(own && { document }) });
  return account ? 'ok' : 'unavailable';
}
