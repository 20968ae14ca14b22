import type { SigningKey } from '../ports.js';
import { toHttpDate } from './http-date.js';

/** Header fields by lower-cased name; a field that came several times is a list in the order of arrival. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request as it came over the wire. */
export interface SignedRequest {
  method: string;
  /** Path and query exactly as received, e.g. `/inbox?x=1`. */
  url: string;
  /**
   * The host names (with port where it is not the default) that this server answers to. The Host header must be one of
   * them: comparing it with what a proxy or the client claims proves nothing (ATTACKS 8, 9).
   */
  hosts: readonly string[];
  /** From `headersFromRaw(req.rawHeaders)`: Node's own `req.headers` drops or joins repeated fields. */
  headers: RequestHeaders;
  /** The raw bytes; never a re-serialised body. Empty for a GET. */
  body: Buffer;
  /** The scheme senders use to reach us, part of RFC 9421's `@target-uri`. Default `https`. */
  scheme?: 'https' | 'http';
}

/** What is to be signed and with what. */
export interface SigningInput {
  method: string;
  /** Absolute http(s) URL. */
  url: string;
  /** Further header fields, sent as they are; those of `SIGNED_IF_SENT` are signed too. */
  headers?: Readonly<Record<string, string>>;
  /** Leave out for a GET. */
  body?: Uint8Array;
  key: SigningKey;
  now: Date;
}

/** Fields that a receiver acts upon, beside those that every signature covers. */
export const SIGNED_IF_SENT: readonly string[] = ['content-type', 'collection-synchronization'];

/** Gathers Node's `rawHeaders` (name, value, name, value …) without losing repeated fields. */
export function headersFromRaw(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const headers = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (typeof known === 'string') headers[name] = [known, value];
    else known.push(value);
  }
  return headers;
}

/**
 * The value of a field as both dialects put it into the signed text: lines trimmed, several joined by `, `.
 * Null when the field is absent or holds what no header may: a line break would forge further lines of the signed
 * text, and a character beyond Latin-1 would be cut to another one in `toSignedBytes`.
 */
export function fieldValue(headers: RequestHeaders, name: string): string | null {
  if (!Object.hasOwn(headers, name)) return null;
  const raw = headers[name];
  if (raw === undefined) return null;
  const value = typeof raw === 'string' ? raw.trim() : raw.map((line) => line.trim()).join(', ');
  return isFieldText(value) ? value : null;
}

/** The bytes that are signed. Node hands header bytes over as Latin-1 text, so this gives back the bytes of the wire. */
export function toSignedBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function isFieldText(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

/** True when a request of this method must have its body covered by the signature. */
export function hasSignedBody(request: { method: string; body: Uint8Array }): boolean {
  return request.body.length > 0 || !['GET', 'HEAD', 'OPTIONS'].includes(request.method.toUpperCase());
}

/** A Host value in comparable form: lower-cased, without the default port of either scheme. */
export function canonicalHost(host: string): string {
  return host.toLowerCase().replace(/:(?:443|80)$/, '');
}

/** The fields of an outgoing request before its signature: the caller's, in lower case, with host, date and digest. */
export function outgoingHeaders(
  input: SigningInput,
  digest: Record<string, string> = {},
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value;
  return { ...headers, host: new URL(input.url).host, date: toHttpDate(input.now), ...digest };
}
