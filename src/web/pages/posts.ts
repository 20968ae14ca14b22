import type { StatusEntity } from '../../api/entities/statuses.js';
import { html, type Html } from '../html.js';
import { postList } from './post.js';

/** A list of posts, with a word where there are none and a link to the ones before. */
export function posts(
  statuses: readonly StatusEntity[],
  { nothing, older }: { nothing: string; older: string | undefined },
): Html {
  const list = statuses.length ? postList(statuses) : html`<p class="card empty">${nothing}</p>`;
  return html`${list}
  ${older !== undefined && html`<p class="more"><a class="button quiet" rel="next" href="${older}">Older posts</a></p>`}`;
}
