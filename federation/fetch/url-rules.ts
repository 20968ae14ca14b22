import { classifyAddress, isLoopbackHost, isLoopbackName } from './address.js';
import { toUrl } from '../vocabulary/url.js';
import type { RefusalReason } from './outcome.js';

export interface UrlRules {
  /** Development: http and the machine's own addresses, nothing else. */
  allowLoopback: boolean;
  /** Hosts (with port, as in `URL.host`) that must not be asked: ourselves, blocked domains. */
  isRefusedHost: (host: string) => boolean;
}

const MAX_URL = 4096;
// eslint-disable-next-line no-control-regex -- the URL parser would silently drop these
const unsafe = /[\u0000-\u0020\u007f]/;

/**
 * Ports: 443 and everything above 1023. Below live the protocols that a server could be made to speak to in our name
 * (SMTP, SSH, IMAP); above, TLS and the public-address rule leave little to attack, and small servers really do
 * federate on ports like 8443.
 */
function isPortAllowed(url: URL, rules: UrlRules): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (port === 443 || port >= 1024) return true;
  return rules.allowLoopback && isLoopbackHost(url.host);
}

/** Checks everything about a URL that can be told without the network. */
export function checkUrl(text: string, rules: UrlRules): { url: URL } | { reason: RefusalReason } {
  const url = text.length > MAX_URL || unsafe.test(text) ? null : toUrl(text);
  if (url === null) return { reason: 'bad-url' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { reason: 'scheme' };
  if (url.protocol === 'http:' && !rules.allowLoopback) return { reason: 'scheme' };
  if (url.username !== '' || url.password !== '') return { reason: 'credentials' };
  if (url.hostname === '' || url.hostname.endsWith('.')) return { reason: 'bad-url' };
  if (rules.isRefusedHost(url.host)) return { reason: 'host' };
  const kind = isLoopbackName(url.hostname) ? 'loopback' : classifyAddress(url.hostname);
  // Names are checked when they are resolved, in the connector.
  const open = kind === 'name' || (url.protocol === 'https:' && kind === 'public');
  if (!open && !(kind === 'loopback' && rules.allowLoopback)) return { reason: 'address' };
  if (!isPortAllowed(url, rules)) return { reason: 'port' };
  return { url };
}
