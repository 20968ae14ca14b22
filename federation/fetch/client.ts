import type { Clock } from '../ports.js';
import { createConnector } from './connector.js';
import { exchange, type Hop } from './exchange.js';
import { toFailure, type HttpOutcome } from './outcome.js';
import { createPools, type PoolLimits, type Pools } from './pools.js';
import { headersForHop, nextHop, sentHeaders } from './redirect.js';
import { createResolver, type Resolve } from './resolver.js';
import { checkUrl, type UrlRules } from './url-rules.js';

export type { HttpOutcome, HttpResponse, FailureReason, RefusalReason } from './outcome.js';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST';
  /** Absolute. The fragment is not sent. */
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Bytes of the decoded body. Default 1 MiB. */
  maxBytes?: number;
  /** A longer body is cut to `maxBytes` instead of failing with `too-large`. */
  cutBody?: boolean;
  /** Milliseconds for everything: DNS, connection, redirects, the whole body. Default 30 s. */
  timeoutMs?: number;
  /** How many redirects are followed; 0 (the default) hands the redirect itself back. */
  redirects?: number;
  /** Media types that a 2xx answer must have: `application/json`, `image/*`. Default: any. */
  contentTypes?: readonly string[];
  /** Makes further headers for each hop (a signature is good for one URL only); they win over `headers`. */
  sign?: (hop: Hop) => Record<string, string> | Promise<Record<string, string>>;
  signal?: AbortSignal;
  /** No server that one federates with: blocked domains do not concern it. The guard of addresses still holds. */
  anyDomain?: boolean;
}

export interface HttpLimits extends PoolLimits {
  connectTimeoutMs: number;
  timeoutMs: number;
  maxBytes: number;
}

export interface HttpClient {
  /** Sends one request. Everything that can happen on a network is a value; only programming errors throw. */
  request(request: HttpRequest): Promise<HttpOutcome>;
  /** Gives up whatever is under way and closes all sockets; later requests fail with `closed`. */
  close(): Promise<void>;
  /** Development mode: http to this machine is open, so discovery may use it. */
  readonly allowLoopback?: boolean;
}

export interface HttpClientOptions {
  allowLoopback: boolean;
  userAgent: string;
  clock: Clock;
  log?: { debug(fields: object, message: string): void };
  limits?: Partial<HttpLimits>;
  /** Hosts that must not be asked, as in `URL.host`: own names. */
  isRefusedHost?: (host: string) => boolean;
  /** The same for what has to be looked up: blocked domains. Asked for every hop. */
  isBlockedHost?: (host: string) => Promise<boolean>;
  resolve?: Resolve;
  /** Further trusted certificates (PEM). */
  ca?: string;
}

export const DEFAULT_LIMITS: HttpLimits = {
  connectTimeoutMs: 5000,
  timeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 10_000,
  maxBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  socketsPerOrigin: 6,
  requestsPerOrigin: 64,
  maxOrigins: 256,
  idleOriginMs: 60_000,
};

const MAX_REDIRECTS = 10;

/** Aborts at the deadline or with the caller's signal, and remembers which it was. */
function createDeadline(timeoutMs: number, signal: AbortSignal | undefined) {
  const controller = new AbortController();
  let ended: 'timeout' | 'aborted' | null = null;
  const end = (why: 'timeout' | 'aborted'): void => {
    ended ??= why;
    controller.abort();
  };
  const onAbort = (): void => end('aborted');
  const timer = setTimeout(() => end('timeout'), timeoutMs);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    ended: () => ended,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

interface Parts {
  pools: Pools;
  rules: UrlRules;
  isBlockedHost: (host: string) => Promise<boolean>;
  userAgent: string;
  limits: HttpLimits;
}

/** Walks the redirects; every hop is checked anew and signed anew. */
async function follow(request: HttpRequest, parts: Parts, signal: AbortSignal): Promise<HttpOutcome> {
  const allowed = Math.min(request.redirects ?? 0, MAX_REDIRECTS);
  const body = request.body === undefined ? null : Buffer.from(request.body);
  let current = request.url;
  for (let hop = 0; ; hop++) {
    const checked = checkUrl(current, parts.rules);
    if ('reason' in checked) return { outcome: 'refused', reason: checked.reason, url: current };
    const { url } = checked;
    if (!request.anyDomain && (await parts.isBlockedHost(url.host)))
      return { outcome: 'refused', reason: 'host', url: current };
    url.hash = '';
    const base = headersForHop(request, url);
    const signed =
      (await request.sign?.({ method: request.method, url: url.href, headers: base, body })) ?? {};
    const pending = parts.pools.use(url.origin, (pool) =>
      exchange(pool, {
        method: request.method,
        url,
        headers: sentHeaders(parts.userAgent, base, signed),
        body,
        signal,
        maxBytes: request.maxBytes ?? parts.limits.maxBytes,
        cutBody: request.cutBody ?? false,
        contentTypes: request.contentTypes,
      }),
    );
    if (pending === null) return { outcome: 'failed', reason: 'busy', detail: 'pool', url: url.href };
    const outcome = await pending.catch((error: unknown) => toFailure(error, url.href));
    if (outcome.outcome !== 'response' || allowed === 0) return outcome;
    const next = nextHop(request.method, outcome);
    if (next === null) return outcome;
    if (hop >= allowed) return { outcome: 'refused', reason: 'redirect-limit', url: next };
    if (url.protocol === 'https:' && /^http:/i.test(next)) {
      return { outcome: 'refused', reason: 'redirect-downgrade', url: next };
    }
    current = next;
  }
}

/** The one way out: every request of the server to another machine goes through a client made here. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { allowLoopback, userAgent, clock, log, isRefusedHost = () => false } = options;
  const { isBlockedHost = async () => false } = options;
  const connector = createConnector({
    resolve: options.resolve ?? createResolver(),
    allowLoopback,
    timeoutMs: limits.connectTimeoutMs,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  const pools = createPools(connector, limits, clock);
  const parts = { pools, rules: { allowLoopback, isRefusedHost }, isBlockedHost, userAgent, limits };
  let closed = false;
  return {
    allowLoopback,
    async request(request) {
      if (closed) return { outcome: 'failed', reason: 'closed', detail: 'client', url: request.url };
      const deadline = createDeadline(request.timeoutMs ?? limits.timeoutMs, request.signal);
      try {
        const outcome = await follow(request, parts, deadline.signal);
        const ended = outcome.outcome === 'failed' ? deadline.ended() : null;
        const told = ended && outcome.outcome === 'failed' ? { ...outcome, reason: ended } : outcome;
        if (told.outcome !== 'response') log?.debug({ ...told, method: request.method }, 'outbound request');
        return told;
      } finally {
        deadline.clear();
      }
    },
    async close() {
      closed = true;
      await pools.close();
    },
  };
}
