import type { MediaEntity } from '../../api/entities/media.js';
import { html, safeUrl, type Html } from '../html.js';

/** The attachments of a post: one as it is, several in a grid. `hidden`: behind a word of warning. */
export function gallery(media: readonly MediaEntity[], hidden: boolean): Html | false {
  if (!media.length) return false;
  const figures = html`<div class="media ${media.length > 1 ? 'many' : 'one'}">${media.map(figure)}</div>`;
  return hidden
    ? html`<details class="warned">
        <summary>Sensitive media</summary>
        ${figures}
      </details>`
    : figures;
}

function figure(media: MediaEntity): Html {
  const description = media.description ?? '';
  return html`<figure>
    ${element(media, safeUrl(media.url ?? media.remote_url ?? ''), description)}
    ${description && html`<figcaption dir="auto" title="${description}">${description}</figcaption>`}
  </figure>`;
}

function element(media: MediaEntity, url: string, description: string): Html {
  const preview = safeUrl(media.preview_url ?? url);
  const { width, height } = sizeOf(media);
  const size = width && height && html`width="${width}" height="${height}"`;
  if (media.type === 'image')
    return html`<a href="${url}"><img src="${preview}" alt="${description}" ${size} loading="lazy" /></a>`;
  const poster = media.preview_url && html`poster="${preview}"`;
  if (media.type === 'video' || media.type === 'gifv')
    return html`<video
      src="${url}"
      ${poster}
      ${size}
      controls
      preload="none"
      aria-label="${description}"
    ></video>`;
  if (media.type === 'audio')
    return html`<audio src="${url}" controls preload="none" aria-label="${description}"></audio>`;
  return html`<a class="file" href="${url}" rel="nofollow noopener noreferrer"
    >${description || 'Attachment'}</a
  >`;
}

/** Of the preview, so that the page does not jump when it arrives. */
function sizeOf({ meta }: MediaEntity): { width: number; height: number } {
  const { width, height } = (meta['small'] ?? meta['original'] ?? {}) as Record<string, unknown>;
  const pixels = (value: unknown): number =>
    typeof value === 'number' && value > 0 && value < 100_000 ? Math.round(value) : 0;
  return { width: pixels(width), height: pixels(height) };
}
