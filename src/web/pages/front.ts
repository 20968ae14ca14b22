import { toAccount } from '../../api/entities/accounts.js';
import { toStatuses } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import type { Ctx } from '../../domain/ctx.js';
import { contactAccount, getInstance } from '../../domain/instance.js';
import { publicTimeline } from '../../domain/timelines.js';
import type { InstanceDocument } from '../../model/work.js';
import { html, safeUrl, type Html } from '../html.js';
import { page } from '../layout.js';
import { nameOf, post } from './post.js';
import { social } from './social.js';

/** What this server is, its rules, whom to turn to, and its latest public posts. */
export async function frontPage(ctx: Ctx): Promise<string> {
  const instance = await getInstance(ctx);
  const view = viewOf(ctx, null);
  const latest = ctx.settings.publicTimelines
    ? await publicTimeline(ctx, null, { limit: 10 }, { origin: 'local' })
    : [];
  const statuses = toStatuses(view, await loadStatuses(ctx, null, latest));
  const contact = await contactOf(ctx, instance);
  const title = instance.title;
  const description = instance.shortDescription || instance.description;
  const body = html`<section class="card hero">
      <h1>${title}</h1>
      <p>${description}</p>
      <p class="soft">
        People here are <strong>@name@${ctx.names.handleDomain}</strong>. Sign in with any Mastodon-compatible
        app; follow and be followed across the fediverse.
      </p>
    </section>
    ${rules(instance)} ${contact}
    ${statuses.length > 0 && html`<h2 class="between">Latest posts</h2>`}${statuses.map((s) => post(s))}`;
  const head = social(title, { title, description, url: `${ctx.names.origin}/`, type: 'website' });
  return page(ctx, { title: ctx.names.handleDomain, siteName: title, body, head });
}

function rules(instance: InstanceDocument): Html | false {
  if (!instance.rules.length) return false;
  return html`<section class="card" id="rules">
    <h2>Rules</h2>
    <ol>
      ${instance.rules.map((r) => html`<li>${r.text} ${r.hint && html`<small>${r.hint}</small>`}</li>`)}
    </ol>
  </section>`;
}

async function contactOf(ctx: Ctx, instance: InstanceDocument): Promise<Html | false> {
  const { contactEmail } = instance;
  const found = await contactAccount(ctx, instance);
  const account = found && toAccount(viewOf(ctx, null), await loadAccount(ctx, found));
  if (!account && !contactEmail) return false;
  return html`<section class="card" id="contact">
    <h2>Contact</h2>
    ${account && html`<p><a href="${safeUrl(account.url)}">${nameOf(account)}</a> <small>@${account.acct}</small></p>`}
    ${contactEmail && html`<p><a href="mailto:${contactEmail}">${contactEmail}</a></p>`}
  </section>`;
}
