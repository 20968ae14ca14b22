import { toStatus, toStatuses } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { statusContext } from '../../domain/context.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import { getInstance } from '../../domain/instance.js';
import type { Ctx } from '../../domain/ctx.js';
import type { Status } from '../../model/status.js';
import { toPlainText } from '../../text/sanitise.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { postList } from './post.js';
import { shorten, social } from './social.js';
import { nameOf } from './words.js';

/** A public status within its thread, as the public may see it. */
export async function statusPage(ctx: Ctx, status: Status): Promise<string> {
  const view = viewOf(ctx, null);
  const thread = await statusContext(ctx, null, status);
  const { title: siteName } = await getInstance(ctx);
  const main = toStatus(view, await loadStatuses(ctx, null, [status]), status);
  const ancestors = toStatuses(view, await loadStatuses(ctx, null, thread.ancestors));
  const descendants = toStatuses(view, await loadStatuses(ctx, null, thread.descendants));
  const body = html`<div class="thread">${postList([...ancestors, main, ...descendants], main.id)}</div>`;
  const text = shorten(main.spoiler_text || toPlainText(main.content));
  const title = `${nameOf(main.account)}: ${shorten(text, 60) || 'a post'}`;
  const image = main.sensitive
    ? undefined
    : main.media_attachments.find((m) => m.type === 'image')?.preview_url;
  const head = social(siteName, {
    title: `${nameOf(main.account)} (@${main.account.username}@${ctx.names.handleDomain})`,
    description: text,
    url: main.url ?? main.uri,
    type: 'article',
    image: image ?? main.account.avatar_static,
    alternate: status.uri,
  });
  return page(ctx, { title, siteName, body, head, noIndex: !main.account.indexable });
}
