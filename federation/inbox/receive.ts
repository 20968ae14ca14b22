import type { Clock, JsonObject, KeyResolver, PublicKey } from '../ports.js';
import type { Dialect, RefusalReason, Refused, SignatureClaim } from '../signature/claim.js';
import type { FreshnessWindow } from '../signature/freshness.js';
import { canonicalHost, fieldValue, type SignedRequest } from '../signature/request.js';
import {
  checkBodyAndDates,
  readSignedRequest,
  screenSigners,
  verifyWithKeys,
  type Verified,
} from '../signature/verify.js';
import { parseWebUrl } from '../signature/web-url.js';
import {
  attribute,
  readActivityHead,
  selfDeletingActor,
  type ActivityHead,
  type HeadFault,
} from './attribution.js';
import { parseJsonObject, type JsonLimits, type ParsedJson } from '../vocabulary/json.js';
import { isActivityMediaType } from './media-type.js';

export type ReceiveLimits = JsonLimits;

export const DEFAULT_LIMITS: ReceiveLimits = { maxBytes: 1_048_576, maxDepth: 32, maxNodes: 20_000 };

export interface ReceiveDeps {
  keys: KeyResolver;
  clock: Clock;
  window?: FreshnessWindow;
  limits?: Partial<ReceiveLimits>;
  /** Domain policy, asked before any network; the host is lower-cased, in punycode, with port where not the default. */
  isBlocked(host: string): boolean | Promise<boolean>;
  /** Is there anything of this actor here that its Delete could remove? */
  knowsActor(actorId: string): boolean | Promise<boolean>;
  /**
   * Is more taken from this host just now? Asked with the host of whoever signed, once that is proven and before the
   * activity is parsed. Default: yes.
   */
  hasRoomFor?(host: string): boolean;
}

interface Signed extends ActivityHead {
  /** As parsed, without prototype keys. The bytes that were signed are `request.body`. */
  activity: JsonObject;
  key: PublicKey;
  dialect: Dialect;
  /** What tells a request that is sent again from a new one: nobody but the signer can make another. */
  signature: Buffer;
  /** Names of the header fields that the signature covers. */
  covered: readonly string[];
}

export type RejectionReason =
  | RefusalReason
  | HeadFault
  | Extract<ParsedJson, { outcome: 'invalid' }>['reason']
  | 'unsupported-media-type'
  | 'unsupported-encoding'
  | 'actor-mismatch'
  | 'id-mismatch'
  | 'local-actor'
  | 'too-many';

export type Received =
  /** The actor itself sent it. Store durably, then answer 202. */
  | ({ outcome: 'accepted' } & Signed)
  /**
   * The signer vouches for the delivery, not for the content: the activity is another server's. Answer 202; at most
   * fetch `activityId` from its origin. Never read anything else from `activity`. Signer: `key.owner`.
   */
  | ({ outcome: 'forwarded' } & Signed & { activityId: string })
  /** Nothing to do, and no reason to have the sender try again: answer 202. */
  | { outcome: 'ignored'; reason: 'unknown-actor-deleted' | 'forwarded-from-blocked' }
  /** As above; nothing is proven, but `actor` is worth a fetch from its own id to see whether it is gone. */
  | { outcome: 'ignored'; reason: 'deleted-with-key'; actor: string }
  | { outcome: 'rejected'; status: RejectionStatus; reason: RejectionReason };

export type RejectionStatus = 400 | 401 | 403 | 413 | 415 | 503;

/**
 * Receives one POST to an inbox: from raw bytes to a typed activity, or the reason why not. Steps, cheapest first: size,
 * media type, signature headers, domain policy, digest, dates, key, signature, JSON, owner. There is no network before
 * all that can be judged without it, and LD signatures are never trusted. Throws only what its ports throw.
 */
