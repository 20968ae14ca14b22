import type { Ctx } from '../domain/ctx.js';
import { relyingPartyOf } from '../domain/second-factor/passkeys.js';
import type { Passkey } from '../model/access.js';
import { html, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { formOf, formPage } from './forms.js';
import { passwordField, proofForm, recoveryForm } from './second-factor-pages.js';

const path = '/auth/settings/passkeys';

export interface PasskeysShown {
  passkeys: readonly Passkey[];
  csrf: string;
  problem: string | null;
  /** For making one; null where there can be no further. */
  options: string | null;
  /** For using one; null where there is none. */
  proof: string | null;
  head: Html;
}

export function passkeysPage(ctx: Ctx, shown: PasskeysShown): string {
  const { passkeys, csrf, problem, options, proof, head } = shown;
  const list = passkeys.length
    ? html`<ul class="grants">
        ${passkeys.map((passkey) => lineOf(ctx, passkey))}
      </ul>`
    : html`<p>You have none yet.</p>`;
  const body = html`<section class="card">
      <h1>Passkeys</h1>
      <p>
        A passkey lives in your phone, your computer or a security key. After the password it signs you in
        with a touch, and it cannot be given away to a page that only looks like this one.
      </p>
      ${problem && html`<p class="notice bad" role="alert">${problem}</p>`} ${list}
    </section>
    ${options !== null && html`<section class="card">${addForm(csrf, options)}</section>`}
    ${
      passkeys.length > 0 &&
      html`<section class="card">
        <h2>New recovery codes</h2>
        ${recoveryForm(csrf, proof)}
      </section>`
    }
    <p class="soft"><a href="/auth/settings">Back</a></p>`;
  return page(ctx, { title: 'Passkeys', body, narrow: true, head });
}

function lineOf(ctx: Ctx, passkey: Passkey): Html {
  const { name, createdAt, lastUsedAt, rpId, _id } = passkey;
  const used = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.slice(0, 10)}`;
  const elsewhere = rpId === relyingPartyOf(ctx) ? null : html`, for ${rpId} only`;
  return html`<li>
    <strong>${name}</strong><br />
    <span class="soft">since ${createdAt.slice(0, 10)}, ${used}${elsewhere}</span> ·
    <a href="${path}/${_id}">Remove</a>
  </li>`;
}

function addForm(csrf: string, options: string): Html {
  const name = { name: 'name', label: 'What you call it', type: 'text', autocomplete: 'off' } as const;
  return html`<h2>Add one</h2>
    <noscript><p>This takes a browser with JavaScript. Codes of an app need none.</p></noscript>
    ${formOf({
      action: path,
      csrf,
      fields: [{ ...name, value: 'My passkey', maxLength: 50 }, passwordField],
      button: '',
      passkey: { act: 'create', options, label: 'Add a passkey' },
    })}`;
}

export interface Removal {
  passkey: Passkey;
  csrf: string;
  problem: string | null;
  options: string | null;
  head: Html;
}

export function removalPage(ctx: Ctx, { passkey, csrf, problem, options, head }: Removal): string {
  const action = `${path}/${passkey._id}`;
  return formPage(ctx, {
    title: `Remove ${passkey.name}`,
    intro: 'Your password and a second factor are needed.',
    problem,
    head,
    ...proofForm({ action, csrf, button: 'Remove it' }, options),
    below: html`<p class="soft"><a href="${path}">Back</a></p>`,
  });
}
