import { LIMITS } from './limits.js';
import { toUrl } from './url.js';

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const unsafe = /[\u0000-\u0020\u007f-\u009f\ufeff]/;

/** An identifier that may be stored and compared: not empty, not overlong, no white space, no control characters. */
export const isUsableIri = (value: string): boolean =>
  value.length > 0 && value.length <= LIMITS.iri && !unsafe.test(value);

/**
 * Reads an untrusted http(s) URL: ids of actors, keys, activities and objects. Refuses what two parsers may read
 * differently or what hides the real host: credentials, a trailing dot on the host name, white space and control
 * characters (the URL parser would silently drop them), overlong text.
 */
export function parseHttp(iri: string): URL | null {
  if (!isUsableIri(iri) || !/^https?:\/\//i.test(iri)) return null;
  const url = toUrl(iri);
  // `https://peer.example./` is the same server under a name that rules for peer.example do not know.
  return url && url.username === '' && url.password === '' && !url.hostname.endsWith('.') ? url : null;
}

/** True for an absolute http(s) URL without credentials or a trailing dot on the host. Ids are opaque: the text itself is never rewritten. */
export const isHttpIri = (iri: string): boolean => parseHttp(iri) !== null;

/** The host with port (`a.example`, `localhost:3000`), lower case and punycode; null when the IRI is not http(s). */
export const hostOf = (iri: string): string | null => parseHttp(iri)?.host ?? null;

/**
 * THE origin check: true when both are http(s) IRIs of one host and port, the rule for "may this actor speak for that
 * object". Hosts are compared after URL parsing, never as text, so that `https://us.example@evil.example/`,
 * `https://us.example.evil.example/`, upper case, punycode and default ports are what they are (ATTACKS 71, 73). The
 * scheme is not compared: old servers mint `http:` activity ids for `https:` actors, and nothing is trusted that came
 * over plain http.
 */
export function isSameHost(a: string, b: string): boolean {
  const host = hostOf(a);
  return host !== null && host === hostOf(b);
}

/**
 * True when the hosts are equal or one is a subdomain of the other (`social.example.org` and `example.org`). Only for
 * things of little weight (the page shown to people, an inbox): never a reason to let one speak for the other.
 */
export function isRelatedHost(a: string, b: string): boolean {
  const [x, y] = [hostOf(a), hostOf(b)];
  if (x === null || y === null) return false;
  return x === y || (x.includes('.') && y.endsWith(`.${x}`)) || (y.includes('.') && x.endsWith(`.${y}`));
}

/** The IRI without its fragment, as it is requested over HTTP. */
export const withoutFragment = (iri: string): string => iri.split('#', 1)[0] ?? iri;

/** Equal as text, or equal once the URL parser made both canonical (case of the host, default port, IDN, fragment). */
export function isSameDocument(a: string, b: string): boolean {
  if (withoutFragment(a) === withoutFragment(b)) return true;
  const [x, y] = [parseHttp(withoutFragment(a)), parseHttp(withoutFragment(b))];
  return x !== null && y !== null && x.href === y.href;
}
