import type { Ctx } from '../domain/ctx.js';
import { html, raw, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { qrCode } from '../web/qr-code.js';
import { formOf, formPage, type Form, type FormField, type PasskeyButton } from './forms.js';

export const codeField: FormField = {
  name: 'code',
  label: 'Code from your app',
  type: 'text',
  autocomplete: 'one-time-code',
  maxLength: 40,
};
export const passwordField: FormField = {
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
  /** Whether an app makes codes; otherwise there are recovery codes only. */
  codes: boolean;
  /** Options for passkeys; null where there are none. */
  passkey: string | null;
  head: Html;
}

/** The second step of signing in. */
export function codeAskedPage(ctx: Ctx, asked: CodeAsked): string {
  const code = asked.codes
    ? 'the code that your authenticator app shows, or one of your recovery codes'
    : 'one of your recovery codes';
  return formPage(ctx, {
    title: 'One more step',
    intro: asked.passkey === null ? `Type ${code}.` : `Use your passkey, or type ${code}.`,
    problem: asked.problem,
    head: asked.head,
    action: '/auth/second_factor',
    csrf: asked.csrf,
    hidden: { challenge: asked.challenge, continue: asked.continueWith },
    fields: [{ ...codeField, label: 'Code' }],
    button: 'Sign in',
    passkey: getWith(asked.passkey, 'Use a passkey'),
  });
}

const getWith = (options: string | null, label: string): PasskeyButton | null =>
  options === null ? null : { act: 'get', options, label };

/** What takes the password and a second factor. */
export function proofForm(form: Pick<Form, 'action' | 'csrf' | 'button'>, passkey: string | null): Form {
  const fields = [passwordField, { ...codeField, label: 'Code, or recovery code' }];
  return { ...form, fields, passkey: getWith(passkey, `${form.button}, with a passkey`) };
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
        Scan this with an authenticator app, then type the code that it shows. On a phone with such an app,
        <a href="${raw(encodedUri(uri))}">open it there</a>.
      </p>
      ${qrCode(uri, 'QR code for an authenticator app; the key below says the same')}
      <p class="soft">Or type this key:</p>
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

export interface Proof {
  csrf: string;
  problem: string | null;
  /** Options for passkeys; null where there are none. */
  passkey: string | null;
  head: Html;
}

export function disablePage(ctx: Ctx, { csrf, problem, passkey, head }: Proof): string {
  const off = { action: '/auth/settings/second_factor/off', csrf, button: 'Ask for no codes any more' };
  return formPage(ctx, {
    title: 'Codes for signing in',
    intro: 'Codes are asked for. Your password and a second factor are needed to change that.',
    problem,
    head,
    ...proofForm(off, passkey),
    below: html`<h2>New recovery codes</h2>
      ${recoveryForm(csrf, passkey)}`,
  });
}

export function recoveryForm(csrf: string, passkey: string | null): Html {
  const action = '/auth/settings/second_factor/recovery_codes';
  return formOf(proofForm({ action, csrf, button: 'Make new recovery codes' }, passkey));
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
