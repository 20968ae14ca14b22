import type { StatusEntity } from '../../api/entities/statuses.js';
import { parseUrl } from '../../text/url.js';
import { escapeHtml, html, raw, safeUrl, type Html } from '../html.js';
import { gallery } from './media.js';
import { pollOf } from './poll.js';
import { count, nameHtml, timeText, withEmojis } from './words.js';

export interface PostOptions {
  /** The one that the page is about. */
  main?: boolean;
  /** Who wrote the posts on this page, by the ids of these: a reply points to what it answers. */
  near?: ReadonlyMap<string, string>;
  /** The post right above: what answers it need not say so. */
  above?: string | undefined;
}

/** One post as a card. */
export function post(status: StatusEntity, options: PostOptions = {}): Html {
  const shown = status.reblog ?? status;
  return html`<article class="card post ${options.main ? 'main' : ''}" id="post-${status.id}">
    ${status.reblog && html`<p class="above">${icons.reblog} ${nameHtml(status.account)} reblogged</p>`}
    ${byline(shown)} ${answers(shown, options)} ${wording(shown)} ${foot(shown, options.main ?? false)}
  </article>`;
}

function byline({ account }: Pick<StatusEntity, 'account'>): Html {
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
      <a class="plain" href="${safeUrl(account.url)}" rel="author"><strong>${nameHtml(account)}</strong></a>
      <small>@${account.acct}</small>
    </div>
  </header>`;
}

/** To whom a post replies, where that does not show from its place. */
function answers(status: StatusEntity, { near, above }: PostOptions): Html | false {
  const { in_reply_to_id: parentId, in_reply_to_account_id: parentAuthor } = status;
  if (parentId === null || parentId === above) return false;
  const acct = near?.get(parentId) ?? status.mentions.find((m) => m.id === parentAuthor)?.acct;
  const name = acct ?? (parentAuthor === status.account.id ? status.account.acct : null);
  const text = name === null ? 'an earlier post' : `@${name}`;
  const target = near?.has(parentId) ? html`<a href="#post-${parentId}">${text}</a>` : text;
  return html`<p class="above">${icons.reply} In reply to ${target}</p>`;
}

/** Posts below each other. `about`: the one that the page is about. */
export function postList(statuses: readonly StatusEntity[], about?: string): Html {
  const near = new Map(statuses.map((s) => [s.id, s.account.acct]));
  const cards = statuses.map((s, i) => post(s, { near, above: statuses[i - 1]?.id, main: s.id === about }));
  return html`${cards}`;
}

/** What it says; behind its content warning until the reader opens it. Needs no script. */
function wording(status: StatusEntity): Html {
  const { spoiler_text: warning, emojis } = status;
  if (!warning) return content(status, status.sensitive);
  return html`<details class="warned">
    <summary dir="auto">${withEmojis(escapeHtml(warning), emojis)}</summary>
    ${content(status, false)}
  </details>`;
}

function content(status: StatusEntity, hideMedia: boolean): Html {
  const { language } = status;
  return html`<div class="prose" dir="auto" ${language && html`lang="${language}"`}>
      ${withEmojis(status.content, status.emojis)}
    </div>
    ${status.poll && pollOf(status.poll)} ${gallery(status.media_attachments, hideMedia)} ${quoted(status)}
    ${linkCard(status)}`;
}

/** The post that this one quotes, when it may be shown. A quote in a quote is not followed. */
function quoted({ quote }: StatusEntity): Html | false {
  const shown = quote && 'quoted_status' in quote && quote.state === 'accepted' ? quote.quoted_status : null;
  if (!shown) return false;
  return html`<blockquote class="quoted">
    ${byline(shown)} ${wording({ ...shown, quote: null, card: null })}
    <a class="soft" href="${safeUrl(shown.url ?? shown.uri)}">${timeText(shown.created_at)}</a>
  </blockquote>`;
}

function linkCard({ card, media_attachments: media, quote }: StatusEntity): Html | false {
  if (!card || media.length || quote) return false;
  return html`<a class="link" href="${safeUrl(card.url)}" rel="nofollow noopener noreferrer">
    ${card.image && html`<img src="${safeUrl(card.image)}" alt="${card.image_description}" loading="lazy" />`}
    <span dir="auto"
      ><strong><bdi>${card.title}</bdi></strong> <small>${providerOf(card)}</small></span
    >
  </a>`;
}

/** Where the link leads, whatever the page calls itself. */
function providerOf({ provider_name: name, url }: NonNullable<StatusEntity['card']>): Html {
  const host = hostOf(url);
  return name === '' || name === host.replace(/^www\./, '')
    ? html`${host}`
    : html`<bdi>${name}</bdi> (${host})`;
}

function hostOf(url: string): string {
  return parseUrl(url)?.host ?? '';
}

function foot(status: StatusEntity, main: boolean): Html {
  const { replies_count: replies, reblogs_count: reblogs, favourites_count: favourites } = status;
  return html`<footer class="marks">
    <a class="plain" href="${safeUrl(status.url ?? status.uri)}"
      ><time datetime="${status.created_at}">${timeText(status.created_at, main)}</time></a
    >${status.edited_at && html`<span>edited</span>`}
    <span class="counts">
      ${figure(icons.reply, replies, count(replies, 'reply', 'replies'))}
      ${figure(icons.reblog, reblogs, count(reblogs, 'reblog'))}
      ${figure(icons.favourite, favourites, count(favourites, 'favourite'))}
    </span>
  </footer>`;
}

/** A number with its picture; the words are for those who do not see it. */
function figure(icon: Html, many: number, words: string): Html {
  return html`<span title="${words}"
    >${icon}<span aria-hidden="true">${many}</span><span class="unseen">${words}</span></span
  >`;
}

const icon = (path: string): Html =>
  raw(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`);

const icons = {
  reply: icon('M10 5v4c6 .5 10 4 11 10-2.5-3.5-6-5-11-5v4l-7-6.5z'),
  reblog: icon('M6 4l4 4.5H7.5V16H13l2 2.5H5V8.5H2zM18 20l-4-4.5h2.5V8H11L9 5.5h10v10h3z'),
  favourite: icon(
    'M12 3l2.7 5.900 6.300.7-4.7 4.300 1.300 6.300L12 17l-5.600 3.200 1.300-6.300L3 9.600l6.300-.7z',
  ),
};
