import { toAccount } from '../../api/entities/accounts.js';
import { toStatuses, type StatusEntity } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import type { Ctx } from '../../domain/ctx.js';
import { pinnedStatuses } from '../../domain/pins.js';
import { accountStatuses } from '../../domain/timelines.js';
import { visibleOf } from '../../domain/visible.js';
import type { Account } from '../../model/account.js';
import { toPlainText } from '../../text/sanitise.js';
import { html, raw, safeUrl, type Html } from '../html.js';
import { page } from '../layout.js';
import { nameOf, post } from './post.js';
import { shorten, social } from './social.js';

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
  const body = html`${about(entity, handle)}
    ${pins.length > 0 && html`<h2 class="between">Pinned</h2>`}${pins.map((s) => post(s))}
    <h2 class="between">Posts</h2>
    ${statuses.length ? statuses.map((s) => post(s)) : html`<p class="soft">Nothing here yet.</p>`}
    ${last !== undefined && html`<p class="more"><a class="button quiet" href="${`/@${account.username}?max_id=${last}`}">Older posts</a></p>`}`;
  const description = shorten(toPlainText(entity.note)) || `${handle} on ${ctx.names.handleDomain}`;
  const head = social(ctx.names.handleDomain, {
    title: `${name} (${handle})`,
    description,
    url: entity.url,
    type: 'profile',
    image: entity.avatar_static,
    alternate: account.uri,
  });
  return page(ctx, { title: `${name} (${handle})`, body, head, noIndex: !account.indexable });
}

function about(account: StatusEntity['account'], handle: string): Html {
  const fields = account.fields.map(
    (f) =>
      html`<dt>${f.name}</dt>
        <dd>${raw(f.value)}${f.verified_at && html` <small title="Verified">✓</small>`}</dd>`,
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
        <h1>${nameOf(account)}</h1>
        <small>${handle}</small>
      </div>
    </header>
    <div class="prose">${raw(account.note)}</div>
    ${fields.length > 0 && html`<dl class="fields">${fields}</dl>`}
    <p class="soft counts">
      <span>${account.statuses_count} posts</span> <span>${account.following_count} following</span>
      <span>${account.followers_count} followers</span>
    </p>
  </section>`;
}
