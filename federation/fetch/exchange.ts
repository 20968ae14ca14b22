import type { Pool } from 'undici';
import { codingOf, readBody } from './body.js';
import type { HttpOutcome } from './outcome.js';
import { request } from './undici.js';

/** What a signer gets to see of one hop. */
export interface Hop {
  method: string;
  /** Absolute, without fragment. */
  url: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer | null;
}

export interface Exchange {
  method: 'GET' | 'HEAD' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body: Buffer | null;
  signal: AbortSignal;
  maxBytes: number;
  cutBody: boolean;
  contentTypes: readonly string[] | undefined;
}

/** Error pages are for the log: so much of them is enough. */
const ERROR_BODY_BYTES = 16 * 1024;

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** `image/*` matches by family; parameters of the answer do not count. */
export function isMediaTypeIn(header: string | undefined, allowed: readonly string[]): boolean {
  const essence = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return allowed.some((type) =>
    type.endsWith('/*') ? essence.startsWith(type.slice(0, -1)) : essence === type,
  );
}

/** One request and its answer on one connection, within the limits. Network errors are thrown. */
export async function exchange(pool: Pool, input: Exchange): Promise<HttpOutcome> {
  const { method, url, maxBytes, contentTypes } = input;
  const response = await request.call(pool, {
    method,
    path: url.pathname + url.search,
    headers: input.headers,
    body: input.body,
    signal: input.signal,
  });
  const { statusCode: status, body } = response;
  const headers = flatten(response.headers);
  const giveUp = (): void => void body.on('error', () => {}).destroy();
  const failed = (reason: 'encoding' | 'too-large', detail: string): HttpOutcome => {
    giveUp();
    return { outcome: 'failed', reason, detail, url: url.href };
  };
  const good = status >= 200 && status < 300;
  if (good && contentTypes && !isMediaTypeIn(headers['content-type'], contentTypes)) {
    giveUp();
    return { outcome: 'refused', reason: 'content-type', url: url.href };
  }
  const coding = codingOf(headers['content-encoding']);
  if (coding === null) return failed('encoding', headers['content-encoding']?.slice(0, 64) ?? '');
  const told = Number(headers['content-length'] ?? 0);
  const cut = input.cutBody || !good;
  if (!cut && method !== 'HEAD' && told > maxBytes) return failed('too-large', `content-length ${told}`);
  const max = good ? maxBytes : Math.min(maxBytes, ERROR_BODY_BYTES);
  const content = await readBody(body, { coding, max, cut });
  if (content === 'too-large') return failed('too-large', 'body');
  return { outcome: 'response', status, headers, body: content, url: url.href };
}
