import { toAccount } from '../../api/entities/accounts.js';
import { toStatuses, type StatusEntity } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import type { Ctx } from '../../domain/ctx.js';
import { getInstance } from '../../domain/instance.js';
import { pinnedStatuses } from '../../domain/pins.js';
import { accountStatuses } from '../../domain/timelines.js';
import { visibleOf } from '../../domain/visible.js';
import type { Account } from '../../model/account.js';
import { toPlainText } from '../../text/sanitise.js';
import { escapeHtml, html, safeUrl, type Html } from '../html.js';
import { page } from '../layout.js';
import { postList } from './post.js';
import { posts } from './posts.js';
import { shorten, social } from './social.js';
import { count, nameHtml, nameOf, timeText, withEmojis } from './words.js';

const pageSize = 20;

/** A local account: who it is, what it pinned, and its public posts, older ones by link. */
export async function profilePage(
  ctx: Ctx,
  account: Account,
  query: { maxId?: string | undefined } = {},
): Promise<string> {
  const view = viewOf(ctx, null);
  const entity = toAccount(view, await loadAccount(ctx, account));
  const options = { excludeReplies: true };
  const found = await accountStatuses(ctx, null, {
    accountId: account._id,
    page: { limit: pageSize, maxId: query.maxId },
    options,
  });
  const pinned = query.maxId ? [] : await visibleOf(ctx, null, await pinnedStatuses(ctx, account._id));
  const isPinned = new Set(pinned.map((s) => s._id));
  const others = found.filter((s) => !isPinned.has(s._id));
  const statuses = toStatuses(view, await loadStatuses(ctx, null, others));
  const pins = toStatuses(view, await loadStatuses(ctx, null, pinned));
  const last = found.length === pageSize ? found.at(-1)?._id : undefined;
  const name = nameOf(entity);
  const handle = `@${account.username}@${ctx.names.handleDomain}`;
  const { title: siteName } = await getInstance(ctx);
  const body = html`${about(entity, handle)}
    ${pins.length > 0 && html`<h2 class="between">Pinned</h2>`}${postList(pins)}
    <h2 class="between">Posts</h2>
    ${posts(statuses, {
      nothing: pins.length ? 'Nothing else here yet.' : 'Nothing here yet.',
      older: last && `/@${account.username}?max_id=${last}`,
    })}`;
  const description = shorten(toPlainText(entity.note)) || `${handle} on ${ctx.names.handleDomain}`;
  const head = social(siteName, {
    title: `${name} (${handle})`,
    description,
    url: entity.url,
    type: 'profile',
    image: entity.avatar_static,
    alternate: account.uri,
  });
  return page(ctx, { title: `${name} (${handle})`, siteName, body, head, noIndex: !account.indexable });
}

function about(account: StatusEntity['account'], handle: string): Html {
  const fields = account.fields.map(
    (f) =>
      html`<dt dir="auto">${withEmojis(escapeHtml(f.name), account.emojis)}</dt>
        <dd dir="auto">
          ${withEmojis(f.value, account.emojis)}${f.verified_at && html` <small title="Verified">&#10003;</small>`}
        </dd>`,
  );
  return html`<section class="card profile">
    <img class="banner" src="${safeUrl(account.header_static)}" alt="${account.header_description}" />
    <header class="person">
      <img
        class="avatar large"
        src="${safeUrl(account.avatar_static)}"
        alt="${account.avatar_description}"
        width="80"
        height="80"
      />
      <div>
        <h1>${nameHtml(account)}</h1>
        <small>${handle}</small>
      </div>
    </header>
    ${account.note && html`<div class="prose" dir="auto">${withEmojis(account.note, account.emojis)}</div>`}
    ${fields.length > 0 && html`<dl class="fields">${fields}</dl>`}
    <p class="counts soft">
      <span>${count(account.statuses_count, 'post')}</span> <span>${account.following_count} following</span>
      <span>${count(account.followers_count, 'follower')}</span>
      <span>here since ${timeText(account.created_at)}</span>
    </p>
    ${account.email_subscriptions && html`<p><a href="/auth/email_subscriptions?account=${account.id}">Get new posts by mail</a></p>`}
  </section>`;
}
