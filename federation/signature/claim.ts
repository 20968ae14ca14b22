import type { PublicKey } from '../ports.js';

export type Dialect = 'cavage' | 'rfc9421';

/** Why a request is not taken as signed. Words for logs and tests; never shown with more detail to the sender. */
export type RefusalReason =
  | 'unsigned'
  | 'ambiguous-headers'
  | 'malformed-signature'
  | 'malformed-key-id'
  | 'wrong-host'
  | 'local-key'
  | 'blocked'
  | 'unsupported-algorithm'
  | 'unsupported-component'
  | 'missing-header'
  | 'target-not-signed'
  | 'host-not-signed'
  | 'date-not-signed'
  | 'digest-not-signed'
  | 'digest-malformed'
  | 'content-digest-malformed'
  | 'digest-weak'
  | 'digest-mismatch'
  | 'date-malformed'
  | 'too-old'
  | 'in-future'
  | 'expired'
  | 'key-gone'
  | 'key-unavailable'
  | 'key-refused'
  | 'key-mismatch'
  | 'bad-signature';

/** `retryable` is true where the sender did nothing wrong and may succeed later: answer 503, not 401. */
export interface Refused {
  outcome: 'refused';
  reason: RefusalReason;
  retryable: boolean;
}

/** The times a signature covers, as far as it covers any. Seconds are Unix seconds. */
export interface ClaimedTimes {
  /** The Date field, when it is signed. */
  date: string | null;
  /** `(created)` or `created`, when it is signed. */
  created: number | null;
  /** Honoured even when it is not signed: it can only shorten the life of the signature. */
  expires: number | null;
}

/** One signature of a request, read and found to cover what it must; not yet compared with any key. */
export interface SignatureClaim {
  dialect: Dialect;
  /** An absolute http(s) URL, as sent. */
  keyId: string;
  /** Host of `keyId`, lower-cased and in punycode, with port where it is not the default. */
  keyHost: string;
  /** Names of the header fields (and derived components) that it covers, in lower case. */
  covers: readonly string[];
  times: ClaimedTimes;
  /** The bytes of the signature. Unlike the header around them they cannot be written another way. */
  signature: Buffer;
  /** `key-mismatch`: the named algorithm is not one this kind of key makes. */
  check(key: PublicKey): 'ok' | 'bad-signature' | 'key-mismatch';
}

/** The result of a refusal that will be the same tomorrow; only an unreachable key is worth another try. */
export function refused(reason: RefusalReason): Refused {
  return { outcome: 'refused', reason, retryable: reason === 'key-unavailable' };
}
