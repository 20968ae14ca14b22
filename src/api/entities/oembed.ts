import { escapeHtml } from '../../text/escape.js';
import type { StatusEntity } from './statuses.js';
import type { View } from './view.js';

/** A post to be shown elsewhere: a quotation that needs no script. */
export function toOEmbed(view: View, status: StatusEntity, width: number) {
  const { account } = status;
  const author = account.display_name || account.username;
  const url = status.url ?? status.uri;
  const words = status.spoiler_text ? `<p>${escapeHtml(status.spoiler_text)}</p>` : status.content;
  return {
    type: 'rich',
    version: '1.0',
    title: `New status by ${author}`,
    author_name: author,
    author_url: account.url,
    provider_name: view.names.handleDomain,
    provider_url: view.names.origin,
    cache_age: 86_400,
    html: `<blockquote class="landfall-embed" cite="${escapeHtml(url)}">${words}<a href="${escapeHtml(url)}">${escapeHtml(author)} (@${escapeHtml(account.acct)}@${escapeHtml(view.names.handleDomain)})</a></blockquote>`,
    width,
    height: null,
  };
}
