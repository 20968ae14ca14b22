import type { JsonObject } from '../../../federation/ports.js';
import { confirmHandle, lookupHandle } from '../../../federation/discovery/webfinger.js';
import { parseActor, type RemoteActor } from '../../../federation/vocabulary/actor.js';
import type { Account } from '../../model/account.js';
import { isSuspended } from '../../policy/domains.js';
import { isDuplicateKey } from '../../store/port.js';
import { acctKeyOf } from '../accounts.js';
import { now, type Ctx } from '../ctx.js';
import { deleteAccount } from '../deletion.js';
import { domainRules } from '../domains.js';
import { hostOf } from '../urls.js';
import { toRemoteAccount } from './actor-document.js';
import { storeKeys } from './actor-keys.js';
import { findOwnAccount } from './own.js';

const freshMs = 86_400_000;

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

function isStale(ctx: Ctx, account: Account): boolean {
  const fetchedAt = account.remote ? Date.parse(account.remote.fetchedAt) : 0;
  return ctx.clock.now().getTime() - fetchedAt > freshMs;
}

/** The account behind `user@domain`: known here, or found by WebFinger. @returns null when there is none */
export async function resolveHandle(ctx: Ctx, acct: string): Promise<Account | null> {
  const key = acctKeyOf(ctx, acct);
  if (key === null) return null;
  const known = await ctx.db.accounts.findOne({ acctKey: key });
  if (known && (known.domain === null || !isStale(ctx, known))) return known.deletedAt ? null : known;
  const domain = key.split('@')[1];
  if (domain === undefined || isSuspended(await domainRules(ctx), domain)) return known;
  const found = await lookupHandle(key, ctx.http);
  if (found.outcome !== 'ok') return known;
  return (await resolveActor(ctx, found.actorUri, { refresh: true })) ?? known;
}

/**
 * Stores what an actor document says, fetched from its own id (or signed by its own key). @returns null when it is no
 * usable actor
 */
export async function ingestActor(ctx: Ctx, document: JsonObject): Promise<Account | null> {
  const actor = parseActor(document);
  if ('invalid' in actor) {
    ctx.log.debug({ reason: actor.invalid }, 'an actor document is not usable');
    return null;
  }
  const stored = await ctx.db.accounts.findOne({ uri: actor.id });
  if (stored?.deletedAt) return null;
  const domain = await domainOf(ctx, actor, stored);
  if (domain === null) return null;
  const account = await storeActor(ctx, { actor, domain, stored });
  await storeKeys(ctx, actor);
  return account;
}

/**
 * The domain of an actor's handle: usually its own host; another one only where that domain's WebFinger names this very
 * actor. A host whose actors had their handles there before is not asked again for each. Null: somebody else owns the
 * name.
 */
async function domainOf(ctx: Ctx, actor: RemoteActor, stored: Account | null): Promise<string | null> {
  const host = hostOf(actor.id) ?? '';
  if (stored?.domain && !isStale(ctx, stored)) return stored.domain;
  if (!stored && (await ctx.db.accounts.findOne({ domain: host }))) return host;
  const confirmed = await confirmHandle({ actorUri: actor.id, username: actor.username }, ctx.http);
  if (confirmed.outcome === 'ok') return confirmed.subject.domain;
  return confirmed.outcome === 'refused' ? null : (stored?.domain ?? host);
}

async function storeActor(
  ctx: Ctx,
  input: { actor: RemoteActor; domain: string; stored: Account | null },
): Promise<Account> {
  const { actor, domain, stored } = input;
  const fields = toRemoteAccount(ctx, actor, domain);
  if (stored) {
    const updated = await ctx.db.accounts.findOneAndUpdate(
      { _id: stored._id },
      { $set: { ...fields } },
      { returnDocument: 'after' },
    );
    return updated ?? stored;
  }
  await freeHandle(ctx, fields.acctKey, actor.id);
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