export async function receive(request: SignedRequest, deps: ReceiveDeps): Promise<Received> {
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const unfit = findUnfit(request, limits);
  if (unfit) return reject(unfit);
  const claims = await readClaims(request, deps);
  if ('outcome' in claims) return reject(claims.reason);

  const early = looksLikeDelete(request.body) ? parseJsonObject(request.body, limits) : null;
  const leaving = early?.outcome === 'ok' ? selfDeletingActor(early.value) : null;
  // Whole networks hear of each deleted account; without this, each would cost a fetch of a key that is gone.
  if (leaving !== null && !(await deps.knowsActor(leaving)))
    return { outcome: 'ignored', reason: 'unknown-actor-deleted' };

  const verification = await verifyWithKeys(claims, deps);
  if (verification.outcome === 'refused') {
    if (verification.reason === 'key-gone' && leaving !== null)
      return { outcome: 'ignored', reason: 'deleted-with-key', actor: leaving };
    return reject(verification.reason);
  }
  if (deps.hasRoomFor?.(parseWebUrl(verification.key.owner)?.host ?? '') === false) return reject('too-many');
  const parsed = early ?? parseJsonObject(request.body, limits);
  if (parsed.outcome === 'invalid') return reject(parsed.reason);
  return judge(parsed.value, verification, { deps, hosts: request.hosts });
}

function findUnfit(request: SignedRequest, limits: ReceiveLimits): RejectionReason | null {
  if (request.body.length > limits.maxBytes) return 'too-large';
  if (!isActivityMediaType(fieldValue(request.headers, 'content-type'))) return 'unsupported-media-type';
  // Nobody in the field compresses deliveries, and inflating before the digest is known is an open door.
  const encoding = fieldValue(request.headers, 'content-encoding')?.toLowerCase() ?? 'identity';
  return encoding === 'identity' || encoding === '' ? null : 'unsupported-encoding';
}

async function readClaims(
  request: SignedRequest,
  deps: ReceiveDeps,
): Promise<readonly SignatureClaim[] | Refused> {
  const claims = readSignedRequest(request);
  if ('outcome' in claims) return claims;
  const screened = await screenSigners(claims, request.hosts, (host) => deps.isBlocked(host));
  if ('outcome' in screened) return screened;
  return checkBodyAndDates(request, screened, deps.clock.now(), deps.window);
}

async function judge(
  activity: JsonObject,
  verified: Verified,
  { deps, hosts }: { deps: ReceiveDeps; hosts: readonly string[] },
): Promise<Received> {
  const { key, dialect, signature, covered } = verified;
  const head = readActivityHead(activity);
  if (typeof head === 'string') return reject(head);
  const actorHost = parseWebUrl(head.actor)?.host ?? '';
  if (hosts.some((ours) => canonicalHost(ours) === canonicalHost(actorHost))) return reject('local-actor');
  const attribution = attribute(head, key.owner);
  const signed = { activity, key, dialect, signature, covered };
  if (attribution === 'own') return { outcome: 'accepted', ...head, actor: key.owner, ...signed };
  if (attribution !== 'forwarded' || head.activityId === null)
    return reject(attribution === 'forwarded' ? 'actor-mismatch' : attribution);
  if (await deps.isBlocked(actorHost)) return { outcome: 'ignored', reason: 'forwarded-from-blocked' };
  const { activityId } = head;
  return { outcome: 'forwarded', ...head, activityId, ...signed };
}

/** A cheap look at the bytes; only a hint which requests are worth parsing before their signature is checked. */
function looksLikeDelete(body: Buffer): boolean {
  return body.includes('"Delete"');
}

function reject(reason: RejectionReason): Received {
  return { outcome: 'rejected', status: STATUS[reason] ?? 401, reason };
}

/** 401 unless stated: the codes Mastodon answers with where it has a clear one. */
const STATUS: Readonly<Partial<Record<RejectionReason, RejectionStatus>>> = {
  'too-large': 413,
  'unsupported-media-type': 415,
  'unsupported-encoding': 415,
  'ambiguous-headers': 400,
  'malformed-signature': 400,
  'content-digest-malformed': 400,
  encoding: 400,
  syntax: 400,
  'not-an-object': 400,
  'too-deep': 400,
  'too-wide': 400,
  'no-type': 400,
  'no-actor': 400,
  'malformed-id': 400,
  'ambiguous-keys': 400,
  blocked: 403,
  'actor-mismatch': 403,
  'id-mismatch': 403,
  'local-actor': 403,
  'key-unavailable': 503,
  // Not 429: there is software that gives up on any 4xx, and none that gives up on 503 (decisions/070).
  'too-many': 503,
};
