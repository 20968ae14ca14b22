import { ACCEPT_ENCODING } from './body.js';
import { toUrl } from '../vocabulary/url.js';
import type { HttpResponse } from './outcome.js';

/** Connection matters are ours, and the host is what the URL says. */
const ours = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
];
/** Good for the origin they were made for and for nobody else. */
const personal = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'signature',
  'signature-input',
  'digest',
  'content-digest',
];

type Headers = Readonly<Record<string, string>>;

function lower(headers: Headers, without: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!without.includes(name.toLowerCase())) kept[name.toLowerCase()] = value;
  }
  return kept;
}

/** The caller's headers for one hop. Once a redirect led to another origin, credentials and signatures stay behind. */
export function headersForHop(request: { url: string; headers?: Headers }, url: URL): Record<string, string> {
  const elsewhere = new URL(request.url).origin !== url.origin;
  return lower(request.headers ?? {}, elsewhere ? [...ours, ...personal] : ours);
}

/** All that is sent: ours, the caller's, and what was signed for this very hop. */
export const sentHeaders = (userAgent: string, base: Headers, signed: Headers): Record<string, string> => ({
  'user-agent': userAgent,
  'accept-encoding': ACCEPT_ENCODING,
  ...base,
  ...lower(signed, ours),
});

/**
 * Where an answer sends us on, as an absolute URL, or null when it is to be taken as it is. GET and HEAD follow 301,
 * 302, 303, 307 and 308. A POST follows only 307 and 308, which keep method and body, and only on the same origin.
 */
export function nextHop(method: string, response: HttpResponse): string | null {
  const { status } = response;
  const location = response.headers['location'];
  const target = location === undefined || location.length > 4096 ? null : toUrl(location, response.url);
  if (target === null) return null;
  target.hash = '';
  if (method === 'GET' || method === 'HEAD') {
    return [301, 302, 303, 307, 308].includes(status) ? target.href : null;
  }
  const same = target.origin === new URL(response.url).origin;
  return (status === 307 || status === 308) && same ? target.href : null;
}
