import { isUsername } from '../vocabulary/actor.js';
import { isHttpIri } from '../vocabulary/iris.js';
import { toUrl } from '../vocabulary/url.js';

/** A handle: `username@domain`. The domain is canonical (lower case, punycode, port where it is not the default). */
export interface Handle {
  username: string;
  domain: string;
}

export type Resource = ({ kind: 'acct' } & Handle) | { kind: 'url'; url: string };

const LONGEST = 2048 + 256;

/** A domain as it stands behind the `@` of a handle, in canonical form; null when it is none. */
export function canonicalDomain(text: string): string | null {
  if (text.length > 253 || !/^[^\s@/?#\\:[\]%]+(?::\d{1,5})?$/.test(text)) return null;
  const url = toUrl(`https://${text}/`);
  return url === null || url.hostname === '' || url.hostname.endsWith('.') ? null : url.host;
}

/** Reads `alice@a.example`, `@alice@a.example` or `acct:alice@a.example` (the prefix in any case). */
export function parseHandle(text: string): Handle | null {
  if (text.length > LONGEST) return null;
  const bare = text
    .trim()
    .replace(/^acct:/i, '')
    .replace(/^@/, '');
  const at = bare.indexOf('@');
  if (at < 1) return null;
  const username = bare.slice(0, at);
  const domain = canonicalDomain(bare.slice(at + 1));
  return domain !== null && isUsername(username) ? { username, domain } : null;
}

/**
 * Reads what WebFinger is asked about (RFC 7033 section 4.1): a handle in any of its forms, or the URL of an actor or
 * of its profile page. Null: the query is malformed.
 */
export function parseResource(text: string): Resource | null {
  if (/^https?:/i.test(text)) return isHttpIri(text) ? { kind: 'url', url: text } : null;
  const handle = parseHandle(text);
  return handle && { kind: 'acct', ...handle };
}

/** `acct:alice@a.example`, the form in which handles stand in documents and queries. */
export const toAcct = ({ username, domain }: Handle): string => `acct:${username}@${domain}`;

/** User names differ in more than case, domains were made canonical when they were read. */
export const isSameHandle = (a: Handle, b: Handle): boolean =>
  a.domain === b.domain && a.username.toLowerCase() === b.username.toLowerCase();
