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

export interface Form {
  action: string;
  csrf: string;
  /** Further values that travel with it. */
  hidden?: Fields;
  fields: readonly FormField[];
  button: string;
}

export interface FormPage extends Form {
  title: string;
  intro?: Html | string | null;
  problem?: string | null;
  /** Below the form. */
  below?: Html | null;
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
  return page(ctx, { title: content.title, body, narrow: true });
}

export function formOf(form: Form): Html {
  return html`<form method="post" action="${form.action}">
    ${hiddenFields({ csrf: form.csrf, ...form.hidden })} ${form.fields.map(inputOf)}
    <button class="wide" type="submit">${form.button}</button>
  </form>`;
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
