import type { MediaEntity } from '../../api/entities/media.js';
import type { StatusEntity } from '../../api/entities/statuses.js';
import { html, raw, safeUrl, type Html } from '../html.js';

/** One post as a card. `main`: the one that the page is about. */
export function post(status: StatusEntity, options: { main?: boolean } = {}): Html {
  const shown = status.reblog ?? status;
  return html`<article class="card post ${options.main ? 'main' : ''}" id="post-${status.id}">
    ${status.reblog && html`<p class="soft above">↻ ${nameOf(status.account)} reblogged</p>`} ${byline(shown)}
    ${shown.spoiler_text ? warned(shown) : content(shown)} ${foot(shown, options.main ?? false)}
  </article>`;
}

export function nameOf(account: StatusEntity['account']): string {
  return account.display_name || account.username;
}

function byline(status: StatusEntity): Html {
  const { account } = status;
  return html`<header class="person">
    <img
      class="avatar"
      src="${safeUrl(account.avatar_static)}"
      alt=""
      width="44"
      height="44"
      loading="lazy"
    />
    <div>
      <a class="plain" href="${safeUrl(account.url)}" rel="author"><strong>${nameOf(account)}</strong></a>
      <small>@${account.acct}</small>
    </div>
  </header>`;
}

/** Behind its content warning until the reader opens it; needs no script. */
function warned(status: StatusEntity): Html {
  return html`<details class="warned">
    <summary>${status.spoiler_text}</summary>
    ${content(status)}
  </details>`;
}

function content(status: StatusEntity): Html {
  const attachments = status.media_attachments.map((m) =>
    attachment(m, status.sensitive && !status.spoiler_text),
  );
  return html`<div class="prose" lang="${status.language ?? ''}">${raw(status.content)}</div>
    ${status.poll && poll(status.poll)}
    ${attachments.length > 0 && html`<div class="media n${attachments.length}">${attachments}</div>`}`;
}

function attachment(media: MediaEntity, hidden: boolean): Html {
  const description = media.description ?? '';
  const url = safeUrl(media.url ?? media.remote_url ?? '');
  const shown = html`<figure>
    ${element(media, url, description)}
    ${description && html`<figcaption class="soft">${description}</figcaption>`}
  </figure>`;
  return hidden
    ? html`<details>
        <summary>Sensitive media</summary>
        ${shown}
      </details>`
    : shown;
}

function element(media: MediaEntity, url: string, description: string): Html {
  if (media.type === 'image')
    return html`<a href="${url}"
      ><img src="${safeUrl(media.preview_url ?? url)}" alt="${description}" loading="lazy"
    /></a>`;
  if (media.type === 'video' || media.type === 'gifv')
    return html`<video src="${url}" controls preload="none" aria-label="${description}"></video>`;
  if (media.type === 'audio')
    return html`<audio src="${url}" controls preload="none" aria-label="${description}"></audio>`;
  return html`<a href="${url}" rel="nofollow noopener noreferrer">${description || 'Attachment'}</a>`;
}

function poll(entity: NonNullable<StatusEntity['poll']>): Html {
  const total = entity.options.reduce((sum, o) => sum + (o.votes_count ?? 0), 0);
  const options = entity.options.map((o) => {
    const share = total ? Math.round((100 * (o.votes_count ?? 0)) / total) : 0;
    return html`<li>
      <meter min="0" max="100" value="${share}"></meter> ${o.title} <small>${share}%</small>
    </li>`;
  });
  return html`<ul class="poll">
    ${options}
  </ul>`;
}

function foot(status: StatusEntity, main: boolean): Html {
  const url = safeUrl(status.url ?? status.uri);
  const counts = html`<span title="Replies">↩ ${status.replies_count}</span>
    <span title="Reblogs">↻ ${status.reblogs_count}</span>
    <span title="Favourites">★ ${status.favourites_count}</span>`;
  const edited = status.edited_at && html`<span> · edited</span>`;
  return html`<footer class="soft marks">
    <a class="plain" href="${url}"
      ><time datetime="${status.created_at}">${timeText(status.created_at, main)}</time></a
    >${edited}
    <span class="counts">${counts}</span>
  </footer>`;
}

/** `2026-11-23`, or with the time of day where there is room. UTC: the page is the same for everybody. */
export function timeText(iso: string, full: boolean): string {
  return full ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso.slice(0, 10);
}
