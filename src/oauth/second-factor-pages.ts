import type { Ctx } from '../domain/ctx.js';
import { html, raw, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { formOf, formPage, type FormField } from './forms.js';

const codeField: FormField = {
  name: 'code',
  label: 'Code from your app',
  type: 'text',
  autocomplete: 'one-time-code',
  maxLength: 40,
};
const passwordField: FormField = {
  name: 'password',
  label: 'Your password',
  type: 'password',
  autocomplete: 'current-password',
  maxLength: 1024,
};

export interface CodeAsked {
  csrf: string;
  /** See domain/second-factor/challenge.ts. */
  challenge: string;
  continueWith: string;
  problem: string | null;
}

/** The second step of signing in. */
export function codeAskedPage(ctx: Ctx, asked: CodeAsked): string {
  return formPage(ctx, {
    title: 'One more step',
    intro: 'Type the code that your authenticator app shows, or one of your recovery codes.',
    problem: asked.problem,
    action: '/auth/second_factor',
    csrf: asked.csrf,
    hidden: { challenge: asked.challenge, continue: asked.continueWith },
    fields: [{ ...codeField, label: 'Code' }],
    button: 'Sign in',
  });
}

export interface Enrolment {
  csrf: string;
  secret: string;
  uri: string;
  problem: string | null;
}

export function enrolPage(ctx: Ctx, { csrf, secret, uri, problem }: Enrolment): string {
  const groups = (secret.match(/.{1,4}/g) ?? []).join(' ');
  return formPage(ctx, {
    title: 'Codes for signing in',
    intro: html`<p>
        Add this key to an authenticator app, then type the code that it shows. On a phone with such an app,
        <a href="${raw(encodedUri(uri))}">open it there</a>.
      </p>
      <code class="code">${groups}</code>`,
    problem,
    action: '/auth/settings/second_factor',
    csrf,
    fields: [codeField, passwordField],
    button: 'Ask for codes from now on',
    below: html`<p class="soft"><a href="/auth/settings">Back</a></p>`,
  });
}

/** otpauth: is no web address, so `safeUrl` would drop it; it is ours, and this leaves nothing that ends an attribute. */
const encodedUri = (uri: string): string =>
  uri.replace(/&/g, '&amp;').replace(/["'<>\s]/g, encodeURIComponent);

export function disablePage(ctx: Ctx, { csrf, problem }: { csrf: string; problem: string | null }): string {
  return formPage(ctx, {
    title: 'Codes for signing in',
    intro: 'Codes are asked for. A code, or a recovery code, and your password are needed to change that.',
    problem,
    action: '/auth/settings/second_factor/off',
    csrf,
    fields: [{ ...codeField, label: 'Code' }, passwordField],
    button: 'Ask for no codes any more',
    below: html`<h2>New recovery codes</h2>
      ${formOf({
        action: '/auth/settings/second_factor/recovery_codes',
        csrf,
        fields: [{ ...codeField, label: 'Code' }, passwordField],
        button: 'Make new recovery codes',
      })}`,
  });
}

export function recoveryCodesPage(ctx: Ctx, codes: readonly string[]): string {
  const lines: Html[] = codes.map((code) => html`<code class="code">${code}</code>`);
  const body = html`<section class="card">
    <h1>Your recovery codes</h1>
    <p>
      Keep them where you find them without your phone. Each signs you in once. They are shown now and never
      again.
    </p>
    ${lines}
    <p><a href="/auth/settings">I have kept them</a></p>
  </section>`;
  return page(ctx, { title: 'Recovery codes', body, narrow: true });
}
