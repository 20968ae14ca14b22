import type { HttpClient, HttpOutcome } from '../fetch/client.js';
import type { Clock, SigningKey } from '../ports.js';
import { AS_MEDIA_TYPE } from '../vocabulary/names.js';
import { retryAfterOf } from './retry.js';

/** The two ways to sign a request: draft-cavage-http-signatures-12, and RFC 9421. */
export type SignatureDialect = 'cavage' | 'rfc9421';

/** Signs one request and returns all its header fields. Called anew for each try: signatures age. */
export type RequestSigner = (request: {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  key: SigningKey;
  now: Date;
}) => Record<string, string> | Promise<Record<string, string>>;

export interface DeliveryInput {
  inbox: string;
  /** The activity's JSON, byte for byte what is signed and sent. */
  body: Uint8Array | string;
  /** Further header fields, e.g. `collection-synchronization`. */
  headers?: Readonly<Record<string, string>>;
  /** For the log. */
  activityId?: string;
  /** The actor's keys. */
  keys: readonly SigningKey[];
  /** What is tried first: the dialect that worked for this host before. */
  dialect: SignatureDialect;
  /** How many attempts this delivery has had, this one included. Default 1. */
  attempt?: number;
}

export interface DeliveryDeps {
  http: HttpClient;
  sign: Record<SignatureDialect, RequestSigner>;
  clock: Clock;
  log?: { debug(fields: object, message: string): void };
  /** Milliseconds for one try. Default 20 s. */
  timeoutMs?: number;
}

export interface DeliveryResult {
  /**
   * `delivered`; `retry` later; `gone`: the inbox answered 404 or 410, its actor should be looked at; `refused`: this
   * delivery is over, trying again will not help.
   */
  outcome: 'delivered' | 'retry' | 'gone' | 'refused';
  /** Null when there was no answer. */
  status: number | null;
  reason: string;
  /** The earliest time for the next try that the host asked for, in milliseconds from now; null: not told. */
  retryAfterMs: number | null;
  /** The dialect of the last try. After `delivered` the one to remember for this host. */
  dialectUsed: SignatureDialect;
  /** False: the host itself fails (no answer, or 5xx), which is what the breaker counts. */
  hostAlive: boolean;
}

/** A refusal may be a passing trouble (our key could not be fetched just then); after so many it is meant. */
export const REFUSAL_TRIES = 3;

const other = (dialect: SignatureDialect): SignatureDialect => (dialect === 'cavage' ? 'rfc9421' : 'cavage');

/** Nearly everybody verifies RSA in both dialects; Ed25519 only in RFC 9421, and only a few. */
function keyFor(dialect: SignatureDialect, keys: readonly SigningKey[]): SigningKey | null {
  const rsa = keys.find((key) => key.algorithm === 'rsa-sha256');
  return rsa ?? (dialect === 'rfc9421' ? (keys.find((key) => key.algorithm === 'ed25519') ?? null) : null);
}

/** What an answer means, before counting tries. */
function judge(outcome: HttpOutcome, clock: Clock): Omit<DeliveryResult, 'dialectUsed'> {
  if (outcome.outcome === 'refused') {
    // Our own rules said no: a private address, a blocked host. Nothing was sent.
    return { outcome: 'refused', status: null, reason: outcome.reason, retryAfterMs: null, hostAlive: true };
  }
  if (outcome.outcome === 'failed') {
    // What happened on our own side says nothing about the host.
    const hostAlive = ['busy', 'closed', 'aborted'].includes(outcome.reason);
    return { outcome: 'retry', status: null, reason: outcome.reason, retryAfterMs: null, hostAlive };
  }
  const { status } = outcome;
  const told = { status, reason: `status ${status}`, retryAfterMs: null, hostAlive: status < 500 };
  if (status >= 200 && status < 300) return { outcome: 'delivered', ...told };
  if (status === 404 || status === 410) return { outcome: 'gone', ...told };
  if (status === 429 || status === 503) {
    const retryAfterMs = retryAfterOf(outcome.headers['retry-after'], clock.now());
    return { ...told, outcome: 'retry', retryAfterMs };
  }
  if (status === 408 || status >= 500) return { outcome: 'retry', ...told };
  return { outcome: 'refused', ...told };
}

/**
 * Sends one activity to one inbox: signs, posts, and on 401 signs and posts once more in the other dialect. Never
 * throws for anything that the other side does. Other 4xx answers (and 401 in both dialects) count as `retry` until
 * the third attempt, then as `refused`.
 */
export async function attemptDelivery(input: DeliveryInput, deps: DeliveryDeps): Promise<DeliveryResult> {
  const body = Buffer.from(input.body);

  const post = async (dialect: SignatureDialect): Promise<DeliveryResult> => {
    const key = keyFor(dialect, input.keys);
    if (key === null) {
      const none = { status: null, reason: 'no-key', retryAfterMs: null, hostAlive: true };
      return { outcome: 'refused', ...none, dialectUsed: dialect };
    }
    const outcome = await deps.http.request({
      method: 'POST',
      url: input.inbox,
      headers: {
        ...input.headers,
        'content-type': AS_MEDIA_TYPE,
        accept: `${AS_MEDIA_TYPE}, application/json`,
      },
      body,
      redirects: 1,
      timeoutMs: deps.timeoutMs ?? 20_000,
      maxBytes: 16 * 1024,
      // A chatty 202 is a 202: its text is of no interest.
      cutBody: true,
      sign: ({ method, url, headers }) =>
        deps.sign[dialect]({ method, url, headers, body, key, now: deps.clock.now() }),
    });
    return { dialectUsed: dialect, ...judge(outcome, deps.clock) };
  };

  const first = await post(input.dialect);
  const second = first.status === 401 && keyFor(other(input.dialect), input.keys) !== null;
  const result = second ? await post(other(input.dialect)) : first;
  const mayPass =
    result.outcome === 'refused' && result.status !== null && (input.attempt ?? 1) < REFUSAL_TRIES;
  const final: DeliveryResult = mayPass ? { ...result, outcome: 'retry' } : result;
  deps.log?.debug({ inbox: input.inbox, activityId: input.activityId, ...final }, 'delivery attempt');
  return final;
}
