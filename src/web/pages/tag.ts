import { toStatuses } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import type { Ctx } from '../../domain/ctx.js';
import { getInstance } from '../../domain/instance.js';
import { tagTimeline } from '../../domain/timelines.js';
import { tagUrl } from '../../domain/urls.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { posts } from './posts.js';
import { social } from './social.js';

const pageSize = 20;

/** Public posts of this server with a hashtag (its normalised name), older ones by link. */
export async function tagPage(
  ctx: Ctx,
  tag: string,
  query: { maxId?: string | undefined } = {},
): Promise<string> {
  const found = ctx.settings.publicTimelines
    ? await tagTimeline(ctx, null, {
        tag,
        page: { limit: pageSize, maxId: query.maxId },
        options: { origin: 'local' },
      })
    : [];
  const { title: siteName } = await getInstance(ctx);
  const statuses = toStatuses(viewOf(ctx, null), await loadStatuses(ctx, null, found));
  const last = found.length === pageSize ? found.at(-1)?._id : undefined;
  const title = `#${tag}`;
  const description = `Posts with ${title} on ${ctx.names.handleDomain}`;
  const body = html`<header class="head">
      <h1><bdi>${title}</bdi></h1>
      <p class="soft">What people of ${ctx.names.handleDomain} say with this hashtag.</p>
    </header>
    ${posts(statuses, {
      nothing: 'No public posts with this hashtag here.',
      older: last && `/tags/${encodeURIComponent(tag)}?max_id=${last}`,
    })}`;
  const head = social(siteName, { title, description, url: tagUrl(ctx.names, tag), type: 'website' });
  return page(ctx, { title, siteName, body, head });
}
