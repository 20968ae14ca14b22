/** The anchors that Mastodon's clients know how to read: links with hidden parts, mentions, hashtags. */
import { escapeHtml } from './escape.js';

const visibleLength = 30;
const hiddenPrefix = /^(?:https?:\/\/(?:www\.)?|xmpp:)/i;
const linkRel = 'nofollow noopener noreferrer';

/**
 * A link whose scheme and far end are hidden by the classes `invisible` and `ellipsis`.
 * `relMe` claims the target as another page of the same person (profile fields).
 */
export function urlAnchor(url: string, options: { relMe?: boolean } = {}): string {
  const prefix = hiddenPrefix.exec(url)?.[0] ?? '';
  const rest = Array.from(url.slice(prefix.length));
  // One character more costs no more room than the ellipsis would.
  const cut = rest.length > visibleLength + 1;
  const shown = rest.slice(0, cut ? visibleLength : rest.length).join('');
  const hidden = cut ? rest.slice(visibleLength).join('') : '';
  const rel = options.relMe === true ? `${linkRel} me` : linkRel;
  return (
    `<a href="${escapeHtml(url)}" target="_blank" rel="${rel}" translate="no">` +
    `<span class="invisible">${escapeHtml(prefix)}</span>` +
    `<span class="${cut ? 'ellipsis' : ''}">${escapeHtml(shown)}</span>` +
    `<span class="invisible">${escapeHtml(hidden)}</span></a>`
  );
}

/** `url` is the profile page; `shown` the name after the at sign. */
export function mentionAnchor(url: string, shown: string): string {
  return (
    `<span class="h-card" translate="no"><a href="${escapeHtml(url)}" class="u-url mention">` +
    `@<span>${escapeHtml(shown)}</span></a></span>`
  );
}

/** `url` is the tag's page on this server; `name` as typed. */
export function hashtagAnchor(url: string, name: string): string {
  return `<a href="${escapeHtml(url)}" class="mention hashtag" rel="tag">#<span>${escapeHtml(name)}</span></a>`;
}
