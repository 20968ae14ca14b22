import type { Ctx } from '../domain/ctx.js';
import { registrationsOf } from '../domain/sign-up.js';
import { mediaUrl } from '../domain/urls.js';
import type { App } from '../model/access.js';
import type { Account } from '../model/account.js';
import { html, raw, safeUrl, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { describeScopes } from './scope-texts.js';

export type Fields = Record<string, string | undefined>;

export function hiddenFields(fields: Fields): Html[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [html`<input type="hidden" name="${name}" value="${value}" />`],
  );
}

export interface SignInForm {
  /** Query of the authorization request to go on with; empty for a sign-in of its own. */
  continueWith: string;
  csrf: string;
  app: App | null;
  /** What was typed before. */
  login?: string;
  problem?: string;
}

export function signInPage(ctx: Ctx, form: SignInForm): string {
  const purpose = form.app ? html`<p class="soft">to go on to <strong>${form.app.name}</strong></p>` : null;
  const body = html`<section class="card">
    <h1>Sign in to ${ctx.names.handleDomain}</h1>
    ${purpose} ${form.problem && html`<p class="notice bad" role="alert">${form.problem}</p>`}
    <form method="post" action="/auth/sign_in">
      ${hiddenFields({ csrf: form.csrf, continue: form.continueWith })}
      <label>
        <span>Username or e-mail address</span>
        <input
          type="text"
          name="username"
          value="${form.login ?? ''}"
          required
          ${form.login ? null : raw('autofocus')}
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          maxlength="320"
        />
      </label>
      <label>
        <span>Password</span>
        <input
          type="password"
          name="password"
          required
          ${form.login ? raw('autofocus') : null}
          autocomplete="current-password"
          maxlength="1024"
        />
      </label>
      <button class="wide" type="submit">Sign in</button>
    </form>
    <hr />
    <p class="soft links">
      <a href="/auth/password">Forgot the password?</a>
      ${registrationsOf(ctx) === 'closed' ? null : html`<a href="/auth/sign_up">Create an account</a>`}
      <a href="/auth/confirmation">No confirmation mail?</a>
    </p>
  </section>`;
  return page(ctx, { title: 'Sign in', body, narrow: true });
}

export interface ConsentForm {
  app: App;
  account: Account;
  scopes: readonly string[];
  csrf: string;
  /** The request, repeated in the form and checked anew when it comes back. */
  fields: Fields;
  otherAccountPath: string;
  outOfBand: boolean;
  redirectUri: string;
}

export function consentPage(ctx: Ctx, form: ConsentForm): string {
  const { app } = form;
  const name = app.website
    ? html`<a href="${safeUrl(app.website)}" rel="noopener noreferrer nofollow" target="_blank"
        >${app.name}</a
      >`
    : html`${app.name}`;
  const grants = describeScopes(form.scopes).map(
    (grant) =>
      html`<li class="${grant.strong ? 'strong' : 'plain'}">${grant.text} <code>${grant.scope}</code></li>`,
  );
  const body = html`<section class="card">
    <h1>Let ${name} use your account?</h1>
    ${person(ctx, form.account)}
    <p>It will be able to:</p>
    <ul class="grants">
      ${grants}
    </ul>
    <form method="post" action="/oauth/authorize">
      ${hiddenFields({ csrf: form.csrf, ...form.fields })}
      <div class="actions">
        <button type="submit" name="decision" value="allow">Authorize</button>
        <button class="quiet" type="submit" name="decision" value="deny">Cancel</button>
      </div>
    </form>
    <hr />
    <p class="soft">
      ${
        form.outOfBand
          ? 'You will get a code to copy into the app.'
          : html`Afterwards you go to <code>${destination(form.redirectUri)}</code>.`
      }
      Not you? <a href="${form.otherAccountPath}">Use another account</a>.
    </p>
  </section>`;
  return page(ctx, { title: `Authorize ${app.name}`, body, narrow: true });
}

export function person(ctx: Ctx, account: Account): Html {
  const path = account.avatar?.staticPath ?? account.avatar?.path ?? null;
  const picture =
    path === null
      ? html`<span class="avatar" aria-hidden="true">${account.username.charAt(0).toUpperCase()}</span>`
      : html`<img class="avatar" src="${mediaUrl(ctx.names, path)}" alt="" />`;
  return html`<div class="person">
    ${picture}
    <div>
      <strong>${account.displayName || account.username}</strong>
      <span class="soft">@${account.username}@${ctx.names.handleDomain}</span>
    </div>
  </div>`;
}

/** Host or scheme of a redirect target: what a person can judge. */
function destination(redirectUri: string): string {
  const host = /^https?:\/\/(?:[^/?@]*@)?([^/?]+)/i.exec(redirectUri)?.[1];
  return host ?? `${redirectUri.split(':', 1)[0] ?? ''}:`;
}

export function codePage(ctx: Ctx, code: string): string {
  const body = html`<section class="card">
    <h1>Copy this code into the app</h1>
    <code class="code" id="code">${code}</code>
    <p class="soft">
      It works once, within ten minutes. Give it to nobody else. You can close this page then.
    </p>
  </section>`;
  return page(ctx, { title: 'Your code', body, narrow: true });
}

export function signedInPage(ctx: Ctx, account: Account, csrf: string): string {
  const body = html`<section class="card">
    <h1>You are signed in</h1>
    ${person(ctx, account)}
    <p><a href="/auth/settings">Security, sessions and apps</a></p>
    <form method="post" action="/auth/sign_out">
      ${hiddenFields({ csrf })}
      <button class="wide quiet" type="submit">Sign out</button>
    </form>
  </section>`;
  return page(ctx, { title: 'Signed in', body, narrow: true });
}
