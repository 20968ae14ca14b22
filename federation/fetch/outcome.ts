/** Why a request was not sent, or why its answer was not taken. Trying again will not help. */
export type RefusalReason =
  | 'bad-url'
  | 'scheme'
  | 'credentials'
  | 'port'
  /** The caller's rule: our own host, a blocked domain. */
  | 'host'
  /** The host leads to no public address. */
  | 'address'
  | 'redirect-limit'
  | 'redirect-downgrade'
  | 'content-type';

/** What went wrong on the way. Trying again later may help. */
export type FailureReason =
  | 'timeout'
  | 'aborted'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'reset'
  /** Not HTTP, headers too large, or a body that contradicts its length. */
  | 'protocol'
  /** A content coding that we do not know, a chain of them, or broken compressed data. */
  | 'encoding'
  | 'too-large'
  /** Too many requests wait for this origin, or too many origins are in use. */
  | 'busy'
  | 'closed';

export interface HttpResponse {
  outcome: 'response';
  status: number;
  /** Lower-case names; repeated fields joined with `, `. */
  headers: Record<string, string>;
  /** Decoded. For statuses other than 2xx at most the first 16 KiB. */
  body: Buffer;
  /** The URL that answered, after redirects. */
  url: string;
}

export type HttpOutcome =
  | HttpResponse
  | { outcome: 'refused'; reason: RefusalReason; url: string }
  | {
      outcome: 'failed';
      reason: FailureReason;
      /** an error code for the log */ detail: string;
      url: string;
    };

/** Thrown inside of the connector; never leaves this room. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

const byCode: Record<string, FailureReason> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  ESERVFAIL: 'dns',
  EREFUSED: 'dns',
  EBADNAME: 'dns',
  EBADRESP: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEOUT: 'dns',
  ECANCELLED: 'dns',
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  ENETUNREACH: 'connect',
  EADDRNOTAVAIL: 'connect',
  EPROTO: 'tls',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'protocol',
  UND_ERR_INVALID_ARG: 'protocol',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
  UND_ERR_ABORTED: 'aborted',
};

const families: readonly (readonly [RegExp, FailureReason])[] = [
  [
    /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/,
    'tls',
  ],
  [/^DNS_/, 'dns'],
  [/^(?:HPE_|HTTPParserError)/, 'protocol'],
  [/^(?:Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING|ERR_ZLIB)/, 'encoding'],
];

/** The codes (or names) of an error, of its causes, and of the errors gathered in an AggregateError, outermost first. */
function codesOf(error: unknown, depth = 0): string[] {
  if (error === null || typeof error !== 'object' || depth > 4) return [];
  const { code, name, errors, cause } = error as Record<'code' | 'name' | 'errors' | 'cause', unknown>;
  const inner: unknown[] = Array.isArray(errors) ? errors.slice(0, 8) : [cause];
  const own = typeof code === 'string' ? code : name;
  return [...(typeof own === 'string' ? [own] : []), ...inner.flatMap((each) => codesOf(each, depth + 1))];
}

/** Turns whatever the network threw into a word; `url` names the hop it happened on. */
export function toFailure(error: unknown, url: string): HttpOutcome {
  const codes = codesOf(error);
  if (codes.includes('ADDRESS_REFUSED')) return { outcome: 'refused', reason: 'address', url };
  for (const code of codes) {
    const reason = byCode[code] ?? families.find(([pattern]) => pattern.test(code))?.[1];
    if (reason !== undefined) return { outcome: 'failed', reason, detail: code, url };
  }
  return { outcome: 'failed', reason: 'reset', detail: codes[0] ?? 'unknown', url };
}
