import type { Ctx } from '../domain/ctx.js';
import { html, raw, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { hiddenFields, type Fields } from './pages.js';

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'password' | 'email';
  /** The browser's word for what belongs here. */
  autocomplete: string;
  value?: string;
  maxLength?: number;
  optional?: boolean;
  /** To choose from, value and label; then `type` and `maxLength` do not matter. */
  choices?: readonly (readonly [value: string, label: string])[];
}

export const newPasswordField: FormField = {
  name: 'password',
  label: 'New password (8 characters or more)',
  type: 'password',
  autocomplete: 'new-password',
  maxLength: 256,
};

export interface Form {
  action: string;
  csrf: string;
  /** Further values that travel with it. */
  hidden?: Fields;
  fields: readonly FormField[];
  button: string;
  /** A button that answers with a passkey; it shows where the browser can. */
  passkey?: PasskeyButton | null;
}

export interface PasskeyButton {
  act: 'create' | 'get';
  /** Of domain/second-factor/passkeys.ts. */
  options: string;
  label: string;
}

export interface FormPage extends Form {
  title: string;
  intro?: Html | string | null;
  problem?: string | null;
  /** Below the form. */
  below?: Html | null;
  /** Further elements of the head. */
  head?: Html;
}

/** A page with one form. */
export function formPage(ctx: Ctx, content: FormPage): string {
  const body = html`<section class="card">
    <h1>${content.title}</h1>
    ${typeof content.intro === 'string' ? html`<p>${content.intro}</p>` : content.intro}
    ${content.problem && html`<p class="notice bad" role="alert">${content.problem}</p>`} ${formOf(content)}
    ${
      content.below &&
      html`<hr />
        ${content.below}`
    }
  </section>`;
  return page(ctx, { title: content.title, body, narrow: true, ...(content.head && { head: content.head }) });
}

export function formOf(form: Form): Html {
  return html`<form method="post" action="${form.action}">
    ${hiddenFields({ csrf: form.csrf, ...form.hidden })} ${form.fields.map(inputOf)}
    ${form.passkey && passkeyButtonOf(form.passkey)}
    ${form.button !== '' && html`<button class="wide" type="submit">${form.button}</button>`}
  </form>`;
}

/** See web/assets/passkeys.js. */
function passkeyButtonOf({ act, options, label }: PasskeyButton): Html {
  return html`<input type="hidden" name="passkey" value="" />
    <p class="notice bad" role="alert" data-passkey-problem hidden>
      That did not work. Try again, or another way.
    </p>
    <button class="wide" type="button" data-passkey="${act}" data-options="${options}" hidden>
      ${label}
    </button>`;
}

function inputOf(field: FormField): Html {
  if (field.choices) return selectOf(field, field.choices);
  return html`<label>
    <span>${field.label}</span>
    <input
      type="${field.type}"
      name="${field.name}"
      value="${field.value ?? ''}"
      ${field.optional ? null : raw('required')}
      autocomplete="${field.autocomplete}"
      autocapitalize="none"
      spellcheck="false"
      maxlength="${field.maxLength ?? 320}"
    />
  </label>`;
}

function selectOf({ name, label, value }: FormField, choices: NonNullable<FormField['choices']>): Html {
  const options = choices.map(
    ([choice, text]) =>
      html`<option value="${choice}" ${choice === value ? raw('selected') : null}>${text}</option>`,
  );
  return html`<label>
    <span>${label}</span>
    <select name="${name}">
      ${options}
    </select>
  </label>`;
}

/** One button that does something. */
export function buttonOf(form: Omit<Form, 'fields'>): Html {
  return html`<form method="post" action="${form.action}">
    ${hiddenFields({ csrf: form.csrf, ...form.hidden })}
    <button class="quiet" type="submit">${form.button}</button>
  </form>`;
}

/** A text of a form; empty when it is missing or something else. */
export function fieldOf(form: Record<string, unknown>, name: string, longest = 1000): string {
  const value = form[name];
  return typeof value === 'string' ? value.slice(0, longest) : '';
}
