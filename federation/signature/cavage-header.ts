import { parseBase64 } from './base64.js';

/** The parameters of a draft-cavage-12 signature. `createdText` and `expiresText` are signed as they were written. */
export interface CavageParameters {
  keyId: string;
  /** Lower-cased; null when absent, which is legal and common. */
  algorithm: string | null;
  /** Lower-cased names, in the order signed. */
  headers: readonly string[];
  createdText: string | null;
  expiresText: string | null;
  signature: Buffer;
}

const MAX_LENGTH = 8192;
const MAX_PARAMETERS = 16;
const MAX_HEADERS = 64;

/**
 * Reads the value of a `Signature` field; null when it is malformed. One pass, no backtracking.
 *
 * Own parser, since npm `http-signature` demands `algorithm` (Mastodon's documentation leaves it out), lets the last of
 * two equal parameters win, refuses spaces after commas, looks header names up on the prototype chain, and reads the
 * wall clock itself.
 */
export function parseCavageHeader(text: string): CavageParameters | null {
  const found = text.length > MAX_LENGTH ? null : parseParameters(text);
  const keyId = found?.get('keyId');
  const signature = parseBase64(found?.get('signature') ?? '');
  if (!found || !keyId || !signature || signature.length === 0) return null;
  // Without the list the draft signs `(created)` alone, older ones `date` alone: both are too little to go on.
  const headers = (found.get('headers') ?? 'date').toLowerCase().split(' ');
  if (headers.length > MAX_HEADERS || headers.includes('')) return null;
  const createdText = found.get('created') ?? null;
  const expiresText = found.get('expires') ?? null;
  if (!isTime(createdText, false) || !isTime(expiresText, true)) return null;
  const algorithm = found.get('algorithm')?.toLowerCase() ?? null;
  return { keyId, algorithm, headers, createdText, expiresText, signature };
}

/**
 * `name="value"` or `name=123`, separated by commas with optional spaces (draft-cavage-12 section 4.1); null when malformed. A
 * name that comes twice is malformed.
 */
export function parseParameters(text: string): Map<string, string> | null {
  const found = new Map<string, string>();
  let at = skipSpaces(text, 0);
  for (;;) {
    const equals = text.indexOf('=', at);
    const name = text.slice(at, Math.max(equals, at));
    if (!/^[A-Za-z]{1,32}$/.test(name) || found.has(name) || found.size >= MAX_PARAMETERS) return null;
    const end = text[equals + 1] === '"' ? text.indexOf('"', equals + 2) + 1 : endOfNumber(text, equals + 1);
    if (end <= equals + 1) return null;
    const value = text.slice(equals + 1, end);
    // A backslash would start a quoted pair, which no key id or signature needs.
    if (value.includes('\\')) return null;
    found.set(name, value.startsWith('"') ? value.slice(1, -1) : value);
    at = skipSpaces(text, end);
    if (at === text.length) return found;
    if (text[at] !== ',') return null;
    at = skipSpaces(text, at + 1);
  }
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function endOfNumber(text: string, from: number): number {
  let at = from;
  while (at < text.length && ((text[at] ?? '') >= '0' || text[at] === '.') && (text[at] ?? '') <= '9') at++;
  return at;
}

/** Unix seconds; some senders quote them (oeee.cafe). Only `expires` may have a fraction (section 2.1.5). */
function isTime(text: string | null, fraction: boolean): boolean {
  return text === null || (fraction ? /^\d{1,12}(?:\.\d{1,9})?$/ : /^\d{1,12}$/).test(text);
}
