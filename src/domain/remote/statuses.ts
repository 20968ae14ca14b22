import type { JsonObject } from '../../../federation/ports.js';
import { isSameId, sameOrigin } from '../../../federation/inbox/origin.js';
import { parseObject, type RemoteObject } from '../../../federation/vocabulary/object.js';
import type { Account } from '../../model/account.js';
import type { Quote, Status } from '../../model/status.js';
import { isSuspended } from '../../policy/domains.js';
import type { Ctx } from '../ctx.js';
import { domainRules } from '../domains.js';
import { arrive, type Carrier, type Stored } from '../arrivals.js';
import { emptyStatus, insertOnce } from '../status-store.js';
import { isBuried } from '../statuses-delete.js';
import { hostOf } from '../urls.js';
import { notLater } from './actor-document.js';
import { resolveActor } from './actors.js';
import { storeAttachments } from './attachments.js';
import { requestQuoteCheck } from './request-quote-check.js';
import { toPoll, toQuotePolicy, toToldStatus, toVisibility } from './object-document.js';
import { findOwnStatus } from './own.js';
import { adoptReplies, placeInThread } from './thread.js';

export interface Envelope {
  to: readonly string[];
  cc: readonly string[];
}

export type Ingested =
  | { outcome: 'stored' | 'known'; status: Status }
  /** `unavailable`: may work later. */
  | { outcome: 'refused' | 'unavailable'; reason: string };

export type LookedUp =
  { outcome: 'found'; status: Status } | { outcome: 'refused' | 'unavailable'; reason: string };

export interface FetchOptions {
  /** Who told us of it just now: what is their own was sent to us, by reference. Default: nobody, it was looked for. */
  sentBy?: Account;
  /** False: what it quotes in turn is not looked at, so that chains of quotes end. */
  checkQuote?: boolean;
}

/** A status by its IRI: ours, known, or fetched from its origin. */
export async function lookUpStatus(ctx: Ctx, uri: string, options: FetchOptions = {}): Promise<LookedUp> {
  const own = await findOwnStatus(ctx, uri);
  if (own !== undefined) return own ? { outcome: 'found', status: own } : refused('no status of ours');
  const host = hostOf(uri);
  if (host === null) return refused('id cannot be fetched');
  if (isSuspended(await domainRules(ctx), host)) return refused('domain suspended');
  const known = (await ctx.db.statuses.findOne({ uri })) ?? (await findByPage(ctx, uri));
  if (known) return { outcome: 'found', status: known };
  if (await isBuried(ctx, uri, null)) return refused('deleted before');
  const loaded = await ctx.documents.load(uri);
  if (loaded.outcome === 'ok') {
    const found = await ingestFetched(ctx, loaded.document, options);
    return 'status' in found ? { outcome: 'found', status: found.status } : found;
  }
  // What is not there may be there in a moment: some servers send before they have stored.
  const mayCome = loaded.outcome === 'unavailable' || loaded.outcome === 'not-found';
  return { outcome: mayCome ? 'unavailable' : 'refused', reason: `not to be had (${loaded.reason})` };
}

/** As `lookUpStatus`. @returns null when there is none to be had */
export async function resolveStatus(
  ctx: Ctx,
  uri: string,
  options: FetchOptions = {},
): Promise<Status | null> {
  const found = await lookUpStatus(ctx, uri, options);
  return found.outcome === 'found' ? found.status : null;
}

/** Pages may lie on a related host, which then must not stand in for an object of the page's own. */
async function findByPage(ctx: Ctx, url: string): Promise<Status | null> {
  const found = await ctx.db.statuses.findOne({ url });
  return found && sameOrigin(found.uri, url) ? found : null;
}

/** A document that was fetched from its own id. Its author must live on the same host. */
export async function ingestFetched(
  ctx: Ctx,
  document: JsonObject,
  { sentBy, checkQuote = true }: FetchOptions = {},
): Promise<Ingested> {
  const object = parseObject(document);
  if ('invalid' in object) return refused(object.invalid);
  if (object.id === null || object.attributedTo === null) return refused('object without id or author');
  if (!sameOrigin(object.id, object.attributedTo)) return refused('author of another host');
  const author = await resolveActor(ctx, object.attributedTo);
  if (!author) return { outcome: 'unavailable', reason: 'author not to be had' };
  const fetched = sentBy?._id !== author._id;
  const found = await ingestObject(ctx, author, { object, envelope: { to: [], cc: [] }, fetched });
  if (found.outcome === 'stored' && checkQuote) await requestQuoteCheck(ctx, found.status);
  return found;
}

