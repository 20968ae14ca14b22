/** Longest IRI that is worth reading; longer ones are hostile or useless. */
const MAX_URL_LENGTH = 2048;

/**
 * Reads an untrusted http(s) URL: actor, key, activity and object ids.
 *
 * Refuses what two parsers may read differently or what hides the real host: other schemes, credentials, a trailing
 * dot on the host name (`peer.example.` would slip past a rule for `peer.example`), spaces and control characters
 * (the URL parser would silently drop them), and anything over 2048 characters.
 */
export function parseWebUrl(text: unknown): URL | null {
  if (typeof text !== 'string' || text.length > MAX_URL_LENGTH || hasSpaceOrControl(text)) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null;
  if (url.username !== '' || url.password !== '' || url.hostname === '' || url.hostname.endsWith('.'))
    return null;
  return url;
}

function hasSpaceOrControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}
