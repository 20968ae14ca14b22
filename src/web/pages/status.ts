import { toStatus, toStatuses } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { statusContext } from '../../domain/context.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import type { Ctx } from '../../domain/ctx.js';
import type { Status } from '../../model/status.js';
import { toPlainText } from '../../text/sanitise.js';
import { html } from '../html.js';
import { page } from '../layout.js';
import { nameOf, post } from './post.js';
import { shorten, social } from './social.js';

/** A public status within its thread, as the public may see it. */
export async function statusPage(ctx: Ctx, status: Status): Promise<string> {
  const view = viewOf(ctx, null);
  const thread = await statusContext(ctx, null, status);
  const facts = await loadStatuses(ctx, null, [status]);
  const main = toStatus(view, facts, status);
  const ancestors = toStatuses(view, await loadStatuses(ctx, null, thread.ancestors));
  const descendants = toStatuses(view, await loadStatuses(ctx, null, thread.descendants));
  const body = html`${ancestors.map((s) => post(s))}${post(main, { main: true })}
  ${descendants.length > 0 && html`<h2 class="between">Replies</h2>`}${descendants.map((s) => post(s))}`;
  const text = shorten(main.spoiler_text || toPlainText(main.content));
  const title = `${nameOf(main.account)}: ${shorten(text, 60) || 'a post'}`;
  const image = main.sensitive
    ? undefined
    : main.media_attachments.find((m) => m.type === 'image')?.preview_url;
  const head = social(ctx.names.handleDomain, {
    title: `${nameOf(main.account)} (@${main.account.acct})`,
    description: text,
    url: main.url ?? main.uri,
    type: 'article',
    image: image ?? main.account.avatar_static,
    alternate: status.uri,
  });
  return page(ctx, {
    title,
    body,
    head,
    language: status.language ?? 'en',
    noIndex: !main.account.indexable,
  });
}