export interface Arrival {
  object: RemoteObject;
  envelope: Envelope;
  /** Fetched rather than sent to us: nobody is notified, no timeline shows it. */
  fetched: boolean;
  /** What it came with. */
  carrier?: Carrier;
  /** The caller has just looked for it, and it is not there. */
  isUnknown?: boolean;
}

/**
 * Stores a remote object as a status of `author`, who is proven to have said it. Known ones are left as they are.
 */
export async function ingestObject(ctx: Ctx, author: Account, arrival: Arrival): Promise<Ingested> {
  const { object } = arrival;
  if (object.id === null) return refused('object without id');
  if (!sameOrigin(object.id, author.uri)) return refused('object of another host');
  if (object.attributedTo !== null && !isSameId(object.attributedTo, author.uri))
    return refused('object of another author');
  if (author.domain === null) return refused('object of a local account');
  const known = arrival.isUnknown ? null : await ctx.db.statuses.findOne({ uri: object.id });
  if (known) return { outcome: 'known', status: known };
  if (await isBuried(ctx, object.id, author._id)) return refused('deleted before');
  if (object.isVote) return refused('poll vote');
  const status = await toStatus(ctx, author, { id: object.id, ...arrival });
  const { fetched, carrier } = arrival;
  const event = { type: 'status.received', statusId: status._id, fetched } as const;
  const write = async (): Promise<Stored> => {
    const stored = await insertOnce(ctx, status);
    if (stored.created) await adoptReplies(ctx, stored.status);
    return stored;
  };
  const stored = await arrive(ctx, event, { carrier, write });
  return { outcome: stored.created ? 'stored' : 'known', status: stored.status };
}

async function toStatus(ctx: Ctx, author: Account, arrival: Arrival & { id: string }): Promise<Status> {
  const { object, envelope, id: uri } = arrival;
  const createdAt = notLater(ctx, object.published);
  const _id = ctx.ids.next(new Date(createdAt));
  const mentioned = await mentionedAccounts(ctx, object);
  const place = await placeInThread(ctx, object.inReplyTo, _id);
  return {
    _id,
    uri,
    accountId: author._id,
    local: false,
    visibility: toVisibility(object, author, envelope),
    createdAt,
    ...emptyStatus,
    ...toToldStatus(object, mentioned),
    ...place,
    quote: await toQuote(ctx, object),
    quotePolicy: toQuotePolicy(object, author),
    mediaIds: await storeAttachments(ctx, author, { object, statusId: _id }),
    poll: object.poll ? toPoll(ctx, _id, object.poll) : null,
    editedAt: object.updated !== null && object.updated > createdAt ? notLater(ctx, object.updated) : null,
  };
}

/** As many mentions as Mastodon resolves are looked up; unknown actors beyond a few are not fetched. */
const maxMentions = 100;
const maxFetchedMentions = 10;

/** Accounts behind the Mention tags: those known here, and the first few others. */
export async function mentionedAccounts(ctx: Ctx, object: RemoteObject): Promise<Account[]> {
  const found: Account[] = [];
  let fetches = 0;
  for (const href of new Set(object.mentions.slice(0, maxMentions).map((m) => m.href))) {
    const known = await ctx.db.accounts.findOne({ uri: href });
    const account =
      known ??
      (hostOf(href) !== null && fetches++ < maxFetchedMentions ? await resolveActor(ctx, href) : null);
    if (account && !account.deletedAt && !found.some((f) => f._id === account._id)) found.push(account);
  }
  return found;
}

/** Whom a quote names and whether it was allowed is settled by a job that fetches the quoted one and its stamp. */
export async function toQuote(ctx: Ctx, object: RemoteObject): Promise<Quote | null> {
  if (!object.quote) return null;
  const { uri, authorization, legacy } = object.quote;
  const quoted = (await findOwnStatus(ctx, uri)) ?? (await ctx.db.statuses.findOne({ uri }));
  const state = legacy ? 'accepted' : 'pending';
  return { state, statusId: quoted?._id ?? null, uri, requestUri: null, approvalUri: authorization };
}

function refused(reason: string): { outcome: 'refused'; reason: string } {
  return { outcome: 'refused', reason };
}
