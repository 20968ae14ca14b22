import type { JsonObject } from '../../../federation/ports.js';
import { lookupHandle } from '../../../federation/discovery/webfinger.js';
import { parseActor, type InvalidActor, type RemoteActor } from '../../../federation/vocabulary/actor.js';
import type { Account } from '../../model/account.js';
import { isSuspended } from '../../policy/domains.js';
import { isDuplicateKey } from '../../store/port.js';
import { acctKeyOf } from '../accounts.js';
import { now, type Ctx } from '../ctx.js';
import { deleteAccount } from '../deletion.js';
import { domainRules } from '../domains.js';
import { hostOf } from '../urls.js';
import { isStale, toRemoteAccount } from './actor-document.js';
import { hasKnownKeys, storeKeys } from './actor-keys.js';
import { handleOf, type RemoteHandle } from './handle.js';
import { mayMeet } from './newcomers.js';
import { findOwnAccount } from './own.js';

export interface ResolveOptions {
  /** Fetch even when a recent copy is at hand. */
  refresh?: boolean;
  /** The actor document, already fetched from its own id. */
  document?: JsonObject;
}

/**
 * The account behind an actor IRI: ours, a recent copy, or fetched. A stored copy is better than none: it is answered
 * when the fetch fails. @returns null when there is none to be had, or its domain is suspended
 */
export async function resolveActor(
  ctx: Ctx,
  uri: string,
  options: ResolveOptions = {},
): Promise<Account | null> {
  const own = await findOwnAccount(ctx, uri);
  if (own !== undefined) return own;
  const host = hostOf(uri);
  if (host === null || isSuspended(await domainRules(ctx), host)) return null;
  const stored = await ctx.db.accounts.findOne({ uri });
  if (stored?.deletedAt) return null;
  if (stored && !options.refresh && !isStale(ctx, stored)) return stored;
  if (options.document) return (await ingestActor(ctx, options.document)) ?? stored;
  if (!stored && !(await mayMeet(ctx, host))) return null;
  return fetchActor(ctx, uri, stored);
}

async function fetchActor(ctx: Ctx, uri: string, stored: Account | null): Promise<Account | null> {
  const loaded = await ctx.documents.load(uri.replace(/#.*$/, ''));
  if (loaded.outcome === 'ok') return (await ingestActor(ctx, loaded.document)) ?? stored;
  if (loaded.outcome === 'gone' && stored) {
    await deleteAccount(ctx, stored);
    return null;
  }
  ctx.log.debug({ uri, outcome: loaded.outcome, reason: loaded.reason }, 'an actor could not be fetched');
  return stored;
}

/** The account behind `user@domain`: known here, or found by WebFinger. @returns null when there is none */
export async function resolveHandle(ctx: Ctx, acct: string): Promise<Account | null> {
  const key = acctKeyOf(ctx, acct);
  if (key === null) return null;
  const known = await ctx.db.accounts.findOne({ acctKey: key });
  if (known && (known.domain === null || !isStale(ctx, known))) return known.deletedAt ? null : known;
  const domain = key.split('@')[1];
  if (domain === undefined || isSuspended(await domainRules(ctx), domain)) return known;
  if (!known && !(await mayMeet(ctx, domain))) return null;
  const found = await lookupHandle(key, ctx.http);
  if (found.outcome !== 'ok') return known;
  return (await resolveActor(ctx, found.actorUri, { refresh: true })) ?? known;
}

/**
 * Stores what an actor document says that was fetched from its own id. @returns null when it is no usable actor, or its
 * host is suspended
 */
export async function ingestActor(ctx: Ctx, document: JsonObject): Promise<Account | null> {
  const actor = parseActor(document);
  return 'invalid' in actor ? unusable(ctx, actor) : ingestParsed(ctx, actor);
}

/**
 * The same for a document that an actor sent of itself, signed. Keys change only by a fetch from the actor's own id
 * (ATTACKS 34): a stolen key must not be able to replace itself. @returns null when it has to be fetched
 */
export async function ingestSentActor(
  ctx: Ctx,
  sender: Account,
  document: JsonObject,
): Promise<Account | null> {
  const actor = parseActor(document);
  if ('invalid' in actor) return unusable(ctx, actor);
  return actor.id === sender.uri && (await hasKnownKeys(ctx, actor)) ? ingestParsed(ctx, actor) : null;
}

function unusable(ctx: Ctx, { invalid }: InvalidActor): null {
  ctx.log.debug({ reason: invalid }, 'an actor document is not usable');
  return null;
}

async function ingestParsed(ctx: Ctx, actor: RemoteActor): Promise<Account | null> {
  if (isSuspended(await domainRules(ctx), hostOf(actor.id) ?? '')) return null;
  const stored = await ctx.db.accounts.findOne({ uri: actor.id });
  if (stored?.deletedAt) return null;
  const handle = await handleOf(ctx, actor, stored);
  if (handle === null) return null;
  // Both share a transaction: whoever comes for the first time waits for the disk once.
  const [account] = await Promise.all([storeActor(ctx, { actor, handle, stored }), storeKeys(ctx, actor)]);
  return account;
}

async function storeActor(
  ctx: Ctx,
  input: { actor: RemoteActor; handle: RemoteHandle; stored: Account | null },
): Promise<Account> {
  const { actor, handle, stored } = input;
  const fields = toRemoteAccount(ctx, actor, handle);
  await freeHandle(ctx, fields.acctKey, actor.id);
  if (stored) {
    if (actor.published === null) fields.createdAt = stored.createdAt;
    const updated = await ctx.db.accounts.findOneAndUpdate(
      { _id: stored._id },
      { $set: { ...fields } },
      { returnDocument: 'after' },
    );
    return updated ?? stored;
  }
  const account: Account = {
    ...fields,
    _id: ctx.ids.next(),
    lastStatusAt: null,
    statusesCount: 0,
    followersCount: 0,
    followingCount: 0,
    movedToId: null,
    suspendedAt: null,
    silencedAt: null,
    deletedAt: null,
  };
  try {
    await ctx.db.accounts.insertOne(account);
    return account;
  } catch (error) {
    const winner = isDuplicateKey(error) ? await ctx.db.accounts.findOne({ uri: actor.id }) : null;
    if (!winner) throw error;
    return winner;
  }
}

/** A server that was set up anew gives a known handle to a new actor: the old one steps back. */
async function freeHandle(ctx: Ctx, acctKey: string, uri: string): Promise<void> {
  const holder = await ctx.db.accounts.findOne({ acctKey });
  if (!holder || holder.uri === uri || holder.domain === null) return;
  await ctx.db.accounts.updateOne(
    { _id: holder._id },
    { $set: { acctKey: `${acctKey}#${holder._id}`, deletedAt: now(ctx) } },
  );
}
