import { canonicalHost, fieldValue, type SignedRequest } from './request.js';
import { serialiseInnerList, serialiseString, type InnerList } from './structured-fields.js';

/** The parts of a request that components are taken from. */
export type MessageParts = Pick<SignedRequest, 'method' | 'url' | 'headers' | 'scheme'>;

/** What stands for a query that is absent: `?` (RFC 9421 section 2.2.7), or nothing (Misskey's own library). */
export type AbsentQuery = '?' | '';

/**
 * Names of the covered components in order; null where one is none we know how to take from a request: fields with
 * parameters (`;sf`, `;bs`, `;key`, `;req`), `@query-param`, `@status`, or the same one twice (section 2.5).
 */
export function coveredNames(input: InnerList): readonly string[] | null {
  const names: string[] = [];
  for (const { value, parameters } of input.items) {
    if (value.type !== 'string' || parameters.size > 0 || names.includes(value.value)) return null;
    if (
      value.value.startsWith('@') ? !Object.hasOwn(DERIVED, value.value) : !/^[a-z0-9-]+$/.test(value.value)
    )
      return null;
    names.push(value.value);
  }
  return names;
}

/** The signature base (section 2.5); null when a covered field is not in the request. */
export function signatureBase(
  message: MessageParts,
  input: InnerList,
  absentQuery: AbsentQuery,
): string | null {
  let base = '';
  for (const { value } of input.items) {
    if (value.type !== 'string') return null;
    const derive = Object.hasOwn(DERIVED, value.value) ? DERIVED[value.value] : undefined;
    const text = derive ? derive(message, absentQuery) : fieldValue(message.headers, value.value);
    if (text === null) return null;
    base += `${serialiseString(value.value)}: ${text}\n`;
  }
  return `${base}"@signature-params": ${serialiseInnerList(input)}`;
}

/** Derived components of section 2.2. */
const DERIVED: Readonly<Record<string, (message: MessageParts, absentQuery: AbsentQuery) => string | null>> =
  {
    '@method': ({ method }) => method,
    '@target-uri': (message) => {
      const host = authority(message);
      return host === null ? null : `${schemeOf(message)}://${host}${message.url}`;
    },
    '@authority': authority,
    '@scheme': schemeOf,
    '@request-target': ({ url }) => url,
    '@path': ({ url }) => splitTarget(url).path,
    '@query': ({ url }, absentQuery) => splitTarget(url).query ?? absentQuery,
  };

function authority({ headers }: MessageParts): string | null {
  const host = fieldValue(headers, 'host');
  return host === null ? null : canonicalHost(host);
}

function schemeOf({ scheme }: MessageParts): string {
  return scheme ?? 'https';
}

function splitTarget(url: string): { path: string; query: string | null } {
  const at = url.indexOf('?');
  return at < 0 ? { path: url || '/', query: null } : { path: url.slice(0, at) || '/', query: url.slice(at) };
}
