import { toAccount, type AccountEntity } from '../../api/entities/accounts.js';
import { toStatuses } from '../../api/entities/statuses.js';
import { viewOf } from '../../api/entities/view.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import type { Ctx } from '../../domain/ctx.js';
import { contactAccount, getInstance } from '../../domain/instance.js';
import { registrationsOf } from '../../domain/sign-up.js';
import { publicTimeline } from '../../domain/timelines.js';
import type { InstanceDocument } from '../../model/work.js';
import { html, safeUrl, type Html } from '../html.js';
import { page } from '../layout.js';
import { posts } from './posts.js';
import { social } from './social.js';
import { nameHtml } from './words.js';

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
  const joining = registrationsOf(ctx);
  const body = html`<section class="card hero">
      <h1>${title}</h1>
      <p dir="auto">${description}</p>
      <p class="soft">
        People here are called <strong>@name@${ctx.names.handleDomain}</strong>. They use any app for
        Mastodon, and follow and are followed across the fediverse.
      </p>
      ${joining !== 'closed' && html`<p><a class="button" href="/auth/sign_up">${joining === 'open' ? 'Create an account' : 'Ask for an account'}</a></p>`}
    </section>
    ${rules(instance)} ${contact} ${texts(instance)}
    <h2 class="between">Latest posts</h2>
    ${ctx.settings.publicTimelines ? posts(statuses, { nothing: 'Nobody has said anything yet.', older: undefined }) : html`<p class="card empty">What people say here is shown to those who sign in.</p>`}`;
  const head = social(title, { title, description, url: `${ctx.names.origin}/`, type: 'website' });
  return page(ctx, { title: ctx.names.handleDomain, siteName: title, body, head });
}

function texts({ privacyPolicy, terms }: InstanceDocument): Html {
  return html`${privacyPolicy && html`<p><a href="/privacy-policy">Privacy policy</a></p>`}
  ${terms && html`<p><a href="/terms-of-service">Terms of service</a></p>`}`;
}

function rules(instance: InstanceDocument): Html | false {
  if (!instance.rules.length) return false;
  return html`<section class="card" id="rules">
    <h2>Rules</h2>
    <ol>
      ${instance.rules.map((r) => html`<li dir="auto">${r.text} ${r.hint && html`<small>${r.hint}</small>`}</li>`)}
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
    ${account && person(account)}
    ${contactEmail && html`<p><a href="mailto:${contactEmail}">${contactEmail}</a></p>`}
  </section>`;
}

function person(account: AccountEntity): Html {
  return html`<div class="person">
    <img class="avatar" src="${safeUrl(account.avatar_static)}" alt="" width="44" height="44" />
    <div>
      <a class="plain" href="${safeUrl(account.url)}"><strong>${nameHtml(account)}</strong></a>
      <small>@${account.acct}</small>
    </div>
  </div>`;
}
